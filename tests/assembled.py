"""Applications that tests use one after the other: to assemble one costs more than most tests do with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from litestar import Litestar

from services.api import app as api
from services.portal import app as portal


class Pool:
    """What `make` made and no test uses now."""

    def __init__(self, make: Callable[[], Litestar]) -> None:
        self._make = make
        self._idle: list[Litestar] = []
        self._lent: list[Litestar] = []

    def take(self) -> Litestar:
        self._lent.append(self._idle.pop() if self._idle else self._make())
        return self._lent[-1]

    def take_back(self) -> None:
        """All of them, once the test has ended that has them."""
        self._idle += self._lent
        self._lent.clear()


_POOLS = {api: Pool(api.assembled), portal: Pool(portal.assembled)}


@contextmanager
def shared() -> Iterator[None]:
    """Within it, what is assembled comes from those of earlier tests."""
    with pytest.MonkeyPatch.context() as patch:
        for module, pool in _POOLS.items():
            patch.setattr(module, "assembled", pool.take)
        yield
    for pool in _POOLS.values():
        pool.take_back()
