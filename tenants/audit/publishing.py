"""Signed heads, appended to files that the database cannot reach: they tell a chain that was cut or made anew.

A file for each log, one JSON object a line. It only ever grows; several workers may share the folder.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

from infra.database import Database, surviving
from infra.encryption.signing_key import SigningKey
from tenants.audit.lines import Fields, log_name, moment, seal_line
from tenants.audit.verifier import Line, rollback_of

_log: Final = logging.getLogger(__name__)
_PAGE: Final = 500
_TAIL: Final = 16_384
"""Bytes at a file's end that hold its last line."""


class Newest(NamedTuple):
    """The newest batch of a log that was published, or to which a rollback set it back. `n` 0: none."""

    n: int
    head: str


class Publisher:
    """Keeps a folder up to date. One for the process; safe beside those of others."""

    def __init__(self, folder: Path, key: SigningKey) -> None:
        self._folder = folder
        self._key = key
        self._known: dict[tuple[str, UUID], Newest] = {}
        self._has_looked = False

    async def check(self, database: Database) -> None:
        """Before anything is sealed: tell the database of each log that is behind what was published of it (F-31)."""
        tops = await _tops(database)
        if not self._has_looked:
            for file in await asyncio.to_thread(lambda: sorted(self._folder.glob("*.jsonl"))):
                place = _place_of(file)
                if place is not None:
                    self._known[place] = await asyncio.to_thread(newest_of, file)
        for place, known in list(self._known.items()):
            top = tops.get(place, Newest(0, ""))
            if top.n < known.n or (top.n == known.n and top.head != known.head) or not self._has_looked:
                await self._is_level(database, place)
        self._has_looked = True

    async def publish(self, database: Database) -> int:
        """Append what is missing; answers lines written. What fails in one log leaves the others their turn."""
        written = 0
        for place, top in (await _tops(database)).items():
            if self._known.get(place) != top:
                with surviving("publishing heads of the audit"):
                    written += await self._bring(database, place)
        return written

    async def _bring(self, database: Database, place: tuple[str, UUID]) -> int:
        file, written, added = self._file(place), 0, _PAGE
        if not await self._is_level(database, place):
            return 0
        while added == _PAGE:
            newest = await asyncio.to_thread(newest_of, file)
            lines = [seal_line(Fields(row)) for row in await _seals(database, place[1], newest.n, _PAGE)]
            added = await asyncio.to_thread(_append, file, newest, lines)
            written += added
        self._known[place] = await asyncio.to_thread(newest_of, file)
        return written

    async def _is_level(self, database: Database, place: tuple[str, UUID]) -> bool:
        """Whether the newest that was published is in the database; where it is not, the database is told."""
        file = self._file(place)
        newest = await asyncio.to_thread(newest_of, file)
        kind, log_id = place
        if newest.n == 0:
            return True
        own = await _seals(database, log_id, newest.n - 1, 1)
        if own and own[0]["n"] == newest.n and own[0]["head"].hex() == newest.head:
            return True
        async with database.doors() as connection:
            told = await connection.fetchrow(
                "SELECT * FROM app.audit_roll_back($1, $2, $3, $4)", log_id, kind, newest.n, bytes.fromhex(newest.head)
            )
        if told["accepted_at"] is None:
            _log.critical(
                "an audit is behind what was published of it: the database was rolled back, or somebody changed it. "
                "Nothing of it is sealed until an operator accepts it (`audit accept-rollback`)",
                extra={"log": log_name(kind, log_id), "published": newest.n, "here": told["own_n"]},
            )
            return False
        line = await self._rollback(database, place, told)
        await asyncio.to_thread(_append, file, newest, [line])
        self._known[place] = Newest(line["n"], line["head"])
        return True

    async def _rollback(self, database: Database, place: tuple[str, UUID], told: Any) -> Line:
        """The line behind which numbers begin again, signed."""
        last = await _seals(database, place[1], told["own_n"] - 1, 1)
        stated: Line = {
            "kind": "rollback",
            "log": log_name(*place),
            "n": told["own_n"],
            "head": last[0]["head"].hex() if last and told["own_n"] else "",
            "at": moment(told["accepted_at"]),
            "by": told["accepted_by"],
            "key": self._key.public.hex(),
        }
        return {**stated, "signature": self._key.sign(rollback_of(stated)).hex()}

    def _file(self, place: tuple[str, UUID]) -> Path:
        return self._folder / f"{place[0]}-{place[1]}.jsonl"


async def _tops(database: Database) -> dict[tuple[str, UUID], Newest]:
    async with database.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.audit_tops()")
    return {(row["kind"], row["log_id"]): Newest(row["n"], row["head"].hex()) for row in rows}


async def _seals(database: Database, log_id: UUID, behind: int, most: int) -> list[Any]:
    async with database.doors() as connection:
        return list(await connection.fetch("SELECT * FROM app.audit_seals($1, $2, $3)", log_id, behind, most))


def _place_of(file: Path) -> tuple[str, UUID] | None:
    kind, _, text = file.stem.partition("-")
    try:
        return (kind, UUID(text)) if kind in {"tenant", "partner", "operator"} else None
    except ValueError:
        return None


def newest_of(file: Path) -> Newest:
    """By the last line that is whole: a writer may have died in one."""
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL))
            raw = stream.read()
    except FileNotFoundError:
        return Newest(0, "")
    for one in reversed(raw.split(b"\n")[:-1]):
        try:
            line = json.loads(one)
            return Newest(line["n"], line["head"])
        except (ValueError, KeyError, TypeError):
            continue
    return Newest(0, "")


def _append(file: Path, behind: Newest, lines: Sequence[Line]) -> int:
    """Answers how many were added: none where somebody else has added since."""
    if not lines:
        return 0
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        if newest_of(file) != behind:
            return 0
        written = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        size = stream.seek(0, os.SEEK_END)
        if size and os.pread(stream.fileno(), 1, size - 1) != b"\n":
            written = b"\n" + written
        stream.write(written)
        stream.flush()
        os.fsync(stream.fileno())
    return len(lines)
