"""The function `grpc`: unary methods."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import Any, ClassVar, Final

import msgspec

from infra.egress import Dial
from services.engine.functions import Call
from services.protocols import errors
from services.protocols.authentication.authenticator import Identity
from services.protocols.errors import Refusal
from services.protocols.exchange import Exchange
from services.protocols.function import ProtocolFunction, bounded, read
from services.protocols.grpc import channel
from services.protocols.grpc.channel import Reply
from services.protocols.grpc.methods import Method, Proto
from services.protocols.resources.fetching import Reference, Resources

SECONDS: Final = 30.0
_TLS_PORT: Final = 443
_OK: Final = 200
_SMALL: Final = 32 * 1024
# google.rpc.Code, and the HTTP status that stands for each.
_CODES: Final = {
    1: ("CANCELLED", 499),
    2: ("UNKNOWN", 500),
    3: ("INVALID_ARGUMENT", 400),
    4: ("DEADLINE_EXCEEDED", 504),
    5: ("NOT_FOUND", 404),
    6: ("ALREADY_EXISTS", 409),
    7: ("PERMISSION_DENIED", 403),
    8: ("RESOURCE_EXHAUSTED", 429),
    9: ("FAILED_PRECONDITION", 400),
    10: ("ABORTED", 409),
    11: ("OUT_OF_RANGE", 400),
    12: ("UNIMPLEMENTED", 501),
    13: ("INTERNAL", 500),
    14: ("UNAVAILABLE", 503),
    15: ("DATA_LOSS", 500),
    16: ("UNAUTHENTICATED", 401),
}
_UNAUTHENTICATED: Final = 16


class Service(msgspec.Struct, frozen=True):
    name: str
    host: str
    port: int = _TLS_PORT
    authentication: dict[str, Any] | None = None


class Arguments(msgspec.Struct, frozen=True):
    """The evaluated `with`."""

    proto: Reference
    service: Service
    method: str
    arguments: dict[str, Any] = {}


class GrpcCall(ProtocolFunction):
    """Fills `grpc` in the table of functions. By TLS, but on the own machine at another port than 443."""

    name: ClassVar[str] = "grpc"

    def __init__(self, exchange: Exchange, resources: Resources) -> None:
        self._exchange = exchange
        self._resources = resources

    async def perform(self, call: Call) -> Any:
        arguments = read(call.arguments, Arguments)
        method = await self._method(call, arguments)
        service = arguments.service
        scheme = "https" if _is_encrypted(service) else "http"
        host = f"[{service.host}]" if ":" in service.host else service.host
        identity = self._exchange.identity(call.tenant, service.authentication, f"{scheme}://{host}:{service.port}")
        header = await identity.header()
        if service.authentication is not None and header is None:
            raise errors.configuration("Unusable authentication", "gRPC has no challenge; use basic, bearer or oauth2")
        message = method.request(arguments.arguments)
        reply = await self._send(call, service, method, message, header)
        if reply.code == _UNAUTHENTICATED and (again := await identity.renewed()) is not None:
            reply = await self._send(call, service, method, message, again)
        content = _content(reply, method, identity)
        if len(content) < _SMALL:
            return bounded(method.response(content))
        return bounded(await asyncio.to_thread(method.response, content))

    async def may_repeat(self, call: Call) -> bool:
        """Whether the proto says so; no, while it cannot be had to see."""
        try:
            return (await self._method(call, read(call.arguments, Arguments))).is_repeatable
        except Refusal:
            return False

    async def _method(self, call: Call, arguments: Arguments) -> Method:
        resource = await self._resources.get(call.tenant, arguments.proto)
        proto = await self._resources.reading(resource, "proto", Proto)
        return proto.method(arguments.service.name, arguments.method)

    async def _send(self, call: Call, service: Service, method: Method, message: bytes, header: str | None) -> Reply:
        is_encrypted = _is_encrypted(service)
        dial = Dial(
            protocol="grpc",
            host=service.host,
            port=service.port,
            tls=is_encrypted,
            alpn=("h2",),
            destination=self._exchange.destination,
        )
        headers = [
            (":method", "POST"),
            (":scheme", "https" if is_encrypted else "http"),
            (":path", method.path),
            (":authority", f"{service.host}:{service.port}"),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("user-agent", "integration/1.0"),
            ("grpc-timeout", f"{SECONDS:.0f}S"),
            ("grpc-accept-encoding", "identity"),
            ("idempotency-key", call.key),
        ]
        if header is not None:
            headers.append(("authorization", header))
        try:
            async with asyncio.timeout(SECONDS), self._exchange.client.dial(call.tenant, dial) as wire:
                return await channel.Exchange(wire, headers, message).run()
        except TimeoutError as error:
            raise errors.timeout(f"{method.path} gave no answer within {SECONDS:.0f} s") from error


def _is_encrypted(service: Service) -> bool:
    """Loopback may go without; egress refuses loopback where it is not the own machine's, and all else without TLS."""
    if service.port == _TLS_PORT:
        return True
    try:
        return not ip_address(service.host).is_loopback
    except ValueError:
        return service.host.lower() != "localhost"


def _content(reply: Reply, method: Method, identity: Identity) -> bytes:
    if reply.status != _OK and reply.code is None:
        if reply.status:
            raise errors.of_status(reply.status, f"{method.path} was answered with status {reply.status}")
        raise errors.unreadable(f"{method.path} was answered without a status")
    if reply.code is None or (reply.code == 0 and reply.message is None):
        raise errors.unreadable(f"{method.path} was answered without a message or a status")
    if reply.code:
        name, status = _CODES.get(reply.code, ("UNKNOWN", 500))
        words = identity.without_secrets(reply.words)
        raise errors.of_status(status, f"{method.path} failed with {name}" + (f": {words}" if words else ""))
    return reply.message or b""
