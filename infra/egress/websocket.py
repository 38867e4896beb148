"""A websocket to a checked address; its handshake is never redirected."""

from __future__ import annotations

from typing import Any, Final

import aiohttp
from aiohttp import WSMsgType

from infra.egress.messages import Failed

MESSAGE_BYTES: Final = 1024 * 1024


async def only_the_handshake(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Refuse an answer that is no switch of protocols, before aiohttp follows where it leads (S-53)."""
    answer = await handler(request)
    if answer.status != 101:  # noqa: PLR2004 (RFC 6455, 1.3)
        answer.close()
        raise HandshakeRefused(answer.status)
    return answer


class HandshakeRefused(Failed):
    """The other side answered the handshake with `status` instead of a websocket."""

    def __init__(self, status: int) -> None:
        super().__init__("malformed", f"the handshake was answered with status {status}", sent=True)
        self.status = status


class Websocket:
    """Sends and receives whole messages, each at most 1 MiB."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[Any]) -> None:
        self._socket = socket

    async def send(self, message: str | bytes) -> None:
        """Raises Failed, `cut`."""
        try:
            if isinstance(message, str):
                await self._socket.send_str(message)
            else:
                await self._socket.send_bytes(message)
        except (aiohttp.ClientError, ConnectionError) as error:
            raise Failed("cut", "the websocket ended", sent=True) from error

    async def receive(self) -> str | bytes | None:
        """The next message; None when the other side has closed. Wait with a time limit of your own.

        Raises:
            Failed: `cut`, or `too-large` for a message beyond the limit.
        """
        message = await self._socket.receive()
        if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
            found: str | bytes = message.data
            return found
        if message.type is WSMsgType.ERROR:
            is_large = getattr(message.data, "code", None) == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
            kind, words = ("too-large", "a message is too large") if is_large else ("cut", "the websocket broke")
            raise Failed("too-large" if kind == "too-large" else "cut", words, sent=True)
        return None
