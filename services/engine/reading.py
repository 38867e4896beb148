"""Runs and their journals for readers. Every function runs inside a transaction of the tenant (asyncpg).

JSON columns come as text and go out as they are: numbers keep their digits.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra.pagination import Page
from infra.problems import NotFound

_SUMMARY: Final = (
    "r.run_id, r.deployment_id, r.revision, r.event_id, r.business_key, r.state, r.attempt, r.waiting_for, "
    "r.created_at, r.started_at, r.ended_at"
)


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """None: any. All that are given must hold."""

    state: str | None = None
    business_key: str | None = None
    deployment_id: UUID | None = None
    event_id: UUID | None = None


async def list_runs(connection: Any, tenant: UUID, page: Page, only: RunFilter) -> list[Any]:
    """Newest first, without payloads; one row more than the page holds."""
    conditions, arguments = ["r.tenant_id = $1"], [tenant]
    wanted = {"state": only.state, "business_key": only.business_key, "event_id": only.event_id}
    wanted["deployment_id"] = only.deployment_id
    for column, value in wanted.items():
        if value is not None:
            arguments.append(value)
            conditions.append(f"r.{column} = ${len(arguments)}")
    if page.after is not None:
        arguments.append(UUID(page.after))
        conditions.append(f"r.run_id < ${len(arguments)}")
    # Column names are those above, values are parameters: no text of a caller's is in the statement.
    query = f"SELECT {_SUMMARY} FROM app.run r WHERE {' AND '.join(conditions)} ORDER BY r.run_id DESC "  # noqa: S608
    return list(await connection.fetch(query + f"LIMIT {page.limit + 1}", *arguments))


async def read_run(connection: Any, tenant: UUID, run: UUID) -> Any:
    """One run with input, output and error.

    Raises:
        NotFound: the tenant has none of this id.
    """
    row = await connection.fetchrow(
        f"SELECT {_SUMMARY}, r.input, r.output, r.error FROM app.run r WHERE r.tenant_id = $1 AND r.run_id = $2",  # noqa: S608
        tenant,
        run,
    )
    if row is None:
        raise NotFound
    return row


async def read_journal(connection: Any, tenant: UUID, run: UUID, page: Page) -> list[Any]:
    """The lines after the page's position, in their order; one more than the page holds."""
    return list(
        await connection.fetch(
            "SELECT seq, at, kind, reference, name, data FROM app.journal "
            "WHERE tenant_id = $1 AND run_id = $2 AND seq > $3 ORDER BY seq LIMIT $4",
            tenant,
            run,
            int(page.after or -1),
            page.limit + 1,
        )
    )
