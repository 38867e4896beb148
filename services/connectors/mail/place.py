"""A connection's mail server: which it is, how TLS begins, and what goes wrong on the way as errors of connectors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from infra import clock, egress
from services.connectors.sdk.context import Context, Exchange, reason
from services.connectors.sdk.errors import Away, Refusal

Protocol = Literal["smtp", "imap"]
_PORTS: Final = {"smtp": 587, "smtps": 465, "imap": 143, "imaps": 993}
"""Of an address that names none (RFC 8314, RFC 6409)."""
_WAYS: Final = {
    "the certificate does not verify": (
        "its certificate does not verify: have it renewed or its authority trusted, or correct the setting `base_url`"
    ),
    "TLS failed": "TLS cannot be begun with it: does the setting `base_url` begin with `{0}:` where `{1}:` is right?",
}
"""What the way out says of TLS, and what to change; by the schemes that it is and may have to be."""


class Place(msgspec.Struct, frozen=True):
    """What a base URL such as `smtps://mail.example.com:465` says.

    Attributes:
        is_tls: it begins in TLS; else the connection is upgraded to it.
    """

    protocol: Protocol
    host: str
    port: int
    is_tls: bool

    @property
    def schemes(self) -> tuple[str, str]:
        """The one that it has, and the other one."""
        both = (f"{self.protocol}s", str(self.protocol))
        return both if self.is_tls else (both[1], both[0])

    @property
    def url(self) -> str:
        return f"{self.schemes[0]}://{self.host}:{self.port}"


def place(base_url: str, protocol: Protocol) -> Place:
    """Raises Refusal: it is no address of such a server."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        parts, host, port = urlsplit(""), "", 0
    is_more = parts.username or parts.password or parts.query or parts.fragment or parts.path.strip("/")
    if parts.scheme not in {protocol, f"{protocol}s"} or not host or is_more:
        detail = f"The setting `base_url` is no address such as {protocol}s://mail.example.com:{_PORTS[protocol + 's']}"
        raise Refusal(detail, name="configuration", title="The address cannot be read")
    return Place(protocol, host, port, parts.scheme != protocol)


def seconds(context: Context) -> float:
    """Most that a session may take."""
    return float(context.settings.get("timeout_seconds", 60))


@asynccontextmanager
async def dialled(context: Context, found: Place, *, plain: bool = False) -> AsyncIterator[egress.Wire]:
    """A connection to it, for as long as a session may last; `plain`: it is spoken to without TLS.

    Raises:
        Refusal: a rule of the way out.
        Away: the network failed, or time is over; `Context.sent` of a write says whether it may have happened.
    """
    dial = egress.Dial(
        protocol=found.protocol,
        host=found.host,
        port=found.port,
        tls=found.is_tls,
        upgrades=not found.is_tls and not plain,
        destination=egress.Destination(ports=frozenset({found.port}), allow_http=plain),
    )
    started, outcome = clock.monotonic(), "failed"
    try:
        async with asyncio.timeout(seconds(context)), context.dialled(dial) as wire:
            yield wire
            outcome = "done"
    except egress.Refused as error:
        outcome = "refused"
        raise Refusal(error.detail, name="configuration", status=422, title=error.title) from error
    except egress.Failed as error:
        outcome = error.kind
        raise Away(way(error.detail, found) or reason(error), sent=False) from error
    except TimeoutError as error:
        outcome = "timeout"
        raise Away("it did not answer in time", sent=context.sent, name="timeout") from error
    finally:
        spent = round((clock.monotonic() - started) * 1000, 1)
        context.exchanges.append(Exchange(found.protocol.upper(), found.url, outcome, spent))


def way(detail: str, found: Place) -> str:
    """What to change where TLS went wrong; empty: it did not."""
    words = next((told for said, told in _WAYS.items() if detail.startswith(said)), "")
    return words.format(*found.schemes)
