"""JSON-RPC 2.0 over HTTP, whose answer is one JSON object or a stream of events (A2A, MCP)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.egress import Request, Stream
from services.engine import values
from services.protocols import errors
from services.protocols.authentication.authenticator import Identity
from services.protocols.event_stream import EVENTS, events
from services.protocols.exchange import Exchange

_SPARE_SECONDS: Final = 5.0
_MOST_MESSAGES: Final = 10_000


class Peer(msgspec.Struct, frozen=True):
    """Whom is spoken to, for whom, and for how many seconds; callers have a limit of their own just below."""

    exchange: Exchange
    tenant: UUID
    identity: Identity
    url: str
    seconds: float


class Answer(msgspec.Struct, frozen=True):
    """What an exchange brought: every JSON-RPC message of it, and the headers of the answer."""

    headers: Mapping[str, str]
    messages: AsyncIterator[dict[str, Any]]


@asynccontextmanager
async def exchanged(peer: Peer, message: Mapping[str, Any], headers: Mapping[str, str]) -> AsyncIterator[Answer]:
    """Sends `message`; the answer's messages come as they are read.

    Raises:
        Refusal: the status is no success and the body no error of JSON-RPC's; the answer is neither JSON nor events.
        Refused, Failed: of egress.
    """
    request = Request(
        method="POST",
        url=peer.url,
        headers={"Content-Type": "application/json", "Accept": f"application/json, {EVENTS}", **headers},
        body=values.encode(message),
        timeout=peer.seconds + _SPARE_SECONDS,
        destination=peer.exchange.destination,
    )
    async with peer.exchange.stream(peer.tenant, request, peer.identity) as stream:
        yield Answer(stream.headers, _messages(stream, request))


def result(message: Mapping[str, Any], identity: Identity) -> Any:
    """The result in a response. Raises Refusal, `runtime`, for an error in it."""
    if "error" not in message:
        return message.get("result")
    given = message["error"] if isinstance(message["error"], dict) else {}
    code, words = given.get("code"), identity.without_secrets(str(given.get("message", "")))
    said = f": {words}" if words else ""
    raise errors.runtime(
        "The call was refused", f"the other side answered with error {code if isinstance(code, int) else ''}{said}"
    )


async def _messages(stream: Stream, request: Request) -> AsyncIterator[dict[str, Any]]:
    kind = stream.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_success = HTTPStatus.OK <= stream.status < HTTPStatus.MULTIPLE_CHOICES
    if is_success and kind == EVENTS:
        count = 0
        async for event in events(stream):
            count += 1
            if count > _MOST_MESSAGES:
                raise errors.unreadable(f"the answer has more than {_MOST_MESSAGES:,} events")
            if event.data.strip():
                yield _read(event.data.encode())
        return
    content = await stream.read()
    if not is_success:
        raise_for(stream.status, request, content)
    if content.strip():
        yield _read(content)


def raise_for(status: int, request: Request, content: bytes) -> None:
    """Raises Refusal for a status that is no success, unless the content is an error that says more."""
    if status not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        try:
            message = _read(content)
        except errors.Refusal:
            message = {}
        if isinstance(message.get("error"), dict) and isinstance(message["error"].get("code"), int):
            detail = f"the other side answered with status {status} and error {message['error']['code']}"
            raise errors.runtime("The call was refused", detail)
    path = request.url.partition("?")[0]
    raise errors.of_status(status, f"POST {path} was answered with status {status}")


def _read(content: bytes) -> dict[str, Any]:
    try:
        message = values.decode(content)
    except values.ValueRefused as error:
        raise errors.unreadable(f"the answer is no JSON: {error}") from error
    if not isinstance(message, dict):
        raise errors.unreadable("the answer is no JSON-RPC")
    return message
