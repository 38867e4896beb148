"""The function `openapi`."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from services.engine.functions import Call
from services.protocols import contents
from services.protocols.errors import Refusal
from services.protocols.exchange import Exchange
from services.protocols.function import ProtocolFunction, read
from services.protocols.http_call import is_repeatable
from services.protocols.openapi import document, filling
from services.protocols.openapi.operation import Operation
from services.protocols.resources.fetching import Reference, Resources


class Arguments(msgspec.Struct, frozen=True, rename={"operation_id": "operationId"}):
    """The evaluated `with`."""

    document: Reference
    operation_id: str
    parameters: dict[str, Any] = {}
    authentication: dict[str, Any] | None = None
    output: contents.Form = "content"
    redirect: bool = False


class OpenApiCall(ProtocolFunction):
    """Fills `openapi` in the table of functions. Credentials go to the operation's server and nowhere else."""

    name: ClassVar[str] = "openapi"

    def __init__(self, exchange: Exchange, resources: Resources) -> None:
        self._exchange = exchange
        self._resources = resources

    async def perform(self, call: Call) -> Any:
        arguments = read(call.arguments, Arguments)
        operation = await self._operation(call, arguments)
        request = filling.request(operation, arguments.parameters, call.key, self._exchange.destination)
        identity = self._exchange.identity(call.tenant, arguments.authentication, operation.server)
        response = await self._exchange.send(call.tenant, request, identity)
        return contents.output(arguments.output, request, response, redirect=arguments.redirect)

    async def may_repeat(self, call: Call) -> bool:
        """Whether the operation's method is idempotent; no, while its document cannot be had to see."""
        try:
            arguments = read(call.arguments, Arguments)
            operation = await self._operation(call, arguments)
        except Refusal:
            return False
        return is_repeatable(operation.method, arguments.parameters)

    async def _operation(self, call: Call, arguments: Arguments) -> Operation:
        resource, value = await self._resources.document(call.tenant, arguments.document)
        kind = f"operation:{arguments.operation_id}"
        if kind not in resource.readings:
            resource.readings[kind] = document.operation(value, arguments.operation_id, resource.uri)
        found: Operation = resource.readings[kind]
        return found
