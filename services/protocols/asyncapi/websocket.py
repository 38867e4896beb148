"""Messages of a websocket. Headers go with the handshake: a message has none of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from infra.egress import HandshakeRefused, Request, Websocket, join
from services.protocols import contents, errors
from services.protocols.asyncapi.link import Incoming, Link, Outgoing


class WebSockets:
    """Fills Transport."""

    async def publish(self, link: Link, message: Outgoing) -> None:
        async with _connected(link, message.headers) as socket:
            try:
                text: str | bytes = message.body.decode()
            except UnicodeDecodeError:
                text = message.body
            await socket.send(text)

    async def subscribe(self, link: Link) -> AsyncIterator[Incoming | None]:
        async with _connected(link, {}) as socket:
            yield None
            while (message := await socket.receive()) is not None:
                yield Incoming(message.encode() if isinstance(message, str) else message)


@asynccontextmanager
async def _connected(link: Link, headers: dict[str, object]) -> AsyncIterator[Websocket]:
    target = link.target
    request = Request(
        method="GET",
        url=join(target.origin + target.path, target.address),
        headers={name: contents.text(value) for name, value in headers.items()},
        destination=link.exchange.destination,
    )
    try:
        async with link.exchange.client.websocket(link.tenant, await link.identity.sign(request)) as socket:
            yield socket
    except HandshakeRefused as error:
        words = f"the handshake was answered with status {error.status}"
        # A websocket has no challenge: digest cannot work here, and a token that was refused is renewed next time.
        if error.status == HTTPStatus.UNAUTHORIZED:
            await link.identity.renewed()
        raise errors.of_status(error.status, words) from error
