"""What was done with an exception, by whom and when: read from the audit, which has each act in its own commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from tenants.audit.models import AuditRecord

MOST: Final = 100
"""The newest acts; of more the oldest are left out."""
ENGINE: Final = "engine"
_UNTOLD: Final = ("run.started", "run.compensated")
"""That its run began; and of undoing that the exception has it, with its reason."""
_SAME_COMMIT: Final = timedelta(seconds=5)
"""A run's audit is written behind the row that its act closed."""
_WORDS: Final = ("note", "reason", "words")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """`action`: what was done, in the past. `words` of a note, or why; `owner` of an assignment, else None.

    `is_of_data`: its words were said about an entry, which is data of the client's.
    """

    action: str
    at: datetime
    by: str
    words: str | None = None
    owner: str | None = None
    is_of_data: bool = False


async def read(session: AsyncSession, tenant: UUID, row: Mapping[Any, Any]) -> list[Line]:
    """Of a row of `reading`: that it stood there, what people did with it, its entry and its run, and its end.

    What people did with the run counts from its beginning: whoever finds it failed again sees that somebody retried it
    before. The oldest first.
    """
    record = AuditRecord
    query = (
        select(record.at, record.actor, record.action, record.after)
        .where(record.tenant_id == tenant, record.target.in_(_targets(row)))
        .where(record.actor != ENGINE, record.action.not_in(_UNTOLD))
        .order_by(record.audit_id.desc())
        .limit(MOST)
    )
    if row["closed_at"] is not None:
        query = query.where(record.at <= row["closed_at"] + _SAME_COMMIT)
    acts = [_line(*one) for one in await session.execute(query)]
    opened = Line(action="opened", at=row["opened_at"], by=ENGINE)
    return sorted([opened, *acts, *_ended(row, acts)], key=lambda one: one.at)


def _targets(row: Mapping[Any, Any]) -> Sequence[str]:
    of_run = [] if row["run_id"] is None else [ids.show("run", row["run_id"])]
    of_entry = [row["mark"]] if of_run and row["mark"] is not None else []
    return [ids.show("exc", row["exception_id"]), *of_run, *of_entry]


def _line(at: datetime, by: str, action: str, after: Any) -> Line:
    told: Mapping[str, Any] = after if isinstance(after, dict) else {}
    words = next((told[name] for name in _WORDS if isinstance(told.get(name), str) and told[name]), None)
    of_exception, of_entry = action.startswith("exception."), action.startswith("entry.")
    return Line(
        action=action.rpartition(".")[2],
        at=at,
        by=by,
        words=words if of_exception or of_entry else None,
        owner=told.get("owner") if of_exception else None,
        is_of_data=of_entry,
    )


def _ended(row: Mapping[Any, Any], acts: Sequence[Line]) -> list[Line]:
    """Its end, where no act says it."""
    if row["closed_at"] is None or any(one.action == row["outcome"] and one.at >= row["opened_at"] for one in acts):
        return []
    return [Line(action=row["outcome"], at=row["closed_at"], by=row["closed_by"])]
