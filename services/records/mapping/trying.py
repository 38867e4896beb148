"""A mapping is tried: on its own examples, which have to come out as they say, or on an event that somebody has."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Members
from typing import Any

import msgspec

from services.engine.expressions.protocol import Evaluator
from services.records.mapping import applying
from services.records.mapping.applying import Made, NotMade, Packs
from services.records.mapping.connections import resolved
from services.records.mapping.document import Example, Mapping


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one. `cause` and `detail`: why nothing did, with the faults of the record."""

    name: str
    passes: bool
    record: dict[str, Any] | None = None
    tells: dict[str, Any] | None = None
    cause: str | None = None
    detail: str | None = None
    errors: list[dict[str, str]] = []


async def examples(evaluator: Evaluator, mapping: Mapping, *, lane: str) -> list[Outcome]:
    """Each of them, in their order. Raises ExpressionsUnavailable."""
    found = []
    for one in mapping.examples:
        event = {"type": next(iter(mapping.events)), **one.attributes, "data": one.data}
        made = await attempt(evaluator, mapping, event, packs=_of(one), lane=lane, name=one.name)
        same = made.record == one.record and (one.tells is None or made.tells == one.tells)
        passes = made.cause is None and same
        detail = made.detail if passes or made.cause else "another record, or event, comes of it than the example says"
        found.append(msgspec.structs.replace(made, passes=passes, detail=detail))
    return found


async def attempt(  # noqa: PLR0913 (what is tried, with what, for whom)
    evaluator: Evaluator, mapping: Mapping, event: Members[str, Any], *, packs: Packs, lane: str, name: str = ""
) -> Outcome:
    """One event in the JSON format. Raises ExpressionsUnavailable."""
    try:
        its = resolved(mapping, event)
        made = Made() if its is None else await applying.apply(evaluator, its, event, packs=packs, lane=lane)
    except NotMade as refused:
        cause, detail, errors = refused.cause, refused.detail, refused.errors
        return Outcome(name=name, passes=False, cause=cause, detail=detail, errors=errors)
    return Outcome(name=name, passes=True, record=made.record, tells=made.tells)


def _of(example: Example) -> Packs:
    """By what the example says of units, and nothing else: it comes out the same wherever it is tried."""
    known = {one.get("item", {}).get("id"): one for one in example.units}

    async def packs(items: Iterable[str]) -> Members[str, Any]:
        return {item: known[item] for item in items if item in known}

    return packs
