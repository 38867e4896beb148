"""Very many orders of a shop, written past it: to buy each of them would take minutes."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final, Self

from tests.patience import PATIENCE

MOMENT: Final = "2030-01-01 00:00:00.500"
"""When all of them were changed: behind everything that was bought."""
LATER: Final = "2030-01-01 01:00:00.000"
_FIRST: Final = 1_000_000
"""Of their ids."""


class Crowd:
    """Copies of one order, until the block ends."""

    def __init__(self, file: Path) -> None:
        self._books = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._books.execute("DELETE FROM order_channels_channel WHERE orderId >= ?", [_FIRST])
        self._books.execute('DELETE FROM "order" WHERE id >= ?', [_FIRST])
        self._books.close()

    def of(self, order: str, count: int) -> list[str]:
        """So many like it, all changed at `MOMENT`; their codes."""
        self._books.execute('CREATE TEMP TABLE one AS SELECT * FROM "order" WHERE id = ?', [order])
        codes = [f"COPY{number:05}" for number in range(count)]
        self._books.execute("BEGIN IMMEDIATE")
        for number, code in enumerate(codes, start=_FIRST):
            self._books.execute("UPDATE one SET id = ?, code = ?, updatedAt = ?", [number, code, MOMENT])
            self._books.execute('INSERT INTO "order" SELECT * FROM one')
            self._books.execute(
                "INSERT INTO order_channels_channel (orderId, channelId) "
                "SELECT ?, channelId FROM order_channels_channel WHERE orderId = ?",
                [number, order],
            )
        self._books.execute("COMMIT")
        return codes

    def change(self, code: str) -> None:
        """Now it was changed `LATER`."""
        self._books.execute('UPDATE "order" SET updatedAt = ? WHERE code = ?', [LATER, code])

    def put(self, code: str, state: str) -> None:
        """Whatever the shop thinks of it."""
        self._books.execute('UPDATE "order" SET state = ? WHERE code = ?', [state, code])
