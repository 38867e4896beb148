"""An audit as a file: JSON Lines that can be verified without us, or CSV for a spreadsheet.

Rows are read a page a transaction, so that an export of any size holds no other work up. It is of the moment in which
it began: what was sealed or written since is not in it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import clock
from infra.database import Database
from tenants.audit import repository
from tenants.audit.lines import moment, row_line, seal_line, split
from tenants.audit.log import ALL, Log, Wanted
from tenants.audit.seal_models import AuditFloor, AuditLeaves, AuditSeal
from tenants.audit.verifier import Line, parents

FORMAT: Final = 1
COLUMNS: Final = ("id", "at", "actor", "action", "target", "after", "batch", "position")
_PAGE: Final = 1_000
_SEALS: Final = 5
_FIRST: Final = UUID(int=0)
_FORMULA: Final = re.compile(r"^[\s]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Characters that move the cursor, colour a terminal, or turn the text round (S-83)."""


class Part(msgspec.Struct, frozen=True):
    """Of a chain: behind a batch, with its head; up to a batch, where one is named."""

    behind: int = 0
    head: str | None = None
    last: int | None = None
    with_loose: bool = True


_WHOLE: Final = Part()


async def lines(database: Database, log: Log, wanted: Wanted = ALL, part: Part = _WHOLE) -> AsyncIterator[bytes]:
    """JSON Lines in chunks; the last line says how many rows there are."""
    began = clock.now()
    async with database.session(log.rows) as session:
        newest = await repository.newest_seal(session, log)
        floor = await repository.newest_floor(session, log)
    last = min(0 if newest is None else newest.n, part.last or 2**31 - 1)
    head: Line = {"kind": "log", "format": FORMAT, "log": log.name, "at": moment(began)}
    head |= {"filter": msgspec.to_builtins(wanted) or None, "behind": part.behind, "head": part.head}
    yield _raw([head, *_floors(log, floor)])
    parts = _sealed(database, log, part.behind, last) if wanted.is_all else _found(database, log, wanted, last, began)
    rows = 0
    async for some in parts:
        rows += sum(line["kind"] == "row" for line in some)
        yield _raw(some)
    if wanted.is_all and part.with_loose:
        async for some in _loose(database, log, last, began):
            rows += len(some)
            yield _raw(some)
    yield _raw([{"kind": "end", "rows": rows, "last": last}])


async def table(database: Database, log: Log, wanted: Wanted = ALL) -> AsyncIterator[bytes]:
    """CSV (RFC 4180) in chunks, oldest first. Cells that a spreadsheet would take for a formula begin with `'`."""
    began, behind, count = clock.now(), _FIRST, _PAGE
    yield _cells([COLUMNS])
    while count == _PAGE:
        async with database.session(log.rows) as session:
            rows = await repository.rows_behind(session, log, wanted, behind, _PAGE)
            places = await repository.batches_of(session, log, [row["audit_id"] for row in rows]) if rows else {}
        count = len(rows)
        shown = [row_line(row, *places.get(row["audit_id"], (None, None))) for row in rows if row["at"] <= began]
        yield _cells([[safe(line[name]) for name in COLUMNS] for line in shown])
        if rows:
            behind = rows[-1]["audit_id"]


def safe(value: Any) -> str:
    """What a spreadsheet and a terminal show as it is."""
    text = "" if value is None else str(value)
    shown = _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return f"'{shown}" if _FORMULA.match(text) else shown


