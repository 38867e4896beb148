"""Runs and their journals for readers. Every function runs inside a transaction of the tenant.

JSON columns come as text and go out as they are: numbers keep their digits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import DateTime, Select, Text, Uuid, case, cast, func, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from infra import clock, ids
from infra.pagination import Page
from infra.problems import NotFound
from services.engine import payload_rows, payloads
from services.engine.lifecycle import MIGRATED, TASK_BEGINS, TASK_LINES, carried
from services.engine.payload_table import Payload
from services.engine.tables import JournalLine, Run, RunKey
from tenants.deployments.models import Deployment, DeploymentRevision, WorkflowVersion

# In the very words of the index `run_held`.
HELD: Final = text("run.state = 'completed' AND app.is_held(run.output)")
_IS_ASKED: Final = Run.asked.is_not(None) & (Run.state != "suspended")
_KEYS: Final = (
    select(cast(func.json_object_agg(RunKey.name, RunKey.value), Text))
    .where(RunKey.tenant_id == Run.tenant_id, RunKey.run_id == Run.run_id, RunKey.name.not_like("/%"))
    .scalar_subquery()
)
SUMMARY: Final = (
    Run.run_id,
    Run.deployment_id,
    Run.revision,
    Run.program,
    Run.event_id,
    Run.business_key,
    _KEYS.label("keys"),
    case((Run.writer == "waits", func.app.key_holder(Run.tenant_id, Run.run_id, type_=Uuid))).label("key_holder"),
    Run.value_amount,
    Run.value_currency,
    Run.deadline,
    Run.customer_class,
    Run.priority,
    Run.state,
    Run.attempt,
    Run.seq,
    cast(Run.waiting_for, Text).label("waiting_for"),
    case((_IS_ASKED, cast(func.json_extract_path_text(Run.asked, "at"), DateTime(timezone=True)))).label(
        "suspension_asked_at"
    ),
    case((Run.state == "waiting", Run.due_at)).label("next_attempt_at"),
    case((HELD, cast(Run.output, Text))).label("told"),
    case((Run.state == "faulted", func.json_extract_path_text(Run.error, "instance"))).label("failed_at"),
    Run.created_at,
    Run.started_at,
    Run.ended_at,
    Deployment.name.label("deployment_name"),
    WorkflowVersion.namespace.label("workflow_namespace"),
    WorkflowVersion.name.label("workflow_name"),
    WorkflowVersion.version.label("workflow_version"),
    WorkflowVersion.title.label("workflow_title"),
)
_Other = aliased(Run)
_UNDONE: Final = [
    select(column)
    .where(_Other.tenant_id == Run.tenant_id, _Other.compensates == Run.run_id)
    .correlate(Run)
    .scalar_subquery()
    .label(name)
    for name, column in (("compensated_by", _Other.run_id), ("compensated_at", _Other.created_at))
]
_DATA: Final = (
    *(cast(column, Text).label(column.key) for column in (Run.input, Run.output, Run.error)),
    Run.compensates,
    *_UNDONE,
)

Row = Mapping[Any, Any]
Mark = tuple[int, str, int, bool]
"""Of a run: lines of its journal, state, attempt, whether somebody wants it suspended.

Another one with every change that a reader can see.
"""
MOST_MARKS: Final = 200
_RECENT: Final = timedelta(minutes=5)
_OPEN: Final = ("pending", "running", "waiting", "suspended")


async def read_run(session: AsyncSession, tenant: UUID, run: UUID) -> Row:
    """One run with input, output and error.

    Raises:
        NotFound: the tenant has none of this id.
        PayloadUnreadable: a value of it is missing or damaged.
    """
    found = await session.execute(joined((*SUMMARY, *_DATA), tenant).where(Run.run_id == run))
    row: Row | None = found.mappings().one_or_none()
    if row is None:
        raise NotFound
    return (await _whole(session, tenant, run, [row], ("input", "output")))[0]


async def read_runs(session: AsyncSession, tenant: UUID, runs: Collection[UUID]) -> list[Row]:
    """Those of `runs` that the tenant has, without payloads, in no order."""
    found = await session.execute(joined(SUMMARY, tenant).where(Run.run_id.in_(runs)))
    return list(found.mappings())


async def read_marks(session: AsyncSession, tenant: UUID) -> dict[UUID, Mark]:
    """By which to see that a run changed: of the last minutes' runs, and of the newest in each state that is no end.

    Five short reads of an index, however many runs there are; at most `MOST_MARKS` from each. The minutes are there for
    runs that began and ended since somebody looked; as many as clocks of two machines may ever differ.
    """
    columns = (Run.run_id, Run.seq, Run.state, Run.attempt, _IS_ASKED)
    newest = select(*columns).where(Run.tenant_id == tenant).order_by(Run.run_id.desc()).limit(MOST_MARKS)
    parts = [select(newest.where(Run.run_id >= ids.least_of(clock.now() - _RECENT)).subquery())]
    parts += [select(newest.where(Run.state == state).subquery()) for state in _OPEN]
    found = await session.execute(union_all(*parts))
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in found}


def mark(row: Row) -> Mark:
    return row["seq"], row["state"], row["attempt"], row["suspension_asked_at"] is not None


async def read_journal(session: AsyncSession, tenant: UUID, run: UUID, page: Page) -> list[Row]:
    """The lines after the page's position, in their order; one more than the page holds."""
    line = JournalLine
    data = cast(line.data, Text).label("data")
    query = select(line.seq, line.at, line.kind, line.reference, line.name, data).where(
        line.tenant_id == tenant, line.run_id == run, line.seq > int(page.after or -1)
    )
    found = await session.execute(query.order_by(line.seq).limit(page.limit + 1))
    return await _whole(session, tenant, run, list(found.mappings()), ("data",))


