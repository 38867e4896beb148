"""A server that stands in for a system, by the exchanges that a connector's tests declare. It keeps no state."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from services.connectors.simulators.http import Answered, Asked
from services.connectors.trying.cases import Cases
from services.connectors.trying.playing import answered, listening, unlike

_UNKNOWN: Final = Answered(404, b'{"message": "no test declares this request"}')


@asynccontextmanager
async def serving(cases: Cases, port: int = 0) -> AsyncIterator[str]:
    """Its address. What no test declares is 404.

    Raises:
        OSError: the port is taken.
    """
    exchanges = [exchange for case in cases.tests for exchange in case.exchanges]

    async def answer(asked: Asked) -> Answered:
        fits = (one for one in exchanges if not unlike(one.request, asked))
        found = next(fits, None)
        return _UNKNOWN if found is None else answered(found.answer)

    async with listening(answer, port) as url:
        yield url
