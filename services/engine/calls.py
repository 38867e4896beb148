"""Makes the calls of one claimed run."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from infra import crash_points
from infra.telemetry import trace
from services.engine import decisions
from services.engine.claims import Claim
from services.engine.faults import kind_of, standard
from services.engine.functions import Answer, Call, Cautious, Done, Failed, Function, Functions
from services.engine.waits import Calling

_log: Final = logging.getLogger(__name__)


class Calls:
    """One for each claim. `bindings` are the deployment's connections by name."""

    def __init__(self, functions: Functions, claim: Claim, bindings: Mapping[str, UUID]) -> None:
        self._functions = functions
        self._claim = claim
        self._bindings = bindings

    def of(self, calling: Calling) -> Call:
        return decisions.call_of(
            calling.effect,
            tenant=self._claim.tenant_id,
            run=self._claim.run_id,
            attempt=calling.attempt,
            bindings=self._bindings,
        )

    async def is_careful(self, call: Call) -> bool:
        """Whether a crash must not lead to the same call again."""
        function = self._functions.get(call.function)
        return isinstance(function, Cautious) and not await function.may_repeat(call)

    async def make(self, calling: Calling, call: Call) -> Answer:
        """The answer to `call`; a call that was sent before and may not be repeated gets none any more."""
        if calling.sent:
            return decisions.outcome_unknown(calling.effect)
        crash_points.pass_by("call.before", call.reference)
        answer = await _answer(self._functions.get(call.function), call)
        crash_points.pass_by("call.answered", call.reference)
        return answer


async def _answer(function: Function | None, call: Call) -> Answer:
    if function is None:
        detail = f"there is no function {call.function!r} here; deploy a version that does not call it"
        return Failed(error=standard("runtime", "Unknown function", detail), sent=False)
    with trace.span(call.function) as span:
        span.note("task", call.reference)
        try:
            answer = await function(call)
        except Exception as mistake:  # noqa: BLE001 (a function's mistake faults its run and hurts no other)
            _log.exception("a function failed", extra={"reference": call.reference})
            span.fail(type(mistake).__name__)
            error = standard("runtime", "The call failed on our side", "the failure was recorded")
            return Failed(error=error, sent=False)
        if not isinstance(answer, Done):
            span.fail(kind_of(answer.error))
        return answer
