"""A server that stands in for a system, by the exchanges that a connector's tests declare. It keeps no state."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from services.connectors.simulators.http import Answered, Asked
from services.connectors.trying.cases import Cases, Exchange
from services.connectors.trying.playing import answered, listening, unlike

_UNKNOWN: Final = Answered(404, b'{"message": "no test declares this request"}')
_HEADERS: Final = "/headers/"


@asynccontextmanager
async def serving(cases: Cases, port: int = 0) -> AsyncIterator[str]:
    """Its address. What no test declares is 404; 401 where all but its headers is declared.

    Raises:
        OSError: the port is taken.
    """
    exchanges = [exchange for case in cases.tests for exchange in case.exchanges]

    async def answer(asked: Asked) -> Answered:
        fits = (one for one in exchanges if not unlike(one.request, asked))
        found = next(fits, None)
        return _otherwise(exchanges, asked) if found is None else answered(found.answer)

    async with listening(answer, port) as url:
        yield url


def _otherwise(exchanges: Sequence[Exchange], asked: Asked) -> Answered:
    """What a request gets that is none of those; of headers the names alone, since they hold credentials."""
    unlikes = [unlike(one.request, asked) for one in exchanges]
    headers = next((found for found in unlikes if all(line.startswith(_HEADERS) for line in found)), None)
    if headers is None:
        return _UNKNOWN
    names = ", ".join(dict.fromkeys(line.removeprefix(_HEADERS).split()[0].rstrip(":") for line in headers))
    told = f"the tests declare this request with another header {names}: look at the connection's secrets"
    return Answered(401, msgspec.json.encode({"message": told}))
