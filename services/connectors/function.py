"""`connector:1.0.0@default`: a workflow's call of one operation on one of its tenant's connections."""

from __future__ import annotations

import logging
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec

from infra import clock
from infra.problems import Problem
from infra.telemetry import instruments, trace
from services.connectors.breakers import Breakers, Closed, parked
from services.connectors.limits import Limits, Unlimited
from services.connectors.registry import Registry
from services.connectors.sdk.context import Context, OpenConnection, Sender
from services.connectors.sdk.errors import Away, ErrorName, Refusal
from services.engine.functions import STANDARD_ERRORS, Answer, Call, Done, ErrorDetails, Failed, Later

NAME: Final = "connector:1.0.0@default"
_UNAVAILABLE: Final = 503
_TIMEOUT: Final = 504
_log = logging.getLogger(__name__)


class Connections(Protocol):
    """Opens connections; `tenants.connections` behind it. A disabled or foreign one is the same as none."""

    async def open(self, tenant: UUID, connection_id: UUID) -> OpenConnection:
        """Raises Problem: status 503 when it may succeed later, any other status when it will not."""
        ...


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `with` of the task. `connection` is a name in the deployment's bindings."""

    connection: str
    operation: str
    input: Any = msgspec.field(default_factory=dict)


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
            arguments = msgspec.convert(call.arguments, Arguments)
        except msgspec.ValidationError as error:
            return _failed(Refusal(str(error), name="validation", status=400, title="The call cannot be read"))
        bound = call.bindings.get(arguments.connection)
        if bound is None:
            detail = f"The deployment binds no connection to the name {arguments.connection[:100]!r}"
            return _failed(Refusal(detail, name="configuration", title="No such connection"))
        try:
            return await self._on_connection(call, arguments, await self._connections.open(call.tenant, bound))
        except Refusal as refusal:
            return _failed(refusal)
        except Problem as problem:
            return _unopened(problem, arguments.connection)

    async def may_repeat(self, call: Call) -> bool:
        """Whether `call` may be made again when a worker died during it.

        True also for a call that can only fail, and sends nothing, each time. False when the connection cannot be
        opened to see: it may open a moment later, for the call.
        """
        try:
            arguments = msgspec.convert(call.arguments, Arguments)
        except msgspec.ValidationError:
            return True
        bound = call.bindings.get(arguments.connection)
        if bound is None:
            return True
        try:
            connection = await self._connections.open(call.tenant, bound)
        except Problem:
            return False
        checked = self._registry.operation(connection.connector, arguments.operation)
        if checked is None or checked.fault_in_input(arguments.input):
            return True
        return checked.repeats(arguments.input, connection.settings)

    async def _on_connection(self, call: Call, arguments: Arguments, connection: OpenConnection) -> Answer:
        connector = self._registry.connector(connection.connector)
        checked = self._registry.operation(connection.connector, arguments.operation)
        if connector is None or checked is None:
            detail = f"{connection.connector} offers no operation {arguments.operation[:100]!r}"
            raise Refusal(detail, name="configuration", title="No such operation")
        if fault := checked.fault_in_input(arguments.input):
            raise Refusal(fault, name="validation", status=400, title="The operation's input is not valid")
        try:
            probing = await self._breakers.admit(call.tenant, connection)
            await self._limits.enter(call, connection)
        except Away as away:
            return _later(away, arguments.connection, connection, sent=False)
        _name_span(arguments.operation, connection)
        context = Context(self._sender, call.tenant, connection, call.key, call.attempt)
        began, outcome = clock.monotonic(), "error"
        try:
            output = await connector.call(arguments.operation, arguments.input, context)
            outcome = "done"
            await self._breakers.answered(call.tenant, connection, probing=probing)
        except Away as away:
            outcome = "later"
            if await self._breakers.away(call.tenant, connection, away, probing=probing):
                away = parked(away.reason, sent=away.sent)
            return _later(away, arguments.connection, connection, sent=context.sent)
        except Refusal as refusal:
            outcome = "failed"
            await self._weigh(call.tenant, connection, refusal, probing=probing, sent=context.sent)
            return _failed(refusal, sent=context.sent)
        finally:
            spent = clock.monotonic() - began
            self._limits.leave(call.tenant, connection, spent)
            instruments.CONNECTOR_CALLS.record(spent, connection.connector, arguments.operation, outcome)
            for exchange in context.exchanges:
                _log.debug("%s %s %s %.1f ms", exchange.method, exchange.url, exchange.outcome, exchange.milliseconds)
        if fault := checked.fault_in_output(output):
            # The effect may have happened: a person looks, nothing repeats it.
            unfit = Refusal(fault, name="communication", status=502, title="The operation's output is not valid")
            return _failed(unfit, sent=context.sent)
        return Done(output=output)

    async def _weigh(
        self, tenant: UUID, connection: OpenConnection, refusal: Refusal, *, probing: bool, sent: bool
    ) -> None:
        """What a refusal says of the other side: that it answers, that it is away, or nothing when nothing went out."""
        if isinstance(refusal.__cause__, Away):
            await self._breakers.away(tenant, connection, refusal.__cause__, probing=probing)
        elif sent:
            await self._breakers.answered(tenant, connection, probing=probing)


def _name_span(operation: str, connection: OpenConnection) -> None:
    span = trace.current()
    span.call(operation)
    span.note("connector", connection.connector)
    span.note("connection", connection.ref)


def _failed(refusal: Refusal, *, sent: bool = False) -> Failed:
    return Failed(error=_details(refusal.name, refusal.status, refusal.title, refusal.detail), sent=sent)


def _later(away: Away, name: str, connection: OpenConnection, *, sent: bool) -> Later:
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
    )


def _unopened(problem: Problem, name: str) -> Answer:
    if problem.status == _UNAVAILABLE:
        error = _details("communication", _UNAVAILABLE, problem.title, problem.detail)
        return Later(reason=f"The connection {name} cannot be opened now", ref=name, error=error, sent=False)
    return Failed(error=_details("configuration", problem.status, problem.title, problem.detail), sent=False)


def _details(name: ErrorName, status: int, title: str, detail: str) -> ErrorDetails:
    return ErrorDetails(type=STANDARD_ERRORS + name, status=status, title=title, detail=detail)
