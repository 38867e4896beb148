"""What is known of a record, made of all that systems said of it (ADR 0080). Pure.

It depends on what was said and when that was so, and not on the order in which it came: what comes late or
twice makes the same record.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from template_library.order_states import ForbiddenTransition, way

_APART: Final = frozenset({"id", "entity", "number", "state", "line"})
"""Each system has ids of its own, which the cross-reference joins; states are folded by themselves."""
_WHOLE: Final = frozenset({"amount", "value"})
"""What has one of these is one value: money, a quantity."""
_KEYS: Final = ("line", "id")


class Said(msgspec.Struct, frozen=True, array_like=True):
    """A member as a system says it: since when (`at`, RFC 3339 in UTC), by which event, and since when at all."""

    value: Any
    at: str
    event: str
    first: str


View = dict[str, Said]
"""What one system says of a record, by member."""


class Conflict(msgspec.Struct, frozen=True):
    """`system` says otherwise than `leader` at a place of the record. The leader's value stands."""

    path: str
    leader: str
    system: str


class Sight(msgspec.Struct, frozen=True):
    """The states that an order and its lines are in, as a system said at a moment."""

    at: str
    event: str
    system: str
    states: dict[str, str | None]


class Turn(msgspec.Struct, frozen=True):
    """An order came to a state, for the `nth` time. `name` makes it the same turn whoever tells it."""

    state: str
    nth: int
    by: Sight

    @property
    def name(self) -> str:
        return f"{self.state}:{self.nth}"


class Course(msgspec.Struct, frozen=True):
    """How an order came to where it is. `refused`: what each system said last that cannot be, by system and line."""

    states: dict[str, str]
    turns: list[Turn]
    refused: dict[tuple[str, str], ForbiddenTransition]


def with_said(view: View, record: Mapping[str, Any], at: str, event: str) -> View:
    """The view once the system has said this as well. The later moment counts; of one moment the greater event."""
    found = dict(view)
    for member, value in record.items():
        before = found.get(member)
        if before is None:
            found[member] = Said(value, at, event, at)
        elif (at, event) > (before.at, before.event):
            found[member] = Said(value, at, event, min(at, before.first))
        elif at < before.first:
            found[member] = msgspec.structs.replace(before, first=at)
    return found


def joined(view: View, other: View) -> View:
    """Two views of one system in one: what it said later counts."""
    found = view
    for member, said in other.items():
        once = {member: said.value}
        later = with_said(found, once, said.at, said.event)
        found = with_said(later, once, said.first, "")
    return found


def merged(views: Mapping[str, View], leads: Mapping[str, Sequence[str]]) -> tuple[dict[str, Any], list[Conflict]]:
    """One record of what all say, and where they contradict each other.

    `leads`: the systems of record by member, the first before the next: two shops each lead their own orders. Of a
    member without one the system leads that said something of it first.
    """
    record: dict[str, Any] = {}
    conflicts: list[Conflict] = []
    for member in sorted({one for view in views.values() for one in view}):
        said = [(system, view[member]) for system, view in views.items() if member in view]
        rank = {system: place for place, system in enumerate(leads.get(member, ()))}
        said.sort(key=lambda one: (rank.get(one[0], len(rank)), one[1].first, one[0]))
        record[member] = _join(member, [(system, one.value) for system, one in said], conflicts)
    return record, conflicts


def _join(path: str, said: list[tuple[str, Any]], conflicts: list[Conflict]) -> Any:
    """The first one's value, with what only the others have where they are objects, or lists of objects with keys."""
    leader, value = said[0]
    if isinstance(value, dict) and not _WHOLE & value.keys():
        alike = [(system, one) for system, one in said if isinstance(one, dict)]
        names = dict.fromkeys(name for _, one in alike for name in one)
        return {
            name: _join(f"{path}/{name}", [(system, one[name]) for system, one in alike if name in one], conflicts)
            for name in names
        }
    key = _key_of(value)
    if key is not None:
        lists = [(system, _by_key(one, key)) for system, one in said]
        return [
            _join(
                f"{path}/{one[key]}", [(system, its[one[key]]) for system, its in lists if one[key] in its], conflicts
            )
            for one in value
        ]
    if path.rpartition("/")[2] not in _APART:
        conflicts += [Conflict(path, leader, system) for system, other in said[1:] if other != value]
    return value


def _key_of(value: Any) -> str | None:
    """By which the objects of a list are known; None: it is no such list."""
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
        return None
    return next((key for key in _KEYS if all(isinstance(one.get(key), str) for one in value)), None)


def _by_key(value: Any, key: str) -> dict[str, Any]:
    if not isinstance(value, list):
        return {}
    return {one[key]: one for one in value if isinstance(one, dict) and isinstance(one.get(key), str)}


def course(sights: Iterable[Sight]) -> Course:
    """What an order came through, in the order in which it was so.

    Who says again what it said last says nothing new: a shop whose order is `new` for ever contradicts nobody. Nor
    does one that is behind: what others have taken the order through is old when it says so itself (ADR 0136).
    """
    last: dict[tuple[str, str], str] = {}
    states: dict[str, str] = {}
    been: dict[str, set[str]] = {}
    turns: list[Turn] = []
    refused: dict[tuple[str, str], ForbiddenTransition] = {}
    for one in sorted(sights, key=lambda sight: (sight.at, sight.event)):
        for line, state in _told(one):
            before = last.get((one.system, line))
            if before == state:
                continue
            last[one.system, line] = state
            refused.pop((one.system, line), None)
            try:
                passed = way(states.get(line), state)
            except ForbiddenTransition as error:
                if not _is_behind(before, state, been[line]):
                    refused[one.system, line] = error
                continue
            states[line] = state
            been.setdefault(line, set()).update(passed)
            if passed and not line:
                turns.append(Turn(state, 1 + sum(turn.state == state for turn in turns), one))
    return Course(states, turns, refused)


def _is_behind(before: str | None, state: str, been: Container[str]) -> bool:
    """The order has been there, and the system that says so goes forward by its own account."""
    if state not in been:
        return False
    try:
        return bool(way(before, state))
    except ForbiddenTransition:
        return False


def _told(one: Sight) -> Iterator[tuple[str, str]]:
    for line, state in one.states.items():
        if state is not None:
            yield line, state


def with_states(record: dict[str, Any], states: Mapping[str, str], floor: str) -> dict[str, Any]:
    """The record with the states that were found; `floor`: of an order of whose state nobody said anything."""
    lines = [
        {**line, "state": states[line["line"]]} if line.get("line") in states else line
        for line in record.get("lines", [])
    ]
    return {**record, "state": states.get("", floor), **({"lines": lines} if lines else {})}
