"""A server that stands for credit service, warehouse, ERP and a collector of telemetry: answers at once, and counts.

`POST /credit`, `/inventory` and `/erp` take JSON and answer 200. An order is created once per `Idempotency-Key`; a
repeat of a key is told what was created before.
`GET /_stats` says what came; `POST /_reset` forgets it. Prints its two ports, of which the second is for telemetry: no
workflow may call where the installation's own collector stands.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any, Final

import uvloop

_ANSWERS: Final = {
    b"/credit": b'{"approved":true,"score":698,"limit":2500000,"reference":"CR-88"}',
    b"/inventory": b'{"available":true,"warehouse":"W-2","reserved":5,"reference":"ST-41"}',
}
_END: Final = b"\r\n\r\n"


class Books:
    """What was asked for, and every order that was created."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.calls: Counter[str] = Counter()
        self._number_of: dict[bytes, int] = {}
        self._created: Counter[str] = Counter()
        self.connections = 0

    def create(self, key: bytes, body: bytes) -> bytes:
        """The order's number; a key that came before creates nothing. Answers JSON."""
        number = self._number_of.get(key) if key else None
        if number is None:
            number = len(self._number_of) + 1
            self._number_of[key or str(number).encode()] = number
            self._created[json.loads(body)["order"]["id"]] += 1
        return b'{"created":true,"erp_id":"SO-%d","status":"RELEASED"}' % number

    def stats(self) -> dict[str, Any]:
        """`created` orders; `twice` holds up to ten that were created more than once."""
        return {
            "calls": dict(self.calls),
            "created": len(self._created),
            "twice": [order for order, times in self._created.items() if times > 1][:10],
            "connections": self.connections,
        }


class Stub(asyncio.Protocol):
    """One kept-alive connection. Requests carry a Content-Length and come one after another."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._pending = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._books.connections += 1

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while (end := self._pending.find(_END)) >= 0:
            line, _, rest = self._pending[:end].partition(b"\r\n")
            headers = dict(_header(one) for one in rest.split(b"\r\n") if one)
            whole = end + len(_END) + int(headers.get(b"content-length", b"0"))
            if len(self._pending) < whole:
                return
            body, self._pending = self._pending[end + len(_END) : whole], self._pending[whole:]
            method, path, _ = line.split(b" ", 2)
            self._answer(method, path, headers, body)

    def _answer(self, method: bytes, path: bytes, headers: dict[bytes, bytes], body: bytes) -> None:
        answer = _ANSWERS.get(path)
        if method == b"POST" and path == b"/erp":
            answer = self._books.create(headers.get(b"idempotency-key", b""), body)
        elif path.startswith(b"/v1/"):  # a collector of telemetry, which takes everything
            answer = b"{}"
        elif path == b"/_stats":
            answer = json.dumps(self._books.stats()).encode()
        elif path == b"/_reset":
            self._books.reset()
            answer = b"{}"
        if not path.startswith(b"/_"):
            self._books.calls[path.decode("latin-1")] += 1
        status = b"404 Not Found" if answer is None else b"200 OK"
        content = answer or b'{"error":"not found"}'
        self._transport.write(
            b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (status, len(content), content)
        )


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name.lower(), value.strip()


async def main() -> None:
    books = Books()
    begin = asyncio.get_running_loop().create_server
    server, collector = [await begin(lambda: Stub(books), "127.0.0.1", 0, backlog=1024) for _ in range(2)]
    ports = [one.sockets[0].getsockname()[1] for one in (server, collector)]
    print(*ports, flush=True)  # noqa: T201 (whoever started it reads this)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
