"""Whether a client's environment has what a template asks for: green, amber or red, and why (ADR 0084). Pure.

The edge hands down what connectors there are and which connections are away or fail: a tenant's part knows neither.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

Standing = Literal["green", "amber", "red"]
Level = Literal["certified", "certified before", "simulated", "not certified"]
Cause = Literal["ready", "older", "simulated", "unproven", "failing", "away", "disabled", "lacks", "missing"]
"""`older`, `simulated`, `unproven`: how far its connector is proven. `failing`: the last check of it did.
`lacks`: operations. `missing`: nothing offers any."""

STANDINGS: Final[Mapping[Cause, Standing]] = {
    "ready": "green",
    "older": "green",
    "simulated": "amber",
    "unproven": "amber",
    "failing": "amber",
    "away": "amber",
    "disabled": "red",
    "lacks": "red",
    "missing": "red",
}
"""But that `failing` is red where somebody has to change something: every call fails as the check did."""
TO_CHANGE: Final = frozenset({"authentication", "authorization", "configuration"})
_PROVEN: Final[Mapping[Level, Cause]] = {
    "certified": "ready",
    "certified before": "older",
    "simulated": "simulated",
    "not certified": "unproven",
}
_ORDER: Final[Sequence[Cause]] = tuple(STANDINGS)
_LIGHTS: Final[Sequence[Standing]] = ("green", "amber", "red")
"""Both from the best on."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a connector of this installation offers, and how far it is proven."""

    title: str
    operations: frozenset[str]
    level: Level


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A connection. `away`: since when its system is. `fails`: the kind of error of its last check, if it failed."""

    id: UUID
    name: str
    connector: str
    active: bool = True
    away: datetime | None = None
    fails: str | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How a connection, or the worst of a group, stands to what is asked for.

    Attributes:
        lacks: operations that its connector does not offer.
        about: the connection that this is said of.
    """

    cause: Cause
    lacks: tuple[str, ...] = ()
    about: Known | None = None

    @property
    def standing(self) -> Standing:
        if self.cause == "failing" and self.about is not None and self.about.fails in TO_CHANGE:
            return "red"
        return STANDINGS[self.cause]

    @property
    def place(self) -> tuple[int, int]:
        """The lower the better."""
        return _LIGHTS.index(self.standing), _ORDER.index(self.cause)


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment may bind to a name: a connection, or a group of several.

    Attributes:
        deployments: names of active ones that have bound it to the name.
    """

    kind: Literal["connection", "group"]
    id: UUID
    name: str
    members: tuple[Known, ...]
    deployments: tuple[str, ...] = ()


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    thing: Thing
    verdict: Verdict


def connection(one: Known, asked: Collection[str], offers: Mapping[str, Offer]) -> Verdict:
    """How one connection stands to the operations that are `asked` for."""
    offer = offers.get(one.connector)
    lacks = sorted(set(asked) - (frozenset() if offer is None else offer.operations))
    if offer is None or lacks:
        return Verdict(cause="lacks", lacks=tuple(lacks), about=one)
    if not one.active:
        return Verdict(cause="disabled", about=one)
    found: list[Cause] = [_PROVEN[offer.level]]
    if one.fails is not None:
        found.append("failing")
    if one.away is not None:
        found.append("away")
    return _worst(Verdict(cause=cause, about=one) for cause in found)


def thing(one: Thing, asked: Collection[str], offers: Mapping[str, Offer]) -> Verdict:
    """A group stands as the worst that its rules lead to: nobody knows which one it will be."""
    return _worst(connection(member, asked, offers) for member in one.members)


def need(things: Iterable[Thing], asked: Collection[str], offers: Mapping[str, Offer]) -> tuple[Verdict, list[Judged]]:
    """How a need stands, and all that is bound to it or offers a part of it, the best first.

    What is bound must work: the worst of that counts. Where nothing is bound yet, the best of what there is does.
    """
    found = [Judged(thing=one, verdict=thing(one, asked, offers)) for one in things]
    shown = [one for one in found if one.thing.deployments or len(one.verdict.lacks) < len(asked)]
    shown.sort(key=lambda one: (not one.thing.deployments, one.verdict.place, one.thing.name))
    if not shown:
        return Verdict(cause="missing", lacks=tuple(sorted(asked))), []
    bound = [one.verdict for one in shown if one.thing.deployments]
    return (_worst(bound) if bound else _best(one.verdict for one in shown)), shown


def worst(standings: Iterable[Standing]) -> Standing:
    """As the worst of what is needed; what needs nothing is green."""
    return max(standings, key=_LIGHTS.index, default="green")


def choice(asked: Collection[str], offers: Mapping[str, Offer]) -> list[str]:
    """The connectors that offer all of it, those that are proven further first."""
    levels: Sequence[Level] = ("certified", "certified before", "not certified", "simulated")
    found = [name for name, offer in offers.items() if offer.operations.issuperset(asked)]
    return sorted(found, key=lambda name: (levels.index(offers[name].level), name))


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    return max(verdicts, key=lambda one: one.place)


def _best(verdicts: Iterable[Verdict]) -> Verdict:
    return min(verdicts, key=lambda one: one.place)
