from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final, TypeVar

from infra.database.failures import is_outage, may_be_too_much

_log: Final = logging.getLogger(__name__)
_TOO_MUCH_TRIES: Final = 5
_PAUSES: Final = (0.05, 0.1, 0.2, 0.5, 1.0)

T = TypeVar("T")


class surviving(AbstractContextManager[None, bool]):  # noqa: N801 (reads as a verb, like contextlib's own)
    """For a loop that must go on: an outage inside is passed over, any other error is logged with its trace."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        if not is_outage(error):
            _log.error("%s failed", self._what, exc_info=error)
        return True


async def through_outage(work: Callable[[], Awaitable[T]], what: str) -> T:
    """The result of `work`, begun again until the database is there. `work` must be safe to repeat.

    `what` names it in the log. Raises whatever is no outage, and what is too much for the server time and again.
    """
    attempt = too_much = 0
    while True:
        try:
            return await work()
        except Exception as error:
            too_much += may_be_too_much(error)
            if not is_outage(error) or too_much > _TOO_MUCH_TRIES:
                raise
            _log.warning("%s waits for the database", what, extra={"error": repr(error)})
        await asyncio.sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
        attempt += 1
