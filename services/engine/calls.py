"""Makes the calls of one claimed run."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Final, cast

import msgspec
from msgspec.structs import replace

from infra import clock, crash_points
from infra.encryption.errors import KeyServiceUnavailable
from infra.problems import Problem
from infra.telemetry import trace
from services.engine import decisions
from services.engine.claims import Claim
from services.engine.definitions import Definition
from services.engine.faults import Fault, kind_of, standard
from services.engine.functions import (
    Answer,
    Call,
    Cautious,
    Done,
    ErrorDetails,
    Failed,
    Function,
    Functions,
    Later,
    Terms,
    Unknown,
)
from services.engine.secrets import Secrets, key_service_away
from services.engine.state import Snapshot
from services.engine.waits import Calling, Verdict

_LATEST: Final = 30.0
"""Seconds from the plan of a call that has a row to the call: a worker that stood still for longer begins anew."""
_log: Final = logging.getLogger(__name__)


class Planned(msgspec.Struct, frozen=True):
    """A call that is about to be made.

    Attributes:
        terms: of an effect that needs care.
        is_doubtful: an earlier request of it may have been acted upon, and what became of that is found out first.
    """

    strand: int
    calling: Calling
    call: Call
    terms: Terms | None = None
    is_doubtful: bool = False


class Calls:
    """One for each claim."""

    def __init__(self, functions: Functions, secrets: Secrets, claim: Claim, definition: Definition) -> None:
        self._functions = functions
        self._secrets = secrets
        self._claim = claim
        self._interpreter = definition.interpreter
        self._bindings = definition.bindings
        self._groups = definition.groups

    async def plan(self, strand: int, calling: Calling, now: int) -> Planned:
        """`now`: Unix milliseconds, by the database's clock."""
        call = decisions.call_of(
            calling.effect,
            tenant=self._claim.tenant_id,
            run=self._claim.run_id,
            attempt=calling.attempt,
            bindings=self._bindings,
            groups=self._groups,
            has_waited=calling.line in {"slot", "quota"},
            fence=self._claim.fence,
        )
        if calling.last is not None:
            call = replace(call, age=max(now - calling.last, 0) / 1000, repeated=True)
        if calling.line == "manual":
            call = replace(call, by_hand=True)
        function = self._functions.get(call.function)
        if calling.verdict is not None or function is None or not _is_cautious(type(function)):
            return Planned(strand, calling, call, is_doubtful=calling.sent and calling.verdict is None)
        terms = await cast("Cautious", function).terms(call)
        if terms is not None and terms.needs_row:
            call = replace(call, planned=clock.monotonic())
        elif terms is not None and terms.elsewhere:
            call = replace(call, elsewhere=True)
        return Planned(strand, calling, call, terms, calling.sent or _is_old(calling, terms, now))

    async def make(self, snapshot: Snapshot, planned: Planned) -> Answer:
        """The answer to a call; one that is doubtful is looked for and not made."""
        calling, call = planned.calling, planned.call
        if calling.verdict is not None:
            return _known(calling.verdict)
        if planned.is_doubtful:
            return await self._settle(planned)
        if call.planned is not None and clock.monotonic() - call.planned > _LATEST:
            return decisions.stood_still(calling.effect.name)
        crash_points.pass_by("call.before", call.reference)
        doing = self._sealed(snapshot, planned) if calling.effect.sealed else self._answer(planned, call)
        answer = await doing
        crash_points.pass_by("call.answered", call.reference)
        return answer

    async def _settle(self, planned: Planned) -> Answer:
        function = self._functions.get(planned.call.function)
        if function is None or not _is_cautious(type(function)):
            return decisions.outcome_unknown(planned.calling.effect.name)
        crash_points.pass_by("call.settling", planned.call.reference)
        return await _answer(cast("Cautious", function).settle, planned.call, on_mistake=decisions.outcome_unknown)

    async def _sealed(self, snapshot: Snapshot, planned: Planned) -> Answer:
        """The answer to a call some of whose arguments are evaluated now; what is secret of them is not in it."""
        strand, call = planned.strand, planned.call
        names = self._interpreter.secrets(snapshot, strand)
        try:
            opened = await self._secrets.open(self._claim.tenant_id, self._bindings, names)
            arguments = await self._interpreter.sealed(snapshot, strand, opened.members, opened.origins)
        except Fault as fault:
            return Failed(error=fault.error, sent=False)
        except Problem as problem:
            return _unopened(problem)
        answer = await self._answer(planned, replace(call, arguments=arguments))
        if isinstance(answer, Done):
            return replace(answer, output=opened.hide(answer.output))
        if isinstance(answer, Unknown):
            answer = replace(answer, answer=opened.hide(answer.answer))
        if isinstance(answer, Later):
            answer = replace(answer, reason=opened.hide(answer.reason))
        return replace(answer, error=msgspec.convert(opened.hide(msgspec.to_builtins(answer.error)), ErrorDetails))

    async def _answer(self, planned: Planned, call: Call) -> Answer:
        """`call`: the one of `planned`, or that with its sealed arguments.

        A function that makes a mistake may have sent its request: what may not be made twice has not failed by that.
        """
        is_careful = planned.terms is not None and planned.terms.needs_row
        on_mistake = decisions.outcome_unknown if is_careful else None
        return await _answer(self._functions.get(call.function), call, on_mistake=on_mistake)


@lru_cache(maxsize=256)
def _is_cautious(kind: type[Function]) -> bool:
    """A protocol compares member by member; of each call that would be a good part of our own work."""
    return issubclass(kind, Cautious)


def _unopened(problem: Problem) -> Answer:
    if isinstance(problem, KeyServiceUnavailable):
        return key_service_away("a secret")
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        away = standard("communication", problem.title, problem.detail, status=problem.status)
        return Later(reason="a secret cannot be read now", ref="", error=away, sent=False)
    return Failed(error=standard("authorization", problem.title, problem.detail), sent=False)


def _known(verdict: Verdict) -> Answer:
    """Not metered: it was when it was called."""
    if verdict.error is not None:
        return Failed(error=verdict.error, sent=False)
    return Done(output=verdict.output, usage="")


def _is_old(calling: Calling, terms: Terms | None, now: int) -> bool:
    """Whether the other side may have forgotten the effect's key, so that it would take it for another one."""
    if terms is None or terms.key_valid_for is None or calling.first is None:
        return False
    return now - calling.first > terms.key_valid_for


async def _answer(
    function: Callable[[Call], Awaitable[Answer]] | None,
    call: Call,
    *,
    on_mistake: Callable[[str], Answer] | None = None,
) -> Answer:
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
            if on_mistake is not None:
                return on_mistake(call.function)
            error = standard("runtime", "The call failed on our side", "the failure was recorded")
            return Failed(error=error, sent=False)
        if not isinstance(answer, Done):
            span.fail(kind_of(answer.error))
        return answer
