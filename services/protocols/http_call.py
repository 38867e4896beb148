"""The function `http` (DSL reference, HTTP Call)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

import msgspec

from infra.egress import IDEMPOTENT_METHODS, Client, Destination, Request
from services.engine.functions import Call
from services.protocols import contents
from services.protocols.authentication.policy import check_origin
from services.protocols.exchange import Exchange
from services.protocols.function import ProtocolFunction, read

KEY_HEADER: Final = "Idempotency-Key"
_LONGEST: Final = 200
_HARMLESS: Final = frozenset(
    {"accept", "accept-language", "content-type", "content-language", "idempotency-key", "if-match", "if-none-match"}
    | {"if-modified-since", "if-unmodified-since", "prefer", "range"}
)


class Arguments(msgspec.Struct, frozen=True):
    """The evaluated `with`.

    Attributes:
        sealed: names of headers whose values came from secrets, which no output shows. None: any header may be one.
        origins: URLs of the only origins that those headers may be sent to, all of them at once; none: any.
    """

    method: str
    endpoint: str
    headers: dict[str, Any] = {}
    query: dict[str, Any] = {}
    body: Any = None
    output: contents.Form = "content"
    redirect: bool = False
    authentication: dict[str, Any] | None = None
    sealed: tuple[str, ...] | None = None
    origins: tuple[str, ...] = ()


class HttpCall(ProtocolFunction):
    """Fills `http` in the table of functions. Sends once, and once more after a challenge; what is answered is final.

    Args:
        exchange: the way out, or a client to make one of.
        destination: for an exchange that is made here.
    """

    name: ClassVar[str] = "http"

    def __init__(self, exchange: Exchange | Client, destination: Destination | None = None) -> None:
        self._exchange = exchange if isinstance(exchange, Exchange) else Exchange(exchange, destination)

    async def perform(self, call: Call) -> Any:
        arguments = read(call.arguments, Arguments)
        check_origin(arguments.origins, arguments.endpoint)
        request = _request(call, arguments, self._exchange.destination)
        identity = self._exchange.identity(call.tenant, arguments.authentication, arguments.endpoint.partition("#")[0])
        response = await self._exchange.send(call.tenant, request, identity)
        shown = _shown(arguments, request)
        return contents.output(arguments.output, request, response, redirect=arguments.redirect, shown=shown)

    def operation(self, call: Call) -> str:
        """Method and address, without query and user."""
        address = re.sub(r"//[^/]*@", "//", re.split("[?#]", str(call.arguments.get("endpoint", "")))[0])
        return f"{str(call.arguments.get('method', '')).upper()} {address}"[:_LONGEST]

    async def may_repeat(self, call: Call) -> bool:
        """Whether the method is idempotent, or the document sends a key of its own and so says that it is honoured."""
        headers = call.arguments.get("headers") or {}
        return is_repeatable(str(call.arguments["method"]), headers)


def _shown(arguments: Arguments, request: Request) -> set[str]:
    names = {name.lower() for name in request.headers}
    return names & _HARMLESS if arguments.sealed is None else names - {name.lower() for name in arguments.sealed}


def is_repeatable(method: str, headers: Mapping[str, Any]) -> bool:
    """Whether a request may be made again without knowing whether it arrived."""
    if method.upper() in IDEMPOTENT_METHODS:
        return True
    return any(name.lower() == KEY_HEADER.lower() for name, value in headers.items() if value)


def with_query(endpoint: str, pairs: list[tuple[str, str]]) -> str:
    """`endpoint` with `pairs` behind the query that it has."""
    if not pairs:
        return endpoint
    whole, mark, fragment = endpoint.partition("#")
    return f"{whole}{'&' if '?' in whole else '?'}{urlencode(pairs)}{mark}{fragment}"


def _request(call: Call, arguments: Arguments, destination: Destination) -> Request:
    headers = {name: contents.text(value) for name, value in arguments.headers.items() if value is not None}
    names = {name.lower() for name in headers}
    body = b""
    if arguments.body is not None:
        content_type = next((value for name, value in headers.items() if name.lower() == "content-type"), None)
        body, implied = contents.body(arguments.body, content_type)
        if content_type is None:
            headers["Content-Type"] = implied
    if "accept" not in names:
        headers["Accept"] = contents.ACCEPT
    if KEY_HEADER.lower() not in names:
        headers[KEY_HEADER] = call.key
    return Request(
        method=arguments.method.upper(),
        url=with_query(arguments.endpoint, contents.pairs(arguments.query)),
        headers=headers,
        body=body,
        destination=destination,
    )
