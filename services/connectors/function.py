"""`connector:1.0.0@default`: a workflow's call of one operation on one of its tenant's connections."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final, Protocol
from uuid import UUID

import msgspec

from infra import clock, redaction
from infra.encryption.errors import KeyServiceUnavailable
from infra.problems import Problem
from infra.telemetry import instruments, trace
from services.connectors import concealing
from services.connectors.breakers import Breakers, Closed, parked
from services.connectors.limits import Limits, Unlimited
from services.connectors.registry import Registry
from services.connectors.sdk.context import Context, OpenConnection, Sender
from services.connectors.sdk.errors import Away, ErrorName, Refusal
from services.connectors.sdk.manifest import Care
from services.connectors.visit import Arguments, Visit, absent, unknown
from services.engine import decisions
from services.engine.functions import STANDARD_ERRORS, Answer, Call, Done, ErrorDetails, Failed, Later, Terms
from services.engine.secrets import key_service_away

NAME: Final = "connector:1.0.0@default"
OF_TRIGGERS: Final = "/triggers/"
"""What the reference of a trigger's call begins with; that of a task begins otherwise."""
_REDIRECT: Final = 300
_CLIENT_ERROR: Final = 400
_UNAVAILABLE: Final = 503
_TIMEOUT: Final = 504
_LONGEST_NAME: Final = 100
_MISTAKES: Final = 3
"""Of one call behind its request, before a person is asked though nothing of it is found."""
_OUTCOMES: Final[dict[type[Answer], str]] = {Done: "done", Failed: "failed"}
_log = logging.getLogger(__name__)


class Connections(Protocol):
    """Opens connections; `tenants.connections` behind it. A disabled or foreign one is the same as none."""

    async def open(self, tenant: UUID, connection_id: UUID) -> OpenConnection:
        """Raises Problem: status 503 when it may succeed later, any other status when it will not."""
        ...