async def _whole(
    session: AsyncSession, tenant: UUID, run: UUID, rows: Sequence[Row], names: tuple[str, ...]
) -> list[Row]:
    """`rows` of one run with the large values that these members name; no statement where there is none."""
    holed = {row[name].encode() for row in rows for name in names if payloads.has_holes(row[name])}
    if not holed:
        return list(rows)
    wanted = set().union(*map(payloads.digests, holed))
    query = select(Payload.hash, Payload.size, Payload.codec, Payload.body).where(
        Payload.tenant_id == tenant, Payload.owner_id == run, Payload.hash.in_([bytes.fromhex(one) for one in wanted])
    )
    bodies = await payload_rows.opened((await session.execute(query)).mappings().all())
    return [
        {**row, **{name: payloads.fill(row[name].encode(), bodies).decode() for name in names if row[name] is not None}}
        for row in rows
    ]


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A migration of a run: before line `seq` it was of `version`, and its open tasks had other references (`data`)."""

    seq: int
    version: str
    data: Mapping[str, Any]


async def read_moves(session: AsyncSession, tenant: UUID, run: UUID) -> list[Move]:
    """The migrations of the run, in their order."""
    line = JournalLine
    query = select(line.seq, cast(line.data, Text)).where(
        line.tenant_id == tenant, line.run_id == run, line.kind == MIGRATED
    )
    rows = [(seq, msgspec.json.decode(data)) for seq, data in await session.execute(query.order_by(line.seq))]
    return [Move(seq=seq, version=data["from"]["version"], data=data) for seq, data in rows]


async def read_under_way(
    session: AsyncSession, tenant: UUID, run: UUID, before: int, moves: Sequence[Move] = ()
) -> list[str]:
    """References of the tasks that were, before this line, in the order in which they began; `moves` of the run."""
    first, found = 0, list[str]()
    for move in [one for one in moves if one.seq < before]:
        found = carried(await _under_way(session, tenant, run, (first, move.seq), found), move.data)
        first = move.seq
    return await _under_way(session, tenant, run, (first, before), found)


async def _under_way(
    session: AsyncSession, tenant: UUID, run: UUID, lines: tuple[int, int], known: Sequence[str]
) -> list[str]:
    """Those of `known`, which were at the first of these lines, and those that began since."""
    line = JournalLine
    began = func.max(line.seq).filter(line.kind == TASK_BEGINS)
    ended = func.coalesce(func.max(line.seq).filter(line.kind != TASK_BEGINS), -1)
    query = select(line.reference, began > ended).where(
        line.tenant_id == tenant, line.run_id == run, line.seq >= lines[0], line.seq < lines[1]
    )
    query = query.where(line.kind.in_(TASK_LINES)).group_by(line.reference).order_by(began)
    seen = [(reference, bool(is_open)) for reference, is_open in await session.execute(query)]
    touched = {reference for reference, _ in seen}
    return [*(one for one in known if one not in touched), *(one for one, is_open in seen if is_open)]


def joined(columns: Iterable[Any], tenant: UUID) -> Select[Any]:
    """Runs of the tenant with the workflow that each is pinned to and the name of its deployment."""
    revision = (
        (DeploymentRevision.tenant_id == Run.tenant_id)
        & (DeploymentRevision.deployment_id == Run.deployment_id)
        & (DeploymentRevision.revision == Run.revision)
    )
    # A run that another one started executes one of the workflows that its revision pins beside its own.
    beside = cast(func.json_extract_path_text(DeploymentRevision.workflows, Run.program), Uuid)
    version = (WorkflowVersion.tenant_id == DeploymentRevision.tenant_id) & (
        WorkflowVersion.workflow_version_id
        == case((Run.program.is_not(None), beside), else_=DeploymentRevision.workflow_version_id)
    )
    deployment = (Deployment.tenant_id == Run.tenant_id) & (Deployment.deployment_id == Run.deployment_id)
    query = select(*columns).select_from(Run).join(DeploymentRevision, revision).join(WorkflowVersion, version)
    return query.join(Deployment, deployment).where(Run.tenant_id == tenant)