def _cells(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue().encode()


def _raw(part: Sequence[Line]) -> bytes:
    return b"".join(json.dumps(line, ensure_ascii=True).encode() + b"\n" for line in part)


def _floors(log: Log, floor: tuple[AuditFloor, bytes] | None) -> list[Line]:
    if floor is None:
        return []
    row, head = floor
    stated: Line = {"kind": "floor", "log": log.name, "n": row.n, "head": head.hex(), "at": moment(row.at)}
    return [{**stated, "key": row.key.hex(), "signature": row.signature.hex()}]


async def _sealed(database: Database, log: Log, behind: int, last: int) -> AsyncIterator[list[Line]]:
    """Batch by batch, each with all of its rows that are there."""
    while behind < last:
        async with _one_moment(database, log) as session:
            batches = await repository.seals_behind(session, log, behind, last, _SEALS)
            found = [await _batch(session, log, seal, leaves) for seal, leaves in batches]
        for one in found:
            yield one
        if not batches:
            return
        behind = batches[-1][0].n


@asynccontextmanager
async def _one_moment(database: Database, log: Log) -> AsyncIterator[AsyncSession]:
    """In which rows and the batches that they are in are of one moment: retention may drop both between two queries."""
    async with database.session(log.rows) as session:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


async def _batch(session: Any, log: Log, seal: AuditSeal, leaves: AuditLeaves | None) -> list[Line]:
    if leaves is None:
        # Its time may have come while the export lasted.
        return [*_floors(log, await repository.newest_floor(session, log)), seal_line(seal)]
    rows = await repository.rows_of(session, log, leaves.ids)
    found = [row_line(rows[one], seal.n, place) for place, one in enumerate(leaves.ids) if one in rows]
    return [seal_line(seal, leaves.leaves), *found]


async def _loose(database: Database, log: Log, last: int, began: datetime) -> AsyncIterator[list[Line]]:
    """Rows that no batch has: the newest, and whatever somebody put in."""
    behind, count = _FIRST, _PAGE
    while count == _PAGE:
        async with _one_moment(database, log) as session:
            page = await repository.ids_behind(session, log, behind, _PAGE)
            count = len(page)
            if not page:
                return
            behind = page[-1]
            sealed = await repository.sealed_among(session, log, page[0], page[-1], last)
            left = await repository.rows_of(session, log, [one for one in page if one not in sealed])
        yield [row_line(left[one]) for one in sorted(left) if left[one]["at"] <= began]


async def _found(database: Database, log: Log, wanted: Wanted, last: int, began: datetime) -> AsyncIterator[list[Line]]:
    """All seals, then the rows that are wanted, each with the proof that its batch has it."""
    behind = 0
    while behind < last:
        async with database.session(log.rows) as session:
            seals = await repository.heads_behind(session, log, behind, last, _PAGE)
        yield [seal_line(seal) for seal in seals]
        behind = seals[-1].n if seals else last
    row_behind, count = _FIRST, _PAGE
    while count == _PAGE:
        async with _one_moment(database, log) as session:
            rows = await repository.rows_behind(session, log, wanted, row_behind, _PAGE)
            count = len(rows)
            if not rows:
                return
            row_behind = rows[-1]["audit_id"]
            places = await repository.batches_of(session, log, [row["audit_id"] for row in rows])
            found = await _proven(session, log, [row for row in rows if row["at"] <= began], places, last)
        yield found


async def _proven(
    session: Any, log: Log, rows: Sequence[Any], places: dict[UUID, tuple[int, int]], last: int
) -> list[Line]:
    def batch_of(row: Any) -> int:
        n, _ = places.get(row["audit_id"], (0, 0))
        return n if n <= last else 0

    found: list[Line] = []
    for n, group in groupby(sorted(rows, key=lambda row: (batch_of(row), row["audit_id"])), key=batch_of):
        if n == 0:
            found += [row_line(row) for row in group]
            continue
        levels = _levels(split(await repository.leaves_of(session, log, n)))
        for row in group:
            place = places[row["audit_id"]][1]
            found.append({**row_line(row, n, place), "proof": [one.hex() for one in _path(levels, place)]})
    return found


def _levels(leaves: Sequence[bytes]) -> list[Sequence[bytes]]:
    levels: list[Sequence[bytes]] = [leaves]
    while len(levels[-1]) > 1:
        levels.append(parents(levels[-1]))
    return levels


def _path(levels: Sequence[Sequence[bytes]], position: int) -> list[bytes]:
    """The neighbours with which a leaf gives the root (RFC 6962, 2.1.1), from below."""
    path = []
    for level in levels:
        if position ^ 1 < len(level):
            path.append(level[position ^ 1])
        position //= 2
    return path
