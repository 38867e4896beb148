"""One try: the request as Standard Webhooks has it, through the guarded way out, and what came of it (S-47)."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from infra import clock, ids
from infra.egress import Client, Destination, Failed, Refused, Request, Stream, canonical_origin
from infra.encryption.secret import Secret
from services.webhooks import schedule
from services.webhooks.signing import signature

SECONDS: Final = 15.0
"""For everything: name, connection, answer."""
READ: Final = 64 * 1024
"""Bytes of an answer that are read; then the connection is closed."""
SHOWN: Final = 4096
"""Characters of an answer that are kept."""
SLOW_SECONDS: Final = 5.0
_SUCCESS: Final = range(200, 300)
_REDIRECT: Final = range(300, 400)
_ASKS_TO_WAIT: Final = frozenset({429, 502, 503, 504})


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent where. `secrets`: those that sign, the newest first."""

    tenant_id: UUID
    message_id: UUID
    url: str
    body: bytes
    secrets: Sequence[Secret]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a try.

    Attributes:
        status: of the answer; None: there was none.
        error: why it failed where the status does not say it.
        retry_after: seconds that the receiver asks for.
    """

    seconds: float
    status: int | None = None
    error: str | None = None
    answer: str = ""
    retry_after: float | None = None

    @property
    def is_success(self) -> bool:
        return self.status in _SUCCESS


def destination(url: str) -> Destination:
    """What a receiver's address may be: https, at whichever port of its own it names.

    Raises:
        Refused: it is no URL.
    """
    _, _, port = canonical_origin(url).rpartition(":")
    return Destination(ports=frozenset({int(port)}) if port.isdecimal() else frozenset())


async def send(client: Client, posting: Posting) -> Outcome:
    """Send once; never raises for what the other side does."""
    began = clock.monotonic()
    message, timestamp = ids.show("msg", posting.message_id), int(clock.now().timestamp())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(posting.secrets, message, timestamp, posting.body),
    }
    try:
        request = Request(
            method="POST",
            url=posting.url,
            headers=headers,
            body=posting.body,
            timeout=SECONDS,
            destination=destination(posting.url),
        )
        async with client.stream(posting.tenant_id, request) as answer:
            text = await _beginning(answer)
            return _judged(answer, text, clock.monotonic() - began)
    except Refused as refused:
        return Outcome(seconds=clock.monotonic() - began, error=f"refused: {refused.rule}")
    except Failed as failed:
        return Outcome(seconds=clock.monotonic() - began, error=f"{failed.kind}: {failed.detail}"[:200])


def _judged(answer: Stream, text: str, seconds: float) -> Outcome:
    asks = answer.headers.get("retry-after") if answer.status in _ASKS_TO_WAIT else None
    return Outcome(
        seconds=seconds,
        status=answer.status,
        error="a redirect is not followed" if answer.status in _REDIRECT else None,
        answer=text,
        retry_after=schedule.retry_after(asks, clock.now()),
    )


async def _beginning(answer: Stream) -> str:
    """What the receiver said. The status has decided already.

    An answer that does not end, or comes byte by byte, is read while there is time, and no further than 64 KiB.
    """
    parts: list[bytes] = []
    size = 0
    with contextlib.suppress(Failed):
        async with contextlib.aclosing(answer.chunks()) as chunks:
            async for chunk in chunks:
                parts.append(chunk[: READ - size])
                size += len(chunk)
                if size >= READ:
                    break
    text = b"".join(parts).decode("utf-8", "replace").replace("\x00", "")
    return text[:SHOWN]
