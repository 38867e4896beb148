"""How many streams, websockets and dialled connections of a tenant are open at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from infra.egress.messages import Failed
from infra.egress.pool import Pool


class Held:
    """Counts them, by tenant."""

    def __init__(self) -> None:
        self._open: Counter[UUID] = Counter()

    @contextmanager
    def one(self, tenant: UUID, most: int, pool: Pool | None = None) -> Iterator[None]:
        """One more, of at most `most`; `pool`: whose it is.

        Raises:
            Failed: `connect`: there are as many already.
        """
        if self._open[tenant] >= most:
            raise Failed("connect", f"{most} connections are open already; wait for some", sent=False)
        self._open[tenant] += 1
        if pool is not None:
            pool.busy += 1
        try:
            yield
        finally:
            if pool is not None:
                pool.busy -= 1
            self._open[tenant] -= 1
            if not self._open[tenant]:
                del self._open[tenant]
