"""Which of given events begin a run, in this process: as the product gathers them, for the command line and tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from infra import ids
from services.engine.expressions.protocol import Evaluator
from services.engine.faults import Fault
from services.engine.gathering import Gatherings, Judge, failure
from services.engine.lookout import Lookout
from services.engine.state import RunDescriptor
from template_library.dsl.model import Consumption, Expression


class NothingBegins(Exception):
    """The events make no run up. The message says which expressions gave no value, if any did."""


class Onset(msgspec.Struct, frozen=True):
    """The run's input, and the events that are left for it."""

    input: list[dict[str, Any]]
    rest: list[dict[str, Any]]


async def begin_by(
    on: Consumption, events: Sequence[dict[str, Any]], evaluator: Evaluator, described: RunDescriptor
) -> Onset:
    """The first run that `events`, CloudEvents in their JSON form, begin in their order.

    Raises:
        NothingBegins: they begin none.
        ExpressionsUnavailable: no evaluator could be started.
    """
    lookout = Lookout(evaluator, described)
    judge = Judge(on, lookout)
    known: dict[UUID, dict[str, Any]] = {ids.new(): event for event in events}

    async def holds(so_far: list[UUID]) -> bool:
        return isinstance(on.until, Expression) and await lookout.test(on.until, [known[one] for one in so_far])

    failures: list[str] = []
    try:
        await judge.open()
    except Fault as fault:
        raise NothingBegins(f"the events begin no run: {failure(fault)}") from fault
    gatherings = Gatherings(on, judge.expected, [], holds)
    for place, (event_id, event) in enumerate(known.items(), 1):
        judged = await judge.judge(event_id, event)
        failures += judged.failures
        try:
            complete = await gatherings.add(judged)
        except Fault as fault:
            failures.append(failure(fault))
            continue
        if complete:
            return Onset([known[one] for one in complete[0]], list(events[place:]))
    raise NothingBegins("; ".join(["the events begin no run", *dict.fromkeys(failures)]))
