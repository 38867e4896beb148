"""The function `mcp` (DSL reference, MCP Call): methods of MCP servers over streamable HTTP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import msgspec

from infra.egress import Failed, Refused, Request
from services.engine.functions import Call
from services.protocols import contents, errors, rpc
from services.protocols.authentication.policy import check_origin
from services.protocols.errors import Refusal
from services.protocols.exchange import Exchange
from services.protocols.function import ProtocolFunction, bounded, read
from services.protocols.resources.fetching import Reference
from template_library.dsl.durations import DurationError, milliseconds
from template_library.dsl.protocols import MCP_MILLISECONDS, MCP_VERSIONS

SECONDS: Final = 60.0
METHODS: Final = frozenset(
    {
        "tools/list",
        "tools/call",
        "prompts/list",
        "prompts/get",
        "resources/list",
        "resources/read",
        "resources/templates/list",
    }
)
_UNKNOWN_METHOD: Final = -32601
_GOODBYE_SECONDS: Final = 2.0


class Http(msgspec.Struct, frozen=True):
    """`origins`: URLs of the only origins that the headers may be sent to, all of them at once; none: any."""

    endpoint: Reference
    headers: dict[str, Any] = {}
    origins: tuple[str, ...] = ()


class Transport(msgspec.Struct, frozen=True):
    http: Http | None = None
    stdio: dict[str, Any] | None = None


class ClientInfo(msgspec.Struct, frozen=True):
    name: str = "integration"
    version: str = "1.0"


class Arguments(msgspec.Struct, frozen=True, rename={"protocol_version": "protocolVersion"}):
    """The evaluated `with`."""

    method: str
    transport: Transport
    protocol_version: str = "2025-06-18"
    parameters: dict[str, Any] | None = None
    timeout: Any = None
    client: ClientInfo = ClientInfo()


class McpCall(ProtocolFunction):
    """Fills `mcp` in the table of functions. Each call is a session of its own; the output is the result."""

    name: ClassVar[str] = "mcp"

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def perform(self, call: Call) -> Any:
        arguments = read(call.arguments, Arguments)
        http = arguments.transport.http
        if arguments.transport.stdio is not None or http is None:
            detail = "`stdio` would start a program on machines that others share; use a server over `http`"
            raise errors.configuration("Unusable transport", detail)
        if arguments.method not in METHODS or arguments.protocol_version not in MCP_VERSIONS:
            detail = f"known are the methods {sorted(METHODS)} of the versions {sorted(MCP_VERSIONS)}"
            raise errors.configuration("Unusable arguments", detail)
        check_origin(http.origins, http.endpoint.uri)
        seconds = _seconds(arguments.timeout)
        identity = self._exchange.identity(call.tenant, http.endpoint.authentication, http.endpoint.uri)
        headers = {name: contents.text(value) for name, value in http.headers.items() if value is not None}
        peer = rpc.Peer(self._exchange, call.tenant, identity, http.endpoint.uri, seconds)
        try:
            async with asyncio.timeout(seconds):
                return bounded(await _Session(peer, headers, call.key[:32]).run(arguments))
        except TimeoutError as error:
            raise errors.timeout(f"the server gave no answer within {seconds:g} s") from error

    async def may_repeat(self, call: Call) -> bool:
        """Whether the method only reads: a tool may have done its work although its answer was lost."""
        return call.arguments.get("method") != "tools/call"


class _Session:
    def __init__(self, peer: rpc.Peer, headers: Mapping[str, str], name: str) -> None:
        self._peer = peer
        self._headers = dict(headers)
        self._name = name
        self._id: str | None = None

    async def run(self, arguments: Arguments) -> Any:
        client = {"name": arguments.client.name, "version": arguments.client.version}
        hello = {"protocolVersion": arguments.protocol_version, "capabilities": {}, "clientInfo": client}
        try:
            welcome = await self._request("initialize", hello, is_first=True)
            version = welcome.get("protocolVersion") if isinstance(welcome, dict) else None
            if version not in MCP_VERSIONS:
                raise errors.unreadable("the server speaks a version of MCP that is not known here")
            self._headers["MCP-Protocol-Version"] = version
            await self._tell({"jsonrpc": "2.0", "method": "notifications/initialized"})
            return await self._request(arguments.method, arguments.parameters)
        finally:
            await self._end()

    async def _request(self, method: str, parameters: dict[str, Any] | None, *, is_first: bool = False) -> Any:
        number = f"{self._name}-{method}"
        message: dict[str, Any] = {"jsonrpc": "2.0", "id": number, "method": method}
        if parameters is not None:
            message["params"] = parameters
        async with rpc.exchanged(self._peer, message, self._headers) as answer:
            if is_first:
                self._remember(answer.headers.get("mcp-session-id"))
            async for one in answer.messages:
                if one.get("id") == number and ("result" in one or "error" in one):
                    return rpc.result(one, self._peer.identity)
                if "method" in one and "id" in one:
                    await self._tell(_reply(one))
                elif "error" in one and one.get("id") is None:
                    rpc.result(one, self._peer.identity)
        raise errors.unreadable("the server's answer ended without a response")

    def _remember(self, session: str | None) -> None:
        if session:
            self._id = session
            self._headers["Mcp-Session-Id"] = session

    async def _tell(self, message: dict[str, Any]) -> None:
        """Send what has no answer."""
        async with rpc.exchanged(self._peer, message, self._headers) as answer:
            async for _ in answer.messages:
                break

    async def _end(self) -> None:
        """Say goodbye; a server that does not care is left alone."""
        if self._id is None:
            return
        request = Request(
            method="DELETE",
            url=self._peer.url,
            headers=self._headers,
            timeout=_GOODBYE_SECONDS,
            destination=self._peer.exchange.destination,
        )
        with contextlib.suppress(Failed, Refused, Refusal):
            await self._peer.exchange.send(self._peer.tenant, request, self._peer.identity)


def _reply(asked: Mapping[str, Any]) -> dict[str, Any]:
    """To a request of the server's. We offered nothing, so there is nothing but its ping to answer."""
    if asked["method"] == "ping":
        return {"jsonrpc": "2.0", "id": asked["id"], "result": {}}
    return {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": _UNKNOWN_METHOD, "message": "Method not found"}}


def _seconds(timeout: Any) -> float:
    if timeout is None:
        return SECONDS
    try:
        given = milliseconds(timeout)
    except DurationError as error:
        raise errors.configuration("Unusable arguments", f"`timeout`: {error}") from error
    if given > MCP_MILLISECONDS:
        raise errors.configuration("Unusable arguments", f"`timeout` is at most {MCP_MILLISECONDS // 1000} s")
    return given / 1000
