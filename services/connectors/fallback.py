"""Calls of a connection that is away, made on the connection that it declares as its fallback (ADR 0029)."""

from __future__ import annotations

from uuid import UUID

from msgspec.structs import replace

from infra import ids
from infra.problems import Problem
from services.connectors.function import ConnectorFunction
from services.connectors.sdk.errors import Refusal
from services.engine.functions import Answer, Call, Done, Later


class FallbackFunction(ConnectorFunction):
    """A `ConnectorFunction` that reads elsewhere while the connection is away.

    Reads alone: of a write nobody can say whether an earlier call has reached the first system, and a second system
    knows neither its key nor its work, unless the connection's playbook says that it is the same one (`playbook.py`).
    The fallback's own fallback is not asked.
    """

    async def __call__(self, call: Call) -> Answer:
        answer = await super().__call__(call)
        if not (isinstance(answer, Later) and answer.parked) or answer.line:
            return answer
        other = await self._elsewhere(call)
        if other is None:
            return answer
        named = call.arguments["connection"]
        second = await super().__call__(replace(call, bindings={**call.bindings, named: other}))
        if isinstance(second, Done):
            return replace(second, via=ids.show("con", other))
        # Who is away, too, or refuses (an old token, another version) is no answer: the first one is waited for.
        return second if isinstance(second, Later) and second.line else answer

    async def _elsewhere(self, call: Call) -> UUID | None:
        """The connection to ask instead; None: the call waits."""
        try:
            visit = await self._visit(call)
            fallback = visit.connection.fallback
            way = visit.connection.playbook.way(visit.operation)
            is_kept = way is not None and way.way != "connection"
            if fallback is None or is_kept or visit.care.mode != "read":
                return None
            other = await self._connections.open(call.tenant, fallback)
        except (Problem, Refusal):
            return None
        return other.id if other.connector == visit.connection.connector else None
