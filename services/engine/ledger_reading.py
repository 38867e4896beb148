"""A run's effects for readers: those with a row, and those that the journal alone tells of.

Every function runs inside a transaction of the tenant.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from services.engine import decisions

MOST: Final = 2_000
"""Rows of the ledger, and lines of a journal, that are read for a run's effects: the newest."""
BUDGET: Final = 4 * 1024 * 1024
"""Bytes of payloads that one reading of the ledger holds."""
_STATUS: Final = {
    "task.started": "sent",
    "task.retried": "sent",
    "task.completed": "confirmed",
    "task.faulted": "failed",
    "task.cancelled": "unknown",
}
_LINES: Final = (*_STATUS, "task.skipped")


class Effect(msgspec.Struct, kw_only=True):
    """One effect as it stands. `sent`, `answer` and `error` are JSON texts.

    Attributes:
        key: None where the journal alone tells of it and the run was retried: which sending a line is of is not known.
        version: None where the journal alone tells of it; there is nothing to decide.
    """

    key: str | None
    reference: str
    name: str
    mode: str
    operation: str | None
    connection_id: UUID | None
    status: str
    version: int | None
    first_sent_at: datetime | None
    sent_at: datetime | None
    settled_at: datetime | None
    asked_at: datetime | None
    sent: str | None = None
    answer: str | None = None
    error: str | None = None
    settled_by: str | None = None


async def rows(connection: Any, tenant: UUID, run: UUID) -> list[Effect]:
    """Those of the ledger, in the order in which the run came to them: what is asked, and the newest of the others.

    Of payloads beyond the budget it is said how large they are, as of one that is too large for the ledger.
    """
    found = await connection.fetch(
        "SELECT key, reference, name, mode, operation, connection_id, status, version, first_sent_at, sent_at, "
        "  settled_at, asked_at, error::text AS error, settled_by, "
        "  CASE WHEN total <= $4 OR sent IS NULL THEN sent::text "
        "       ELSE json_build_object('omitted', octet_length(sent::text))::text END AS sent, "
        "  CASE WHEN total <= $4 OR answer IS NULL THEN answer::text "
        "       ELSE json_build_object('omitted', octet_length(answer::text))::text END AS answer "
        "FROM (SELECT *, sum(coalesce(octet_length(sent::text), 0) + coalesce(octet_length(answer::text), 0)) "
        "        OVER (ORDER BY asked_at IS NULL, intended_at DESC, key) AS total "
        "      FROM (SELECT * FROM app.effect WHERE tenant_id = $1 AND run_id = $2 "
        "            ORDER BY asked_at IS NULL, intended_at DESC, key LIMIT $3) AS newest) AS e "
        "ORDER BY intended_at, key",
        tenant,
        run,
        MOST,
        BUDGET,
    )
    return [Effect(**row) for row in found]


async def journalled(connection: Any, tenant: UUID, run: UUID, calls: Collection[str]) -> list[Effect]:
    """Those of the tasks at the references `calls` that the journal tells of, in the order in which they began."""
    found = await connection.fetch(
        "SELECT seq, at, kind, reference, name, data ->> 'skipped' IS NOT NULL AS skipped "
        "FROM app.journal WHERE tenant_id = $1 AND run_id = $2 "
        "AND ((reference = ANY($3) AND kind = ANY($4)) OR kind IN ('run.retried', 'run.migrated')) "
        "ORDER BY seq DESC LIMIT $5",
        tenant,
        run,
        list(calls),
        list(_LINES),
        MOST,
    )
    is_whole = len(found) < MOST and not any(row["kind"] in {"run.retried", "run.migrated"} for row in found)
    begun: list[Effect] = []
    latest: dict[str, Effect] = {}
    times: dict[str, int] = {}
    for row in reversed(found):
        reference, kind = row["reference"], row["kind"]
        if kind in {"task.started", "task.skipped"}:
            times[reference] = times.get(reference, 0) + 1
        if kind == "task.started":
            key = decisions.idempotency_key(tenant, run, reference, times[reference]) if is_whole else None
            latest[reference] = _begun(row, key)
            begun.append(latest[reference])
        elif kind in _STATUS and reference in latest:
            one = latest[reference]
            one.status = "failed" if row["skipped"] else _STATUS[kind]
            one.settled_at = row["at"] if kind in {"task.completed", "task.faulted"} else None
    return begun


def _begun(row: Any, key: str | None) -> Effect:
    return Effect(
        key=key,
        reference=row["reference"],
        name=row["name"],
        mode="keyed",
        operation=None,
        connection_id=None,
        status="sent",
        version=None,
        first_sent_at=row["at"],
        sent_at=row["at"],
        settled_at=None,
        asked_at=None,
    )


async def one(connection: Any, tenant: UUID, run: UUID, key: str) -> Effect | None:
    """The effect's row."""
    row = await connection.fetchrow(
        "SELECT key, reference, name, mode, operation, connection_id, status, version, first_sent_at, sent_at, "
        "settled_at, asked_at, sent::text AS sent, answer::text AS answer, error::text AS error, settled_by "
        "FROM app.effect WHERE tenant_id = $1 AND run_id = $2 AND key = $3",
        tenant,
        run,
        key,
    )
    return None if row is None else Effect(**row)
