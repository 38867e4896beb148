"""Messages over HTTP: published by a request; taken from a stream of events or lines, or by asking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Final

from infra.egress import Failed, Request, Stream, join
from services.protocols import contents, errors
from services.protocols.asyncapi.link import Incoming, Link, Outgoing
from services.protocols.asyncapi.messages import BYTES
from services.protocols.event_stream import EVENTS, events, lines

PAUSE_SECONDS: Final = 1.0
_STREAM_SECONDS: Final = 600.0
_LINES: Final = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-seq"})


class Http:
    """Fills Transport."""

    async def publish(self, link: Link, message: Outgoing) -> None:
        headers = {name: contents.text(value) for name, value in message.headers.items()}
        names = {name.lower() for name in headers}
        if "content-type" not in names and message.body:
            headers["Content-Type"] = message.content_type
        if "idempotency-key" not in names:
            headers["Idempotency-Key"] = link.key
        request = _request(link, link.target.method or "POST", headers, message.body)
        response = await link.exchange.send(link.tenant, request, link.identity)
        if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            raise errors.of_status(response.status, f"the message was answered with status {response.status}")

    async def subscribe(self, link: Link) -> AsyncIterator[Incoming | None]:
        yield None
        headers = {"Accept": "text/event-stream, application/x-ndjson, application/json;q=0.9, */*;q=0.5"}
        while True:
            request = _request(link, link.target.method or "GET", headers, b"")
            async with link.exchange.stream(link.tenant, request, link.identity) as stream:
                if not HTTPStatus.OK <= stream.status < HTTPStatus.MULTIPLE_CHOICES:
                    raise errors.of_status(stream.status, f"the subscription was answered with status {stream.status}")
                async for message, last in _messages(stream):
                    yield message
                    if last is not None:
                        headers["Last-Event-ID"] = last
            await asyncio.sleep(PAUSE_SECONDS)


async def _messages(stream: Stream) -> AsyncIterator[tuple[Incoming, str | None]]:
    """Each event's data and id, each line, or the whole of an answer that is neither."""
    kind = stream.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != EVENTS and kind not in _LINES:
        content = await stream.read()
        if content:
            yield Incoming(content, content_type=kind or None), None
        return
    try:
        if kind == EVENTS:
            async for event in events(stream, BYTES):
                yield Incoming(event.data.encode(), {"event": event.name} if event.name != "message" else {}), event.id
        else:
            async for line in lines(stream, BYTES):
                if line.strip("\x1e \t"):
                    yield Incoming(line.strip("\x1e").encode()), None
    except Failed as error:
        # A stream may end, or be read for as long as streams are: then it is asked for again.
        if error.kind not in {"timeout", "cut"}:
            raise


def _request(link: Link, method: str, headers: dict[str, str], body: bytes) -> Request:
    target = link.target
    return Request(
        method=method.upper(),
        url=join(target.origin + target.path, target.address),
        headers=headers,
        body=body,
        timeout=_STREAM_SECONDS,
        destination=link.exchange.destination,
    )
