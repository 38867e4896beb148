"""One unary call over HTTP/2 (gRPC over HTTP2), on a connection of its own. Every size and time is bounded."""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import unquote

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
import msgspec

from infra.egress import Failed, Wire

MESSAGE_BYTES: Final = 4 * 1024 * 1024
_ALL_BYTES: Final = 3 * MESSAGE_BYTES
_WINDOW: Final = 1024 * 1024
_CHUNK: Final = 64 * 1024
_PREFIX: Final = 5


class Reply(msgspec.Struct, frozen=True):
    """`status` is the HTTP status, `code` gRPC's own or None when it gave none; `message` is absent in a refusal."""

    status: int
    code: int | None
    words: str
    message: bytes | None


class Exchange:
    """The state of one call.

    Args:
        headers: all of the request's, pseudo headers first.
    """

    def __init__(self, wire: Wire, headers: list[tuple[str, str]], message: bytes) -> None:
        self._wire = wire
        self._headers = headers
        self._left = b"\0" + len(message).to_bytes(4) + message
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self._stream = 0
        self._received: dict[str, str] = {}
        self._body = bytearray()
        self._has_ended = False

    async def run(self) -> Reply:
        """Raises Failed: `cut`, `too-large` or `malformed`. Wait with a time limit of your own."""
        try:
            self._begin()
            await self._flush()
            taken = 0
            while not self._has_ended:
                chunk = await self._wire.reader.read(_CHUNK)
                taken += len(chunk)
                if not chunk:
                    raise Failed("cut", "the connection ended before the answer did", sent=True)
                if taken > _ALL_BYTES:
                    raise Failed("too-large", f"the answer has more than {MESSAGE_BYTES} bytes", sent=True)
                for event in self._h2.receive_data(chunk):
                    self._hear(event)
                self._send()
                await self._flush()
        except (h2.exceptions.H2Error, UnicodeDecodeError) as error:
            raise Failed("malformed", "the answer is no HTTP/2", sent=True) from error
        except (OSError, asyncio.IncompleteReadError) as error:
            raise Failed("cut", "the connection ended before the answer did", sent=True) from error
        return self._reply()

    def _begin(self) -> None:
        self._h2.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                h2.settings.SettingCodes.ENABLE_PUSH: 0,
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW,
                h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: 32 * 1024,
            },
        )
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(_WINDOW)
        self._stream = self._h2.get_next_available_stream_id()
        self._h2.send_headers(self._stream, self._headers)
        self._send()

    def _send(self) -> None:
        """As much of the request as the other side takes now."""
        while self._left and not self._has_ended:
            size = min(self._h2.local_flow_control_window(self._stream), self._h2.max_outbound_frame_size)
            if size <= 0:
                return
            part, self._left = self._left[:size], self._left[size:]
            self._h2.send_data(self._stream, part, end_stream=not self._left)

    async def _flush(self) -> None:
        self._wire.writer.write(self._h2.data_to_send())
        await self._wire.writer.drain()

    def _hear(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived() | h2.events.TrailersReceived():
                self._received |= {str(name): str(value) for name, value in event.headers or ()}
            case h2.events.DataReceived():
                self._body += event.data or b""
                if len(self._body) > MESSAGE_BYTES + _PREFIX:
                    raise Failed("too-large", f"the answer has more than {MESSAGE_BYTES} bytes", sent=True)
                self._h2.acknowledge_received_data(event.flow_controlled_length or 0, self._stream)
            case h2.events.StreamEnded():
                self._has_ended = True
            case h2.events.StreamReset() | h2.events.ConnectionTerminated():
                if not self._has_ended and "grpc-status" not in self._received:
                    raise Failed("cut", "the other side gave the call up", sent=True)
                self._has_ended = True
            case _:
                pass

    def _reply(self) -> Reply:
        status, code = self._received.get(":status", ""), self._received.get("grpc-status", "")
        return Reply(
            status=int(status) if status.isdecimal() else 0,
            code=int(code) if code.isdecimal() else None,
            words=unquote(self._received.get("grpc-message", "")),
            message=self._message(),
        )

    def _message(self) -> bytes | None:
        if not self._body:
            return None
        size = int.from_bytes(self._body[1:_PREFIX])
        if self._body[0] or len(self._body) != size + _PREFIX:
            raise Failed("malformed", "the answer is compressed, cut, or more than one message", sent=True)
        return bytes(self._body[_PREFIX:])
