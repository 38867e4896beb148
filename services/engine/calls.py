"""Makes the calls of one claimed run."""

from __future__ import annotations

import logging
from functools import lru_cache
from http import HTTPStatus
from typing import Final, cast

import msgspec
from msgspec.structs import replace

from infra import crash_points
from infra.problems import Problem
from infra.telemetry import trace
from services.engine import decisions
from services.engine.claims import Claim
from services.engine.definitions import Definition
from services.engine.faults import Fault, kind_of, standard
from services.engine.functions import Answer, Call, Cautious, Done, ErrorDetails, Failed, Function, Functions, Later
from services.engine.secrets import Secrets
from services.engine.state import Snapshot
from services.engine.waits import Calling

_log: Final = logging.getLogger(__name__)


class Calls:
    """One for each claim."""

    def __init__(self, functions: Functions, secrets: Secrets, claim: Claim, definition: Definition) -> None:
        self._functions = functions
        self._secrets = secrets
        self._claim = claim
        self._interpreter = definition.interpreter
        self._bindings = definition.bindings

    def of(self, calling: Calling) -> Call:
        return decisions.call_of(
            calling.effect,
            tenant=self._claim.tenant_id,
            run=self._claim.run_id,
            attempt=calling.attempt,
            bindings=self._bindings,
            has_waited=bool(calling.line),
        )

    async def is_careful(self, call: Call) -> bool:
        """Whether a crash must not lead to the same call again."""
        function = self._functions.get(call.function)
        if function is None or not _is_cautious(type(function)):
            return False
        return not await cast("Cautious", function).may_repeat(call)

    async def make(self, snapshot: Snapshot, strand: int, calling: Calling, call: Call) -> Answer:
        """The answer to `call`, open in `strand`; one that was sent and may not be repeated gets none any more."""
        if calling.sent:
            return decisions.outcome_unknown(calling.effect)
        crash_points.pass_by("call.before", call.reference)
        answer = await (self._sealed(snapshot, strand, call) if calling.effect.sealed else self._answer(call))
        crash_points.pass_by("call.answered", call.reference)
        return answer

    async def _sealed(self, snapshot: Snapshot, strand: int, call: Call) -> Answer:
        """The answer to a call some of whose arguments are evaluated now; what is secret of them is not in it."""
        names = self._interpreter.secrets(snapshot, strand)
        try:
            opened = await self._secrets.open(self._claim.tenant_id, self._bindings, names)
            arguments = await self._interpreter.sealed(snapshot, strand, opened.members, opened.origins)
        except Fault as fault:
            return Failed(error=fault.error, sent=False)
        except Problem as problem:
            return _unopened(problem)
        answer = await self._answer(replace(call, arguments=arguments))
        if isinstance(answer, Done):
            return replace(answer, output=opened.hide(answer.output))
        return replace(answer, error=msgspec.convert(opened.hide(msgspec.to_builtins(answer.error)), ErrorDetails))

    async def _answer(self, call: Call) -> Answer:
        return await _answer(self._functions.get(call.function), call)


@lru_cache(maxsize=256)
def _is_cautious(kind: type[Function]) -> bool:
    """A protocol compares member by member; of each call that would be a good part of our own work."""
    return issubclass(kind, Cautious)


def _unopened(problem: Problem) -> Answer:
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        away = standard("communication", problem.title, problem.detail, status=problem.status)
        return Later(reason="a secret cannot be read now", ref="", error=away, sent=False)
    return Failed(error=standard("authorization", problem.title, problem.detail), sent=False)


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
