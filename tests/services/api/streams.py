"""Reads server-sent events from a socket, as a browser would."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from tests.patience import PATIENCE


class Reader:
    """One open stream. `head` is what came before the body."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._got = b""
        self.head = self._until(b"\r\n\r\n")

    @property
    def status(self) -> int:
        return int(self.head.split(b" ")[1])

    def block(self) -> bytes:
        """The next event or comment, without the chunks' sizes between."""
        return self._until(b"\n\n").replace(b"\r", b"")

    def event(self) -> tuple[str, Any]:
        """The next event's name and data; comments are passed over."""
        while True:
            fields = dict(line.split(b": ", 1) for line in self.block().split(b"\n") if b": " in line)
            if b"event" in fields:
                return fields[b"event"].decode(), msgspec.json.decode(fields[b"data"])

    def run_in(self, state: str) -> Any:
        """The first event of a run in this state."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            name, run = self.event()
            if name == "run" and run["state"] == state:
                return run
        raise AssertionError(f"no run became {state}")

    def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        found = self._got
        while part := self._line.recv(65_536):
            found += part
        return found

    def _until(self, end: bytes) -> bytes:
        while end not in self._got:
            part = self._line.recv(65_536)
            assert part, self._got
            self._got += part
        found, _, self._got = self._got.partition(end)
        return found


@contextmanager
def following(
    port: int,
    key: str | None,
    query: str = "",
    *,
    method: str = "GET",
    path: str = "/v1/runs/changes",
    headers: Mapping[str, str] | None = None,
) -> Iterator[Reader]:
    given = {"Host": "localhost", "Authorization": f"Bearer {key}", "Accept": "text/event-stream", **(headers or {})}
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)) as line:
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        line.sendall(f"{method} {path}{query} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
        yield Reader(line)
