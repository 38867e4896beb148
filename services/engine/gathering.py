"""Events that begin a run together (`schedule.on`): they wait in sets, one for each correlation. Pure.

An event joins the oldest set that lacks it and whose correlations agree with its own; else it begins a set. So with
`all` and no correlations each event is used once, the oldest first, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from services.engine.event_filters import Ears, Keys, Scene, agreed
from services.engine.faults import Fault
from services.engine.tasks.listen_task import is_enough
from template_library.dsl.model import Consumption

MOST: Final = 1_000
"""Events that wait for one deployment's others; with more the oldest are given up."""


class Offer(msgspec.Struct, frozen=True):
    """A filter that an event passes, those of `until` behind the others, and the event's correlations by name."""

    place: int
    keys: Keys = {}


class Judged(msgspec.Struct, frozen=True):
    """What the filters make of an event. `failures` say which expressions gave no value; their filter does not pass."""

    event_id: UUID
    offers: tuple[Offer, ...]
    failures: tuple[str, ...] = ()


class Member(msgspec.Struct, frozen=True):
    """An event in a set, at the place of the filter that it passed."""

    event_id: UUID
    place: int
    keys: Keys = {}


class Gathering(msgspec.Struct):
    """A set that waits for further events. Ids sort by age."""

    gathering_id: UUID
    members: list[Member] = []


class Judge:
    """The filters of a schedule."""

    def __init__(self, on: Consumption, scene: Scene) -> None:
        self._ears = [Ears(scene, on)]
        self._sizes = [len(on.filters)]
        if isinstance(on.until, Consumption):
            self._ears.append(Ears(scene, on.until))
            self._sizes.append(len(on.until.filters))
        self._known: list[dict[str, Any]] = []
        self.expected: Keys = {}

    async def open(self) -> None:
        """Evaluate what does not depend on an event. Raises Fault."""
        self._known = await self._ears[0].wanted()
        self.expected = await self._ears[0].expected()

    async def judge(self, event_id: UUID, event: dict[str, Any]) -> Judged:
        """Which filters `event` passes."""
        offers, failures, first = [], [], 0
        for ears, size in zip(self._ears, self._sizes, strict=True):
            for place in range(size):
                try:
                    keys = await ears.offer(place, self._known[first + place], event)
                except Fault as fault:
                    failures.append(failure(fault))
                    continue
                if keys is not None:
                    offers.append(Offer(first + place, keys))
            first += size
        return Judged(event_id, tuple(offers), tuple(failures))


def failure(fault: Fault) -> str:
    """Where and how an expression failed, without jq's words: they may quote the event, and not all may see that."""
    pointer = fault.error.detail.partition(": ")[0]
    return f"{pointer or 'a pattern'}: {fault.error.title}"


Enough = Callable[[list[UUID]], Awaitable[bool]]
"""Whether the condition of `until` holds on the events of these ids."""


class Gatherings:
    """The open sets of one revision, oldest first; `expected` are the correlations that its document expects."""

    def __init__(self, on: Consumption, expected: Keys, found: list[Gathering], enough: Enough | None = None) -> None:
        self._on = on
        self._own = len(on.filters)
        self._expected = expected
        self._enough = enough
        self.open = sorted(found, key=lambda one: one.gathering_id)

    async def add(self, judged: Judged) -> list[list[UUID]]:
        """The events of each set that is complete with this one, as its run gets them: of `all` in the filters' order.

        Raises:
            Fault: the condition of `until` gave no value; the event is in its set.
        """
        endings = [offer for offer in judged.offers if offer.place >= self._own and self._agrees([], offer)]
        if endings:
            return self._end(judged.event_id, endings)
        for gathering in [*self.open, Gathering(ids.new(), [])]:
            for offer in judged.offers:
                if offer.place < self._own and self._fits(gathering, offer):
                    return await self._join(gathering, Member(judged.event_id, offer.place, offer.keys))
        return []

    def give_up(self) -> list[UUID]:
        """Remove the oldest events where more than `MOST` wait; answers those."""
        waiting = [(member.event_id, gathering) for gathering in self.open for member in gathering.members]
        given = sorted(waiting, key=lambda one: one[0])[: max(len(waiting) - MOST, 0)]
        for event_id, gathering in given:
            gathering.members = [one for one in gathering.members if one.event_id != event_id]
        self.open = [one for one in self.open if one.members]
        return [event_id for event_id, _ in given]

    def _agrees(self, members: list[Member], offer: Offer) -> bool:
        known = dict(self._expected)
        for member in members:
            known |= member.keys
        return agreed(known, offer.keys) is not None

    def _fits(self, gathering: Gathering, offer: Offer) -> bool:
        if self._on.strategy == "all" and any(one.place == offer.place for one in gathering.members):
            return False
        return self._agrees(gathering.members, offer)

    async def _join(self, gathering: Gathering, member: Member) -> list[list[UUID]]:
        if gathering not in self.open:
            self.open.append(gathering)
        gathering.members.append(member)
        own = [one for one in gathering.members if one.place < self._own]
        if isinstance(self._on.until, Consumption):
            return []
        if self._on.until is not None:
            is_over = self._enough is not None and await self._enough([one.event_id for one in own])
        else:
            is_over = is_enough(self._on, [one.place for one in own])
        return [self._close(gathering)] if is_over else []

    def _end(self, event_id: UUID, endings: list[Offer]) -> list[list[UUID]]:
        """An event of `until` counts in every set that it agrees with; where none is open there is nothing to end."""
        complete: list[list[UUID]] = []
        until = self._on.until
        if not isinstance(until, Consumption):
            return complete
        for gathering in list(self.open):
            met = [one.place - self._own for one in gathering.members if one.place >= self._own]
            for offer in endings:
                place = offer.place - self._own
                if (until.strategy == "all" and place in met) or not self._agrees(gathering.members, offer):
                    continue
                gathering.members.append(Member(event_id, offer.place, offer.keys))
                if is_enough(until, [*met, place]):
                    complete.append(self._close(gathering))
                break
        return complete

    def _close(self, gathering: Gathering) -> list[UUID]:
        self.open.remove(gathering)
        own = [one for one in gathering.members if one.place < self._own]
        if self._on.strategy == "all":
            own.sort(key=lambda one: one.place)
        return [one.event_id for one in own]
