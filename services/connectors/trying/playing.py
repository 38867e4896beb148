"""A server on loopback that plays the exchanges of one test, and notes what it was asked otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import parse_qs, unquote

import msgspec
from msgspec import UNSET

from services.connectors.simulators.http import Answered, Asked, Connection, Handler
from services.connectors.trying.cases import Exchange, Told, Wanted
from template_library.scenarios import differences

_ASTRAY: Final = 500
_JSON: Final = "application/json"


class Player:
    """One test's other side. `wrong`: what was asked otherwise, a line each."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._exchanges = exchanges
        self._asked = 0
        self.wrong: list[str] = []
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Player]:
        async with listening(self._answer) as self.url:
            yield self

    def left(self) -> list[str]:
        """What it was not asked, a line each."""
        return [
            f"exchange {index + 1} did not come: {one.request.method} {_path(one.request.path)}"
            for index, one in enumerate(self._exchanges)
            if index >= self._asked
        ]

    async def _answer(self, asked: Asked) -> Answered:
        index, self._asked = self._asked, self._asked + 1
        if index >= len(self._exchanges):
            self.wrong.append(f"one request more than there are exchanges: {asked.method} {_path_of(asked)}")
            return Answered(_ASTRAY)
        exchange = self._exchanges[index]
        self.wrong += [f"exchange {index + 1}, request: {line}" for line in unlike(exchange.request, asked)]
        return answered(exchange.answer)


@asynccontextmanager
async def listening(handler: Handler, port: int = 0) -> AsyncIterator[str]:
    """A server on loopback, by its address.

    Raises:
        OSError: the port is taken.
    """
    open_ones: set[Connection] = set()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(handler, open_ones), "127.0.0.1", port)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for one in list(open_ones):
            one.cut()


def unlike(wanted: Wanted, asked: Asked) -> list[str]:
    """Where a request is not as it must be, a line each."""
    found: dict[str, Any] = {"method": asked.method, "path": _path_of(asked)}
    expected: dict[str, Any] = {"method": wanted.method, "path": _path(wanted.path)}
    lines = differences(expected, found)
    if wanted.query is not None:
        given = parse_qs(asked.target.partition("?")[2], keep_blank_values=True)
        # Whole: a parameter that nobody named may change what is answered.
        lines += differences({name: _texts(value) for name, value in wanted.query.items()}, given, "/query")
        lines += [f"/query/{name} was not to be sent" for name in given if name not in wanted.query]
    headers = {name.lower(): value for name, value in wanted.headers.items()}
    lines += differences(headers, asked.headers, "/headers")
    if wanted.body is not UNSET:
        body = _decoded(asked.body)
        lines += [] if body == wanted.body else differences(wanted.body, body, "/body") or ["/body has more members"]
    return lines


def answered(told: Told) -> Answered:
    """As it goes over the wire."""
    if told.cut:
        return Answered(0, silent=True)
    headers = {name.lower(): value for name, value in told.headers.items()}
    media_type = headers.pop("content-type", _JSON if told.body is not UNSET else "text/plain")
    body = told.text.encode() if told.body is UNSET else msgspec.json.encode(told.body)
    return Answered(told.status, body, tuple(headers.items()), media_type)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body.decode("utf-8", "replace")


def _path_of(asked: Asked) -> str:
    return unquote(asked.target.partition("?")[0])


def _path(given: str) -> str:
    return f"/{given.lstrip('/')}"


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one if isinstance(one, str) else msgspec.json.encode(one).decode() for one in values]
