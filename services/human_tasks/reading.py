"""Tasks for readers: the inbox, its counts, one with its history; inside a transaction of the tenant.

A list is read queue by queue, each from an index in the order of the list and by conditions that row-level security
lets an index answer (E11), and joined: no more rows are looked at than queues times the page. One statement serves any
number of queues (a LATERAL over the array of them): a union of as many parts took forty times as long to be written
down as to be answered.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, Select, Text, cast, desc, func, literal, or_, select, true, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page
from infra.problems import NotFound
from services.engine.tables import Run
from services.human_tasks.people import Person
from services.human_tasks.states import State
from services.human_tasks.tables import HumanTask, HumanTaskDecision, HumanTaskEvent
from tenants.deployments.models import DeploymentRevision

Row = Mapping[Any, Any]
Sort = Literal["due", "value"]
View = Literal["inbox", "mine", "queues", "all"]
"""`inbox`: mine, and what nobody else has of my queues. `all`: every queue, for who manages tasks."""
ACTS_SHOWN: Final = 200
_LISTED: Final = (
    HumanTask.task_id,
    HumanTask.run_id,
    HumanTask.kind,
    HumanTask.title,
    HumanTask.role,
    HumanTask.decision,
    HumanTask.state,
    HumanTask.version,
    HumanTask.assignee,
    HumanTask.is_given,
    HumanTask.skills,
    HumanTask.entity_kind,
    HumanTask.entity_key,
    HumanTask.value,
    HumanTask.currency,
    HumanTask.due_at,
    HumanTask.outcome,
    HumanTask.decided_by,
    HumanTask.decided_at,
    HumanTask.created_at,
    HumanTask.changed_at,
    HumanTask.closed_at,
)
_RUNBOOK: Final = (
    select(func.json_extract_path_text(DeploymentRevision.exceptions, HumanTask.kind, "runbook"))
    .join(
        Run,
        (Run.tenant_id == DeploymentRevision.tenant_id)
        & (Run.deployment_id == DeploymentRevision.deployment_id)
        & (Run.revision == DeploymentRevision.revision),
    )
    .where(Run.tenant_id == HumanTask.tenant_id, Run.run_id == HumanTask.run_id)
    .scalar_subquery()
    .label("runbook")
)
"""What its workflow declares is to be done about its kind; null where it declares nothing, or of an archived run."""
_ORDERS: Final[dict[Sort, tuple[Any, bool]]] = {"due": (HumanTask.due, False), "value": (HumanTask.worth, True)}
"""What a page is ordered by before the id, and whether the highest comes first."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """None: any. All that are given must hold. `is_open`: False for those that are closed, newest first."""

    view: View = "inbox"
    is_open: bool = True
    state: State | None = None
    kind: str | None = None
    role: str | None = None
    assignee: UUID | None = None
    entity_kind: str | None = None
    entity_key: str | None = None
    run: UUID | None = None
    due_before: datetime | None = None
    currency: str | None = None
    least_value: int | None = None
    ids: Sequence[UUID] | None = None


async def list_tasks(  # noqa: PLR0913 (whose, which and in which order)
    session: AsyncSession, tenant: UUID, page: Page, only: Filter, person: Person | None, *, sort: Sort
) -> list[Row]:
    """One row more than the page holds: the most urgent or the most valuable first. See `position`.

    `person`: who reads; None: a key, which has no queues and may read `all` where it manages tasks.
    """
    query = listing(tenant, page, only, person, sort=sort)
    return [] if query is None else list((await session.execute(query)).mappings())


def listing(tenant: UUID, page: Page, only: Filter, person: Person | None, *, sort: Sort) -> Select[Any] | None:
    """The statement; None where there is nothing that the reader could see."""
    parts = [_part(tenant, page, only, one, sort=sort) for one in _parts(only, person)]
    if not parts:
        return None
    if len(parts) == 1:
        all_of = parts[0].subquery()
    else:
        all_of = union_all(*(select(one.subquery()) for one in parts)).subquery()
    order = _directed([all_of.c.place, all_of.c.task_id], only, sort)
    return select(all_of).order_by(*order).limit(page.limit + 1)


def position(row: Row) -> str:
    """Where a page that ends with `row` goes on."""
    return f"{row['place_text']} {row['task_id']}"


async def read_task(session: AsyncSession, tenant: UUID, task: UUID, person: Person | None, *, sees_all: bool) -> Row:
    """With what it was asked with, as JSON text. Raises NotFound: none of this id that the reader sees."""
    held = (HumanTask.tenant_id, HumanTask.assignee, HumanTask.role, HumanTask.is_given)
    columns = (*_LISTED, HumanTask.reference, HumanTask.reason, func.app.keeps_task(*held).label("is_kept"))
    whole = (cast(HumanTask.content, Text).label("content"), cast(HumanTask.answer, Text).label("answer"), _RUNBOOK)
    found = await session.execute(
        select(*columns, *whole).where(HumanTask.tenant_id == tenant, HumanTask.task_id == task)
    )
    row: Row | None = found.mappings().one_or_none()
    is_seen = row is not None and (sees_all or (person is not None and _sees(person, row)))
    if row is None or not is_seen:
        raise NotFound
    return row


def _sees(person: Person, row: Row) -> bool:
    return person.sees(row["role"], row["assignee"], is_given=row["is_given"])


async def history(session: AsyncSession, tenant: UUID, task: UUID) -> list[HumanTaskEvent]:
    """Its acts and comments, the oldest first, of the last `ACTS_SHOWN`."""
    row = HumanTaskEvent
    query = select(row).where(row.tenant_id == tenant, row.task_id == task).order_by(row.number.desc())
    return list(reversed((await session.scalars(query.limit(ACTS_SHOWN))).all()))


async def decisions(session: AsyncSession, tenant: UUID, task: UUID) -> list[HumanTaskDecision]:
    """What people decided of it, the oldest first."""
    row = HumanTaskDecision
    query = select(row).where(row.tenant_id == tenant, row.task_id == task).order_by(row.number)
    return list((await session.scalars(query)).all())


async def counts(session: AsyncSession, tenant: UUID, roles: Sequence[str] | None) -> list[Row]:
    """Of each queue its open tasks, those that nobody has, those that are overdue, and when the next is due.

    `roles`: of these queues alone; None: of every queue.
    """
    row = HumanTask
    columns = (
        row.role,
        func.count().label("count"),
        func.count().filter(row.assignee.is_(None)).label("unassigned"),
        func.count().filter(row.due < func.now()).label("overdue"),
        func.min(row.due).label("next_due"),
    )
    query = select(*columns).where(row.tenant_id == tenant, row.closed_at.is_(None))
    if roles is not None:
        query = query.where(row.role.in_(roles))
    return list((await session.execute(query.group_by(row.role).order_by(row.role))).mappings())


async def count_mine(session: AsyncSession, tenant: UUID, person: Person) -> int:
    """Open tasks that are in their hands, or in those of whom they stand in for."""
    row = HumanTask
    query = select(func.count()).where(row.tenant_id == tenant, row.closed_at.is_(None))
    query = query.where(row.assignee.in_(person.accounts), _is_kept(person))
    return await session.scalar(query) or 0


def _is_kept(person: Person) -> Any:
    """Of what somebody has in hand: by a role that they have, or as it was given to them."""
    return or_(HumanTask.is_given, HumanTask.role.in_(person.queues))


class _Seen(msgspec.Struct, frozen=True):
    """A part of what the reader sees: `each` of these that a column is equal to, and what holds besides."""

    column: Any = None
    each: Sequence[Any] = ()
    besides: tuple[Any, ...] = ()


def _parts(only: Filter, person: Person | None) -> list[_Seen]:
    """No row is in two of them, nor twice in one."""
    row = HumanTask
    if only.view == "all" or (person is None and only.view == "inbox"):
        return [_Seen(besides=() if only.role is None else (row.role == only.role,))]
    if person is None:
        return []
    role = () if only.role is None else (row.role == only.role,)
    mine = _Seen(row.assignee, sorted(set(person.accounts)), (_is_kept(person), *role))
    roles = sorted(one for one in set(person.queues) if only.role in {None, one})
    if only.view == "mine":
        return [mine]
    if only.view == "queues":
        return [_Seen(row.role, roles)] if roles else []
    return [mine, _Seen(row.role, roles, (row.assignee.is_(None),))] if roles else [mine]


def _part(tenant: UUID, page: Page, only: Filter, seen: _Seen, *, sort: Sort) -> Select[Any]:
    row = HumanTask
    place = row.task_id if not only.is_open else _ORDERS[sort][0]
    query: Any = select(*_LISTED, place.label("place"), cast(place, Text).label("place_text"))
    is_open = row.closed_at.is_(None) if only.is_open else row.closed_at.is_not(None)
    query = query.where(row.tenant_id == tenant, is_open, *seen.besides, *_conditions(only))
    both = [place, row.task_id]
    if page.after is not None:
        query = query.where(_behind(page.after, both, only, sort))
    query = query.order_by(*_directed(both, only, sort)).limit(page.limit + 1)
    if seen.column is None:
        alone: Select[Any] = query
        return alone
    values = cast(list(seen.each), ARRAY(seen.column.type))
    one = func.unnest(values).table_valued("one").render_derived(name="each")
    of_each = query.where(seen.column == one.c.one).correlate(one).lateral()
    return select(of_each).select_from(one.join(of_each, true()))


def _behind(after: str, both: list[Any], only: Filter, sort: Sort) -> Any:
    """Of the rows behind the one where the last page ended."""
    place, _, last = after.rpartition(" ")
    seen = tuple_(cast(literal(place, Text()), both[0].type), literal(UUID(last)))
    falls = not only.is_open or _ORDERS[sort][1]
    return tuple_(*both) < seen if falls else tuple_(*both) > seen


def _directed(columns: list[Any], only: Filter, sort: Sort) -> list[Any]:
    falls = not only.is_open or _ORDERS[sort][1]
    return [desc(one) for one in columns] if falls else columns


def _conditions(only: Filter) -> list[Any]:
    row = HumanTask
    wanted: tuple[tuple[Any, Any, Any], ...] = (
        (row.state, operator.eq, only.state),
        (row.kind, operator.eq, only.kind),
        (row.assignee, operator.eq, only.assignee),
        (row.entity_kind, operator.eq, only.entity_kind),
        (row.entity_key, operator.eq, only.entity_key),
        (row.run_id, operator.eq, only.run),
        (row.due, operator.lt, only.due_before),
        (row.currency, operator.eq, only.currency),
        (row.worth, operator.ge, only.least_value),
    )
    found = [holds(column, given) for column, holds, given in wanted if given is not None]
    return found if only.ids is None else [*found, row.task_id.in_(only.ids)]
