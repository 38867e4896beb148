"""Seals the audit: rows that nobody can add to any more become batches with signed heads (ADR 0056).

Any number of sealers may do it at once, and any may die at any point: a batch is one commit, which the database takes
from the first that comes, and rows without one are found again.
"""

from __future__ import annotations

import logging
from typing import Any, Final
from uuid import UUID

from infra import crash_points
from infra.database import Database, surviving
from infra.encryption.signing_key import SigningKey
from tenants.audit.lines import log_name, moment, row_line
from tenants.audit.verifier import Line, floor_of, head_of, leaf, merkle_root

_log: Final = logging.getLogger(__name__)
MOST_ROWS: Final = 1_000
_MOST_LOGS: Final = 1_000
_MOST_DROPS: Final = 100
_ADD: Final = "SELECT app.audit_seal_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"


async def seal(database: Database, key: SigningKey, most: int = MOST_ROWS) -> int:
    """One round over every log; answers how many rows got their seal. One that fails leaves the others their turn."""
    sealed, logs = 0, _MOST_LOGS
    while logs == _MOST_LOGS:
        async with database.doors() as connection:
            due = await connection.fetch("SELECT * FROM app.audit_due($1)", _MOST_LOGS)
        before, logs = sealed, len(due)
        for log in due:
            with surviving("sealing an audit"):
                sealed += await _seal_log(database, key, log["log_id"], log["kind"], most, is_foreign=log["is_foreign"])
        if sealed == before:
            break
    return sealed


async def _seal_log(  # noqa: PLR0913 (which log, and with what)
    database: Database, key: SigningKey, log_id: UUID, kind: str, most: int, *, is_foreign: bool
) -> int:
    if is_foreign:
        async with database.doors() as connection:
            await connection.fetchval("SELECT app.audit_adopt($1)", log_id, timeout=None)
        _log.warning("the audit of a restored database was taken over", extra={"log": log_name(kind, log_id)})
    sealed, count = 0, most
    while count == most:
        async with database.doors() as connection:
            rows = await connection.fetch("SELECT * FROM app.audit_next($1, $2, $3)", log_id, kind, most)
        count = len(rows)
        if not rows or not await _seal_batch(database, key, log_id, kind, rows):
            break
        sealed += count
    return sealed


async def _seal_batch(database: Database, key: SigningKey, log_id: UUID, kind: str, rows: list[Any]) -> bool:
    """False: another sealer was first, or an operator is asked."""
    log, first, last = log_name(kind, log_id), rows[0], rows[-1]
    lines = [row_line(row) for row in rows]
    leaves = [leaf(log, line) for line in lines]
    root = merkle_root(leaves)
    stated: Line = {
        "log": log,
        "n": first["n"] + 1,
        "root": root.hex(),
        "count": len(rows),
        "first": lines[0]["id"],
        "last": lines[-1]["id"],
        "prev": None if first["head"] is None else first["head"].hex(),
        "sealed_at": moment(first["now"]),
    }
    head = head_of(stated)
    crash_points.pass_by("seal.computed", log)
    async with database.doors() as connection:
        added: bool = await connection.fetchval(
            _ADD,
            log_id,
            kind,
            stated["n"],
            root,
            [row["audit_id"] for row in rows],
            b"".join(leaves),
            first["head"],
            head,
            first["now"],
            key.public,
            key.sign(head),
            last["xid"],
        )
    crash_points.pass_by("seal.committed", log)
    return added


async def drop_old(database: Database, key: SigningKey) -> int:
    """Drop the batches whose time is over, oldest first; answers how many. Their heads stay."""
    dropped, found = 0, _MOST_DROPS
    while found:
        async with database.doors() as connection:
            over = await connection.fetch("SELECT * FROM app.audit_over($1)", _MOST_DROPS)
        found = 0
        for row in over:
            found += await _drop(database, key, row)
        dropped += found
    return dropped


async def _drop(database: Database, key: SigningKey, row: Any) -> bool:
    async with database.doors() as connection:
        at = await connection.fetchval("SELECT clock_timestamp()")
        stated: Line = {
            "log": log_name(row["kind"], row["log_id"]),
            "n": row["n"],
            "head": row["head"].hex(),
            "at": moment(at),
        }
        signed = key.sign(floor_of(stated))
        done: bool = await connection.fetchval(
            "SELECT app.audit_drop($1, $2, $3, $4, $5)", row["log_id"], row["n"], at, key.public, signed
        )
    return done
