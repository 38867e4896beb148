"""The function `openapi`."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from infra.egress import canonical_origin
from services.engine.functions import Call
from services.protocols import contents, errors
from services.protocols.authentication.policy import check_origin
from services.protocols.errors import Refusal
from services.protocols.exchange import Exchange
from services.protocols.function import ProtocolFunction, read
from services.protocols.http_call import is_repeatable
from services.protocols.openapi import document, filling
from services.protocols.openapi.operation import Operation
from services.protocols.resources.fetching import Reference, Resources


class Arguments(msgspec.Struct, frozen=True, rename={"operation_id": "operationId"}):
    """The evaluated `with`.

    Attributes:
        sealed: names of parameters whose values came from secrets.
        origins: URLs of the only origins that those may be sent to, all of them at once; none: any.
    """

    document: Reference
    operation_id: str
    parameters: dict[str, Any] = {}
    authentication: dict[str, Any] | None = None
    output: contents.Form = "content"
    redirect: bool = False
    sealed: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()


class OpenApiCall(ProtocolFunction):
    """Fills `openapi` in the table of functions.

    Credentials go to the operation's server if that is the description's own origin, or the one that they are bound to:
    whoever can change the description must not be able to have them sent to himself.
    """

    name: ClassVar[str] = "openapi"

    def __init__(self, exchange: Exchange, resources: Resources) -> None:
        self._exchange = exchange
        self._resources = resources

    async def perform(self, call: Call) -> Any:
        arguments = read(call.arguments, Arguments)
        operation = await self._operation(call, arguments)
        _check_secrets(arguments, operation)
        request = filling.request(operation, arguments.parameters, call.key, self._exchange.destination)
        identity = self._exchange.identity(call.tenant, arguments.authentication, operation.server)
        response = await self._exchange.send(call.tenant, request, identity)
        shown = {name.lower() for name in request.headers} - {name.lower() for name in arguments.sealed}
        return contents.output(arguments.output, request, response, redirect=arguments.redirect, shown=shown)

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


def _check_secrets(arguments: Arguments, operation: Operation) -> None:
    """Raises Refusal where a secret would go to another place than an API key or the right server."""
    keys = {parameter.name for parameter in operation.parameters if parameter.is_key}
    for name in arguments.sealed:
        if name not in keys:
            detail = f"{name[:80]!r} is no API key of the description's security schemes; only those may be secrets"
            raise errors.configuration("Unusable parameters", detail, sent=True)
    policy = arguments.authentication
    is_bound = (policy is None or _is_bound(policy)) and (not arguments.sealed or bool(arguments.origins))
    if (policy is not None or arguments.sealed) and not is_bound:
        place = canonical_origin(operation.server)
        if place != canonical_origin(arguments.document.uri):
            detail = f"the description names the server {place}, which is not its own origin; serve it from there, or"
            raise errors.configuration(
                "The credentials may not be sent there", f"{detail} use a secret whose connection has that base URL"
            )
    check_origin(arguments.origins, operation.server)


def _is_bound(policy: dict[str, Any]) -> bool:
    """Whether what goes to the server is itself bound to an origin: a token of OAuth is not, its client's secret is."""
    return bool(policy.get("origins")) and not {"oauth2", "oidc"} & policy.keys()
