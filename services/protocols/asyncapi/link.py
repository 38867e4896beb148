"""Where messages go to and come from, the same for every version of the format, and what each transport fills."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal, Protocol
from uuid import UUID

import msgspec

from services.protocols.authentication.authenticator import Identity
from services.protocols.exchange import Exchange

Kind = Literal["http", "ws", "mqtt", "redis"]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One channel on one server.

    Attributes:
        tls: as the server's protocol or port says.
        path: of the server's address, without a slash at its end; http and ws only.
        address: of the channel: a topic, a path below the server's, a channel of Redis.
        version: of MQTT: 4 is 3.1.1, 5 is 5.
        method: of HTTP, where a binding names one.
        quality: of MQTT (QoS), where a binding names one.
        correlation: where a message has its correlation id, such as `$message.header#/correlationId`.
    """

    kind: Kind
    host: str
    port: int
    tls: bool
    path: str
    address: str
    version: int = 4
    method: str | None = None
    quality: int | None = None
    retain: bool = False
    content_type: str | None = None
    correlation: str | None = None

    @property
    def origin(self) -> str:
        """As a URL of HTTP, which is what credentials are bound to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


class Link(msgspec.Struct, frozen=True):
    """A target, and for whom it is called."""

    exchange: Exchange
    tenant: UUID
    identity: Identity
    target: Target
    key: str


class Outgoing(msgspec.Struct, frozen=True):
    """A message as the task gives it, and its payload as bytes."""

    body: bytes
    content_type: str
    headers: dict[str, Any] = {}


class Incoming(msgspec.Struct, frozen=True):
    """A message as it came."""

    body: bytes
    headers: dict[str, Any] = {}
    content_type: str | None = None


class Transport(Protocol):
    """One protocol. Its errors are Refusal, and Refused and Failed of egress."""

    async def publish(self, link: Link, message: Outgoing) -> None:
        """Returns when the other side has the message, where the protocol can say so."""
        ...

    def subscribe(self, link: Link) -> AsyncIterator[Incoming | None]:
        """Messages as they come. First of all None: now the subscription holds. Ends when the other side ends it."""
        ...
