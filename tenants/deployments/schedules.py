"""When deployments begin runs by themselves: a row for each way of the active revision, none for a disabled one.

Filters of events are rows of the revision, where a schedule has several of them.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from template_library.dsl import cron
from template_library.dsl.events import plain
from template_library.dsl.model import Consumption
from template_library.dsl.model import Schedule as Written
from template_library.dsl.schedules import is_plain, trigger
from tenants.deployments.models import Candidate, DeploymentTrigger, PendingEvent, Schedule


class Due(msgspec.Struct, frozen=True):
    """A schedule whose time has come; `now` is the database's."""

    tenant_id: UUID
    deployment_id: UUID
    kind: str
    revision: int
    milliseconds: int | None
    cron: str | None
    next_at: dt.datetime
    now: dt.datetime


async def plan(
    session: AsyncSession, tenant_id: UUID, deployment_id: UUID, revision: int, written: Written | None
) -> None:
    """Make the rows what `written` says; None removes them all. A way that stays as it was keeps its time."""
    now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    wanted = {row["kind"]: row for row in _rows(written, now)}
    place = (Schedule.tenant_id == tenant_id) & (Schedule.deployment_id == deployment_id)
    known = {row.kind: row for row in await session.scalars(select(Schedule).where(place))}
    # Who judges events holds this while it begins runs: none begins once a deployment is disabled.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(deployment_id), 0))))
    if written is None:
        unjudged = (Candidate.tenant_id == tenant_id) & (Candidate.deployment_id == deployment_id)
        await session.execute(delete(Candidate).where(unjudged))
    # Events that waited for others of an earlier revision, or of one that is disabled now, start nothing any more.
    waiting = (PendingEvent.tenant_id == tenant_id) & (PendingEvent.deployment_id == deployment_id)
    if written is not None:
        waiting &= PendingEvent.revision != revision
    await session.execute(delete(PendingEvent).where(waiting))
    gone = [kind for kind, row in known.items() if not _is_same(row, wanted.get(kind))]
    await session.execute(delete(Schedule).where(place & Schedule.kind.in_(gone)))
    for kind, row in wanted.items():
        if kind in known and kind not in gone:
            known[kind].revision = revision
        else:
            whole = {"tenant_id": tenant_id, "deployment_id": deployment_id, "revision": revision, **row}
            await session.execute(insert(Schedule).values(whole))
    await session.flush()


async def add_triggers(
    session: AsyncSession, tenant_id: UUID, deployment_id: UUID, revision: int, written: Written | None
) -> None:
    """The filters of a new revision; one event with written attributes is a column of its own."""
    if written is None or written.on is None or trigger(written) is not None:
        return
    on = written.on
    filters = [*on.filters, *(on.until.filters if isinstance(on.until, Consumption) else ())]
    for place, one in enumerate(filters):
        attributes = plain(one)
        session.add(
            DeploymentTrigger(
                tenant_id=tenant_id,
                deployment_id=deployment_id,
                revision=revision,
                place=place,
                places=len(filters),
                strategy=on.strategy,
                type=attributes.get("type"),
                attributes=attributes,
                judged=not is_plain(on),
            )
        )
    await session.flush()


def following(due: Due) -> dt.datetime | None:
    """When it is due again; None when that depends on the end of the run that begins now, or never.

    What was missed while nothing ran is not made up for: one run begins for all of it.
    """
    if due.kind == "after":
        return None
    now = int(due.now.timestamp() * 1000)
    if due.kind == "every":
        length = due.milliseconds or 1
        first = int(due.next_at.timestamp() * 1000)
        return _moment(first + ((now - first) // length + 1) * length)
    found = cron.next_after(due.cron or "", now)
    return None if found is None else _moment(found)


def _rows(written: Written | None, now: dt.datetime) -> list[dict[str, Any]]:
    if written is None:
        return []
    found = []
    if written.every is not None:
        first = now + dt.timedelta(milliseconds=written.every)
        found.append({"kind": "every", "milliseconds": written.every, "cron": None, "next_at": first})
    if written.cron is not None:
        moment = cron.next_after(written.cron, int(now.timestamp() * 1000))
        first_of = None if moment is None else _moment(moment)
        found.append({"kind": "cron", "milliseconds": None, "cron": written.cron, "next_at": first_of})
    if written.after is not None:
        # There must be a first run for others to follow it.
        found.append({"kind": "after", "milliseconds": written.after, "cron": None, "next_at": now})
    return found


def _is_same(row: Schedule, wanted: dict[str, Any] | None) -> bool:
    return wanted is not None and (row.milliseconds, row.cron) == (wanted["milliseconds"], wanted["cron"])


def _moment(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
