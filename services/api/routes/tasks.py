from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from litestar import get
from litestar.params import QueryParameter
from msgspec import Meta

from infra import ids
from infra.pagination import Page, cut
from infra.problems import Forbidden
from services.api import task_view, working
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor, filter_id
from services.api.policy import tenant_paths
from services.api.task_view import TaskItem, TaskVersion, TaskView
from services.human_tasks import reading
from services.human_tasks.acting import OUTSIDE
from services.human_tasks.people import Person
from services.human_tasks.reading import Filter, Sort, View
from services.human_tasks.states import OPEN, State
from services.links import links
from tenants.identity.permissions import Permission

TAGS: Final = ["tasks"]


class TaskList(msgspec.Struct, frozen=True):
    items: list[TaskItem]
    next: NextCursor


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """The open tasks of one role."""

    role: str
    count: int
    unassigned: Annotated[int, Meta(description="That nobody has, nor was offered first.")]
    overdue: int
    next_due: Instant | None


class QueueCounts(msgspec.Struct, frozen=True, kw_only=True):
    mine: Annotated[int, Meta(description="In your hands, or in those of whom you are the substitute now.")]
    queues: list[Queue]


Viewed = Annotated[
    View,
    QueryParameter(
        required=False,
        description="`inbox`: yours, and what nobody has of your queues. `mine`, or `queues` with what colleagues have."
        " `all`: every queue, which takes `tasks:manage`. Of whom you are the substitute now is yours, too.",
    ),
]
Sorted = Annotated[
    Sort,
    QueryParameter(
        required=False,
        description="`due`: the next one first. `value`: the highest first, whatever its currency. Closed ones are"
        " listed newest first.",
    ),
]
Which = Annotated[
    Literal["open", "closed"],
    QueryParameter(description="Open ones, or those that are over; a `state` of these, too.", required=False),
]
StateFilter = Annotated[State | None, QueryParameter(name="state", description="In this state.", required=False)]
KindFilter = Annotated[str | None, QueryParameter(description="Of this kind.", required=False, max_length=64)]
QueueFilter = Annotated[
    str | None, QueryParameter(description="In the queue of the role of this slug.", required=False, max_length=64)
]
AssigneeFilter = Annotated[
    str | None, QueryParameter(description="In the hands of this account: `account:acc_…`.", required=False)
]
EntityKind = Annotated[
    str | None, QueryParameter(description="About an entity of this kind.", required=False, max_length=64)
]
EntityKey = Annotated[
    str | None, QueryParameter(description="About the entity of this key.", required=False, max_length=512)
]
RunFilter = Annotated[str | None, QueryParameter(description="Of this run.", required=False)]
DueBefore = Annotated[Instant | None, QueryParameter(description="Due before then.", required=False)]
Currency = Annotated[
    str | None, QueryParameter(description="With a value in this currency.", required=False, max_length=3)
]
LeastValue = Annotated[
    int | None, QueryParameter(description="Worth that or more, in minor units.", required=False, ge=0, le=2**53)
]


@get(tenant_paths("/tasks"), summary="List tasks", tags=TAGS)
async def list_tasks(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    view: Viewed = "inbox",
    sort: Sorted = "due",
    which: Which = "open",
    in_state: StateFilter = None,
    kind: KindFilter = None,
    queue: QueueFilter = None,
    assignee: AssigneeFilter = None,
    entity_kind: EntityKind = None,
    entity_key: EntityKey = None,
    run: RunFilter = None,
    due_before: DueBefore = None,
    currency: Currency = None,
    least_value: LeastValue = None,
) -> TaskList:
    """What people are asked to do: of your queues, the most urgent or the most valuable first.

    A key has no queues: one with `tasks:manage` is answered with all.
    """
    page = request.page(limit, cursor)
    only = Filter(
        view=view,
        is_open=which == "open" and in_state in {None, *OPEN},
        state=in_state,
        kind=kind,
        role=queue,
        assignee=filter_id("acc", "assignee", assignee and assignee.removeprefix("account:")),
        entity_kind=entity_kind,
        entity_key=entity_key,
        run=filter_id("run", "run", run),
        due_before=due_before,
        currency=currency,
        least_value=least_value,
    )
    return await _page(request, page, only, sort)


async def _page(request: Call, page: Page, only: Filter, sort: Sort) -> TaskList:
    person, sees_all = await _reader(request), working.manages(request)
    if only.view == "all" and not sees_all:
        raise Forbidden("The permission tasks:manage is needed", permission=Permission.TASKS_MANAGE)
    if person is None and not sees_all:
        return TaskList([], None)
    async with request.transaction() as session:
        rows = await reading.list_tasks(session, request.tenant.tenant_id, page, only, person, sort=sort)
    kept, last = cut(rows, page, reading.position)
    return TaskList([task_view.item(row, request.payloads) for row in kept], request.cursor(last))


@get(tenant_paths("/tasks/counts"), summary="Count open tasks", tags=TAGS)
async def count_tasks(request: Call) -> QueueCounts:
    """By queue: all for who manages tasks, else those of your roles."""
    tenant, person, sees_all = request.tenant.tenant_id, await _reader(request), working.manages(request)
    if person is None and not sees_all:
        return QueueCounts(mine=0, queues=[])
    async with request.transaction() as session:
        mine = 0 if person is None else await reading.count_mine(session, tenant, person)
        roles = None if sees_all or person is None else person.queues
        rows = await reading.counts(session, tenant, roles)
    queues = [Queue(**{**row, "next_due": task_view.moment(row["next_due"])}) for row in rows]
    return QueueCounts(mine=mine, queues=queues)


@get(tenant_paths("/tasks/{task:str}"), summary="Read a task", tags=TAGS)
async def read_task(request: Call) -> TaskView:
    """With what a decision stands on, its form, its history and what was decided of it."""
    return await shown(request)


async def shown(request: Call) -> TaskView:
    """The task in the path. Raises NotFound: none that the caller sees."""
    task, tenant = request.path_id("tsk", "task"), request.tenant.tenant_id
    person = await _reader(request)
    async with request.transaction() as session:
        row = await reading.read_task(session, tenant, task, person, sees_all=working.manages(request))
        acts = await reading.history(session, tenant, task)
        decided = await reading.decisions(session, tenant, task)
    link = None
    if not row["role"]:
        async with request.resources.database.tenant(tenant) as connection:
            link = await links.newest(connection, tenant, OUTSIDE, ids.show("tsk", task))
    found = task_view.view(request, row, person, request.resources.tasks.forms, acts=acts, decided=decided, link=link)
    request.version(TaskVersion(found.id, found.version))
    return found


async def _reader(request: Call) -> Person | None:
    async with request.resources.database.tenant(request.tenant.tenant_id) as connection:
        return await working.person_of(request, connection)


HANDLERS: Final = (list_tasks, count_tasks, read_task)
