"""What goes out and comes back, and the two ways in which it does not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import ClassVar, Final, Literal

import msgspec

from infra.encryption.secret import Secret
from infra.problems import Problem

MAX_BODY: Final = 10 * 1024 * 1024
"""Bytes of a response body, compressed or not, and of a request body."""
IDEMPOTENT_METHODS: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
"""Those of ours that may be sent again when it is not known whether they arrived (RFC 9110, 9.2.2)."""

Kind = Literal["resolve", "connect", "timeout", "cut", "too-large", "malformed"]


class Destination(msgspec.Struct, frozen=True):
    """What one connection may reach.

    Attributes:
        allowed_origins: `scheme://host[:port]` that its credentials are bound to. Empty: no credential leaves.
        allow_http: plain http, set by the connection's owner for a system that offers nothing better.
        ports: allowed beside 443 (and 80 with `allow_http`). Ports of other protocols are refused whatever this says.
    """

    allowed_origins: tuple[str, ...] = ()
    allow_http: bool = False
    ports: frozenset[int] = frozenset()


class Identity(msgspec.Struct, frozen=True):
    """A certificate that is shown to the other side in TLS, where it asks for one.

    Attributes:
        certificate: PEM, with those between it and its authority behind it.
        key: PEM, without a password.
    """

    certificate: str
    key: Secret

    @property
    def mark(self) -> bytes:
        """The same of the same pair, and of nothing else."""
        return hashlib.sha256(f"{self.certificate}\0{self.key.reveal()}".encode()).digest()


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request; never redirected.

    POST and PATCH are sent once. The idempotent methods (RFC 9110, 9.2.2) are sent again, once, when the connection
    was cut before an answer: a kept connection may just have been closed by the other side.

    Attributes:
        url: absolute; parsed once, then the parsed form is dialled.
        headers: without `Host`, framing and forwarding headers, which are ours or nobody's.
        credentials: headers that are attached only when the URL's origin is one of `destination.allowed_origins`.
        identity: shown to `destination.allowed_origins` alone, as credentials are.
        timeout: seconds for everything, at most 30 unless an operator raised the guard's cap.
    """

    method: str
    url: str
    headers: Mapping[str, str] = {}
    credentials: Mapping[str, Secret] = {}
    body: bytes = b""
    timeout: float = 30.0
    destination: Destination = Destination()
    identity: Identity | None = None


class Response(msgspec.Struct, frozen=True):
    """The answer. Header names are lower case, repeated headers joined by `, `; `body` is decoded, at most 10 MiB."""

    status: int
    headers: dict[str, str]
    body: bytes


class Refused(Problem):
    """The guard said no; nothing was sent. The caller corrects the address, or an operator widens the rule.

    Attributes:
        rule: which rule, kebab case: url scheme port userinfo host address header credential body.
    """

    name: ClassVar[str] = "destination-refused"
    title: ClassVar[str] = "This destination may not be called"
    status: ClassVar[int] = 422

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(detail, rule=rule)
        self.rule = rule


class Failed(Exception):
    """The network, or the other side's HTTP, failed.

    Attributes:
        kind: resolve, connect, timeout, cut, too-large or malformed.
        sent: False only when it is certain that no request byte reached the other side.
    """

    def __init__(self, kind: Kind, detail: str, *, sent: bool) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind: Kind = kind
        self.detail = detail
        self.sent = sent
