"""What most simulated systems keep: documents by kind and id, and what was written under which key."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from services.connectors.simulators.answers import Refused
from services.connectors.simulators.books import Books, digest

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS document (
    position INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, id TEXT, body TEXT, UNIQUE (kind, id));
CREATE TABLE IF NOT EXISTS written (key TEXT PRIMARY KEY, digest TEXT, answer TEXT, repeats INTEGER DEFAULT 0);
"""


class Documents(Books):
    """A new file is filled from `seed`, a JSON object of lists by kind, each document with an `id`.

    What the seed says was `hours_ago` was so long before `now`, and has the instant as `at`.
    """

    def __init__(self, path: Path, seed: Path, now: datetime) -> None:
        super().__init__(path, _TABLES)
        with self.whole():
            if not self.sql.execute("SELECT 1 FROM document LIMIT 1").fetchone():
                for kind, listed in json.loads(seed.read_text(encoding="utf-8")).items():
                    for one in listed:
                        self.put(kind, one["id"], dated(one, now))

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        row = self.sql.execute("SELECT body FROM document WHERE kind = ? AND id = ?", (kind, name)).fetchone()
        found: dict[str, Any] | None = None if row is None else json.loads(row[0])
        return found

    def have(self, kind: str, name: str) -> dict[str, Any]:
        """Raises Refused 404."""
        found = self.get(kind, name)
        if found is None:
            raise Refused(404, f"unknown-{kind}", f"There is no {kind} {name}")
        return found

    def put(self, kind: str, name: str, body: dict[str, Any]) -> None:
        self.sql.execute(
            "INSERT INTO document (kind, id, body) VALUES (?, ?, ?) "
            "ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            (kind, name, json.dumps(body)),
        )

    def all(self, kind: str) -> list[dict[str, Any]]:
        """The oldest first."""
        rows = self.sql.execute("SELECT body FROM document WHERE kind = ? ORDER BY position", (kind,))
        return [json.loads(body) for (body,) in rows]

    def count(self, kind: str) -> int:
        found: int = self.sql.execute("SELECT count(*) FROM document WHERE kind = ?", (kind,)).fetchone()[0]
        return found

    def once(self, key: str, body: Any, make: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
        """What `make` gives, and whether the key was new; a known key gives its first answer.

        Raises:
            Refused: 400 without a key, 422 with another body under it; what `make` raises. Nothing is changed.
        """
        if not 0 < len(key) <= 255:  # noqa: PLR2004
            raise Refused(400, "key-missing", "It needs an Idempotency-Key")
        with self.whole():
            kept = self.sql.execute("SELECT digest, answer FROM written WHERE key = ?", (key,)).fetchone()
            if kept is None:
                answer = make()
                self.sql.execute(
                    "INSERT INTO written (key, digest, answer) VALUES (?, ?, ?)",
                    (key, digest(body), json.dumps(answer)),
                )
                return answer, True
            if kept[0] != digest(body):
                raise Refused(422, "key-reused", "The idempotency key was used with another body")
            self.sql.execute("UPDATE written SET repeats = repeats + 1 WHERE key = ?", (key,))
        return json.loads(kept[1]), False

    def counts(self) -> dict[str, Any]:
        """How many documents of each kind, and how often a known key came again."""
        kinds = self.sql.execute("SELECT kind, count(*) FROM document WHERE kind <> 'clock' GROUP BY kind").fetchall()
        repeats = self.sql.execute("SELECT coalesce(sum(repeats), 0) FROM written").fetchone()[0]
        return {**dict(kinds), "duplicates_refused": repeats}


def dated(one: dict[str, Any], now: datetime) -> dict[str, Any]:
    """With the instant of what was `hours_ago`."""
    if "hours_ago" not in one:
        return one
    at = now - timedelta(hours=one["hours_ago"])
    return {**{name: value for name, value in one.items() if name != "hours_ago"}, "at": shown(at)}


def shown(at: datetime) -> str:
    """RFC 3339, with Z."""
    return at.isoformat().replace("+00:00", "Z")