class ConnectorFunction:
    """Fills the engine's Function and Cautious protocols. Keeps no state of a call."""

    def __init__(
        self,
        registry: Registry,
        connections: Connections,
        sender: Sender,
        breakers: Breakers | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._registry = registry
        self._connections = connections
        self._sender = sender
        self._breakers = breakers or Closed()
        self._limits = limits or Unlimited()

    async def __call__(self, call: Call) -> Answer:
        try:
            visit = await self._visit(call)
        except Refusal as refusal:
            return _failed(refusal)
        except Problem as problem:
            return _unopened(problem, str(call.arguments.get("connection"))[:_LONGEST_NAME])
        if visit.is_late:
            return decisions.stood_still(visit.operation)
        try:
            answer = await self._make(call, visit)
        except Exception:
            # Ours is the mistake, and the request may have been acted upon before it.
            if not (visit.context.sent and visit.may_look):
                raise
            _log.exception("a connector failed behind its request", extra={"operation": visit.operation})
            return await self._behind_mistake(call, visit)
        is_lost = isinstance(answer, Later) and answer.uncertain and visit.care.mode == "once-or-ask"
        if isinstance(answer, Later) and is_lost and visit.checked.reads_back is None:
            return visit.unknown(f"{visit.operation} was sent and its outcome is unknown: {answer.reason}")
        return answer

    async def _make(self, call: Call, visit: Visit) -> Answer:
        return await self._through(call, visit, visit.call)

    async def terms(self, call: Call) -> Terms | None:
        """See `Cautious`. None also for a call that can only fail, and sends nothing, each time.

        Where the connection cannot be opened to see, the strictest: it may open a moment later, for the call.
        """
        try:
            visit = await self._visit(call)
        except Refusal:
            return None
        except Problem:
            arguments = msgspec.convert(call.arguments, Arguments)
            bound = call.bindings[arguments.connection]
            return Terms(mode="once-or-ask", operation=arguments.operation[:_LONGEST_NAME], connection=bound)
        return self._terms(visit)

    def _terms(self, visit: Visit) -> Terms | None:
        care = visit.care
        if care.mode == "read" or (care.mode == "keyed" and care.key_valid_for is None):
            return None
        return Terms(
            mode=care.mode, operation=visit.operation, connection=visit.connection.id, key_valid_for=care.key_valid_for
        )

    async def settle(self, call: Call) -> Answer:
        """See `Cautious`. That something is absent counts once no request of ours can be on its way any more."""
        try:
            visit = await self._visit(call)
        except Refusal as refusal:
            return unknown(f"it was sent, and it cannot be looked for: {refusal.detail}")
        except Problem as problem:
            if problem.status == _UNAVAILABLE:
                return _unopened(problem, str(call.arguments.get("connection"))[:_LONGEST_NAME])
            return unknown(f"it was sent, and its connection cannot be opened: {problem.title}")
        return await self._look_for(call, visit)

    async def _behind_mistake(self, call: Call, visit: Visit) -> Answer:
        """What became of a call whose connector failed behind its request, before a person is asked."""
        answer = await self._look_for(msgspec.structs.replace(call, age=0.0), visit)
        if not isinstance(answer, Later):
            return answer
        if answer.absent and call.attempt >= _MISTAKES:
            return visit.unknown(f"{visit.operation} was sent {call.attempt} times, each failed on our side behind it")
        return msgspec.structs.replace(answer, uncertain=not answer.absent)

    async def _look_for(self, call: Call, visit: Visit) -> Answer:
        care, age = visit.care, call.age
        if care.mode == "read" or (care.mode == "keyed" and not _is_forgotten(care, age)):
            return absent("it is repeated by its key")
        if care.key_valid_for is not None:
            # The engine knows when it was first sent; up to the key's age it may have been sent again.
            age -= care.key_valid_for / 1000
        if visit.checked.reads_back is None:
            why = "its key may be forgotten by now" if care.mode == "keyed" else "its answer was lost"
            return visit.unknown(f"{visit.operation} was sent and {why}; look in the other system")
        answer = await self._through(call, visit, visit.read_back, looks=True)
        rest = visit.settled_seconds - age
        if isinstance(answer, Later) and answer.absent and not visit.evens_out and rest > 0:
            return msgspec.structs.replace(answer, absent=False, seconds=rest)
        return answer

    async def _visit(self, call: Call) -> Visit:
        """Raises Refusal for a call that cannot be made, and what opening its connection raises."""
        try:
            arguments = msgspec.convert(call.arguments, Arguments)
        except msgspec.ValidationError as error:
            raise Refusal(str(error), name="validation", status=400, title="The call cannot be read") from None
        bound = call.bindings.get(arguments.connection)
        if bound is None:
            detail = f"The deployment binds no connection to the name {arguments.connection[:_LONGEST_NAME]!r}"
            raise Refusal(detail, name="configuration", title="No such connection")
        connection = await self._connections.open(call.tenant, bound)
        redaction.hold(connection.secrets.values())
        connector = self._registry.connector(connection.connector)
        checked = self._registry.operation(connection.connector, arguments.operation)
        is_ours = checked is not None and checked.operation.inner and not call.reference.startswith(OF_TRIGGERS)
        if connector is None or checked is None or is_ours:
            detail = f"{connection.connector} offers no operation {arguments.operation[:_LONGEST_NAME]!r}"
            raise Refusal(detail, name="configuration", title="No such operation")
        if fault := checked.fault_in_input(arguments.input):
            raise Refusal(fault, name="validation", status=400, title="The operation's input is not valid")
        context = Context(self._sender, call.tenant, connection, call.key, call.attempt)
        return Visit(connector, checked, arguments, context, call.planned)

    async def _through(
        self, call: Call, visit: Visit, act: Callable[[], Awaitable[Answer]], *, looks: bool = False
    ) -> Answer:
        """What `act` gives, past the connection's breaker and its limits. `looks`: it asks what became of the call."""
        answer = concealing.concealed(await self._past_limits(call, visit, act, looks=looks), visit.connection)
        return msgspec.structs.replace(answer, ref=visit.connection.ref) if isinstance(answer, Failed) else answer

    async def _past_limits(
        self, call: Call, visit: Visit, act: Callable[[], Awaitable[Answer]], *, looks: bool
    ) -> Answer:
        tenant, connection, context = visit.context.tenant, visit.connection, visit.context
        try:
            probing = await self._enter(call, connection)
        except Away as away:
            return later(away, visit.name, connection, sent=False)
        _name_span(visit.operation, connection)
        began, outcome = clock.monotonic(), "error"
        try:
            answer = await act()
            outcome = _OUTCOMES.get(type(answer), "later")
            was_done = isinstance(answer, Done) and bool(context.exchanges)
            await self._breakers.answered(tenant, connection, probing=probing, was_done=was_done)
        except Away as away:
            outcome = "later"
            if await self._breakers.away(tenant, connection, away, probing=probing):
                away = parked(away.reason, sent=away.sent)
            return later(away, visit.name, connection, sent=context.sent)
        except Refusal as refusal:
            outcome = "failed"
            await self._weigh(tenant, connection, refusal, probing=probing, sent=context.sent)
            return _refused(visit, refusal, looks=looks)
        finally:
            spent = clock.monotonic() - began
            self._limits.leave(tenant, connection, spent)
            instruments.CONNECTOR_CALLS.record(spent, connection.connector, visit.operation, outcome)
            for exchange in context.exchanges:
                _log.debug("%s %s %s %.1f ms", exchange.method, exchange.url, exchange.outcome, exchange.milliseconds)
        return answer

    async def _enter(self, call: Call, connection: OpenConnection) -> bool:
        """Whether the call is the one that tries if the connection is back. Raises Away: it does not go out."""
        probing = await self._breakers.admit(call.tenant, connection)
        await self._limits.enter(call, connection, probing=probing)
        if probing:
            return True
        try:
            # While it stood for a slot others may have found the connection away; all that stood there would go out.
            return await self._breakers.admit(call.tenant, connection)
        except Away:
            self._limits.leave(call.tenant, connection, None)
            raise

    async def _weigh(
        self, tenant: UUID, connection: OpenConnection, refusal: Refusal, *, probing: bool, sent: bool
    ) -> None:
        """What a refusal says of the other side: that it answers, that it is away, or nothing when nothing went out."""
        if isinstance(refusal.__cause__, Away):
            await self._breakers.away(tenant, connection, refusal.__cause__, probing=probing)
        elif sent:
            await self._breakers.answered(tenant, connection, probing=probing)


def _is_forgotten(care: Care, age: float) -> bool:
    return care.key_valid_for is not None and age * 1000 > care.key_valid_for


def _name_span(operation: str, connection: OpenConnection) -> None:
    span = trace.current()
    span.call(operation)
    span.note("connector", connection.connector)
    span.note("connection", connection.ref)


def _refused(visit: Visit, refusal: Refusal, *, looks: bool) -> Answer:
    """A refusal is the call's own answer only where it says that nothing was done."""
    if looks:
        return visit.unknown(f"it was sent, and looking for it was refused: {refusal.detail}")
    is_elsewhere = _REDIRECT <= refusal.status < _CLIENT_ERROR
    if is_elsewhere and visit.context.sent and visit.care.mode == "once-or-ask":
        return visit.unknown(f"{visit.operation} was sent and may have been done: {refusal.detail}")
    return _failed(refusal, sent=visit.context.sent)


def _failed(refusal: Refusal, *, sent: bool = False) -> Failed:
    return Failed(error=_details(refusal.name, refusal.status, refusal.title, refusal.detail), sent=sent)


def later(away: Away, name: str, connection: OpenConnection, *, sent: bool) -> Later:
    """The answer to a call of the connection that the task calls `name`, since it is away or to wait."""
    reason = f"The connection {name} waits: {away.reason}"
    status = _TIMEOUT if away.name == "timeout" else _UNAVAILABLE
    error = _details(away.name, status, "The other system is away", reason)
    return Later(
        reason=reason,
        ref=connection.ref or str(connection.id),
        error=error,
        seconds=away.seconds,
        sent=sent,
        parked=away.parked,
        line=away.line,
        uncertain=away.sent and sent,
    )


def _unopened(problem: Problem, name: str) -> Answer:
    if isinstance(problem, KeyServiceUnavailable):
        return key_service_away(name, ref=name)
    if problem.status == _UNAVAILABLE:
        error = _details("communication", _UNAVAILABLE, problem.title, problem.detail)
        return Later(reason=f"The connection {name} cannot be opened now", ref=name, error=error, sent=False)
    return Failed(error=_details("configuration", problem.status, problem.title, problem.detail), sent=False)


def _details(name: ErrorName, status: int, title: str, detail: str) -> ErrorDetails:
    return ErrorDetails(type=STANDARD_ERRORS + name, status=status, title=title, detail=detail)
