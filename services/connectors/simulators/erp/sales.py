"""How far the simulated ERP's sales are, in its own words; each change has the next number, and the time of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from services.connectors.simulators.answers import Refused
from services.connectors.simulators.books import Books
from services.connectors.simulators.documents import shown

MOST: Final = 100
"""Of one answer."""
_DIGITS: Final = 18
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS sale (seq INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT UNIQUE, reference TEXT, body TEXT);
"""


class Sales:
    """Those in `books`. `first`: the status of one that was just placed; lines have one where `of_lines`."""

    def __init__(self, books: Books, now: Callable[[], datetime], first: str, *, of_lines: bool) -> None:
        self._books, self._now, self._first, self._of_lines = books, now, first, of_lines
        books.sql.executescript(_TABLE)

    def placed(self, number: str, order: Mapping[str, Any]) -> None:
        """`order` as the ledger takes it."""
        lines = [
            {"line": str(count), **line, **({"status": self._first} if self._of_lines else {})}
            for count, line in enumerate(order["lines"], 1)
        ]
        at = shown(self._now())
        known = {name: order[name] for name in ("reference", "customer", "currency")}
        self._keep({"number": number, **known, "status": self._first, "placed": at, "lines": lines})

    def learn(self, listed: Sequence[Mapping[str, Any]]) -> None:
        """What somebody did to the sale of a `reference`: its `status`, and those of `lines` by their number.

        One with a `number` is a new sale, that nobody placed here.

        Raises:
            ValueError: there is no such sale.
        """
        for one in listed:
            if "number" in one:
                self.placed(one["number"], one)
                continue
            found = self._books.sql.execute("SELECT body FROM sale WHERE reference = ?", (one["reference"],)).fetchone()
            if found is None:
                raise ValueError(f"there is no sale of {one['reference']}")
            body, lines = json.loads(found[0]), one.get("lines", {})
            moved = [{**line, "status": lines.get(line["line"], line.get("status"))} for line in body["lines"]]
            self._keep(
                {**body, "status": one.get("status", body["status"]), "lines": moved if lines else body["lines"]}
            )

    def told(self, after: str) -> dict[str, Any]:
        """`sales` that were placed or changed since, the oldest first, each once and as it is now; whether `more` did.

        Raises:
            Refused: 400, `after` is no number.
        """
        if not after.isdecimal() or len(after) > _DIGITS:
            raise Refused(400, "bad-number", f"{after} is no number of a change")
        query = "SELECT seq, body FROM sale WHERE seq > ? ORDER BY seq LIMIT ?"
        rows = self._books.sql.execute(query, (int(after), MOST + 1)).fetchall()
        return {"sales": [{"seq": seq, **json.loads(body)} for seq, body in rows[:MOST]], "more": len(rows) > MOST}

    def _keep(self, body: Mapping[str, Any]) -> None:
        """In place of what was known of it, behind all others."""
        written = json.dumps({**body, "at": shown(self._now())})
        self._books.sql.execute(
            "INSERT OR REPLACE INTO sale (number, reference, body) VALUES (?, ?, ?)",
            (body["number"], body["reference"], written),
        )
