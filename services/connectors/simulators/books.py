"""Books in one SQLite file, which survive a restart, and SIGKILL between requests."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Books:
    """`sql`: the open file. Nothing is shared between threads or processes."""

    def __init__(self, path: Path, tables: str) -> None:
        self.sql = sqlite3.connect(path, isolation_level=None)
        # The operating system outlives a killed process, and nobody's money is in here: no fsync.
        self.sql.execute("PRAGMA journal_mode=WAL")
        self.sql.execute("PRAGMA synchronous=OFF")
        self.sql.executescript(tables)

    def close(self) -> None:
        self.sql.close()

    @contextmanager
    def whole(self) -> Iterator[None]:
        """All that is written inside, or nothing of it."""
        self.sql.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.sql.execute("ROLLBACK")
            raise
        self.sql.execute("COMMIT")


def digest(value: Any) -> str:
    """Of a JSON value, whatever the order of its members."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
