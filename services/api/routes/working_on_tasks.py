from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import post
from litestar.params import JSONBody
from msgspec import Meta

from infra import crash_points, ids
from infra.database import is_outage
from infra.ids import TenantId
from infra.mail.template import visible
from infra.problems import Invalid, Unavailable
from services.api import previews, working
from services.api.call import Call
from services.api.policy import tenant_paths
from services.api.routes.tasks import TAGS, shown
from services.api.task_view import TaskId, TaskVersion, TaskView
from services.engine import values
from services.human_tasks import acting, batches, repeated
from services.human_tasks.acting import Act, Action
from services.human_tasks.batches import Batch, Outcome, Seen
from services.human_tasks.deciding import Decision
from services.human_tasks.people import Person

_PURPOSE: Final = "tasks"
Words = Annotated[str, Meta(max_length=2_000)]
Why = Annotated[str, Meta(max_length=2_000, description="Kept with the decision, and in the audit.")]
TaskOutcome = Annotated[str, Meta(max_length=63, description="One of the task's `outcomes`.")]


class ActOnTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    action: Annotated[
        Action,
        Meta(
            description="`claim` it; `release` it to its queue; `delegate` it to a colleague; `reassign` it to another"
            " role's queue, which takes `tasks:manage`; `comment`; `attach` a document of its run; `send` a new link"
            " to who is asked outside, or `withdraw` it, which take `tasks:manage`."
        ),
    ]
    version: Annotated[int, Meta(ge=1, le=2**31 - 1, description="Of the task as you saw it.")]
    to: Annotated[str, Meta(max_length=200, description="`account:acc_…`, or `role:…`.")] | None = None
    words: Words | None = None
    document: Annotated[str, Meta(description="Id of a document of the task's run.")] | None = None


class CompleteTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    outcome: TaskOutcome
    values: Annotated[dict[str, Any], Meta(description="By the schema of its form.")] = {}
    why: Why | None = None
    saw: Annotated[str, Meta(max_length=64, description="As the task showed it to you.")] | None = None
    seconds: Annotated[int, Meta(ge=0, le=86_400, description="Of work on it, as a page measured them.")] | None = None


class CompleteTasks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`preview: true` with `tasks` and an `outcome`; then the `token` that the preview gave, alone."""

    preview: bool = False
    tasks: Annotated[list[str], Meta(max_length=batches.MOST)] | None = None
    outcome: TaskOutcome | None = None
    why: Why | None = None
    token: Annotated[str, Meta(max_length=previews.MAX_TEXT)] | None = None


class CompletedTask(msgspec.Struct, frozen=True, kw_only=True):
    id: TaskId
    outcome: Annotated[
        Outcome,
        Meta(
            description="`completed`; `approved`: others have to decide alike before it counts. `changed`: not as the"
            " preview saw it, and left alone. `refused`: `why` says what is lacking. `left`: time was up; send the"
            " token again."
        ),
    ]
    why: str | None


class CompletedTasks(msgspec.Struct, frozen=True, kw_only=True):
    """Of a preview what would become of each, of its token what became of it."""

    done: list[CompletedTask]
    covered: Annotated[int, Meta(description="Tasks that the token stands for.")]
    token: Annotated[str | None, Meta(description="Of a preview; good for 24 hours, for you and exactly these.")]


@post(tenant_paths("/tasks/{task:str}/act"), summary="Act on a task", tags=TAGS, status_code=200)
async def act_on_task(request: Call, data: JSONBody[ActOnTask]) -> TaskView:
    """Only a person who is signed in. Of two who act on what they saw one does, the other gets `task-changed`."""
    task, tenant = request.path_id("tsk", "task"), TenantId(request.tenant.tenant_id)
    wanted = _act(data)
    await shown(request)
    async with request.resources.database.tenant(tenant) as connection:
        person = await working.somebody(request, connection)
        run = await acting.act(connection, tenant, task, person, wanted)
    request.resources.changes.note([(tenant, run)])
    return await shown(request)


@post(tenant_paths("/tasks/{task:str}/complete"), summary="Complete a task", tags=TAGS, status_code=200)
async def complete_task(request: Call, data: JSONBody[CompleteTask]) -> TaskView:
    """Decides it: by who has its role and, of a `decision`, the authority. Nobody else, and no key (`person-needed`).

    Send the `ETag` of the task as `If-Match`. Where several persons have to decide alike it goes back to its queue.
    Safe to send again: the same decision of the same person, while it is the newest change, is answered as the first.
    """
    task, tenant = request.path_id("tsk", "task"), TenantId(request.tenant.tenant_id)
    wanted = Decision(
        outcome=data.outcome,
        values=data.values,
        why=None if data.why is None else values.plain(data.why),
        saw=data.saw,
        seconds=data.seconds,
    )
    async with request.resources.deciding.place():
        await shown(request)
        async with request.resources.database.tenant(tenant) as connection:

            async def present() -> TaskVersion:
                return TaskVersion(ids.show("tsk", task), await acting.version(connection, tenant, task))

            person = await working.person_of(request, connection)
            desk = request.resources.tasks
            seen = None if person is None else await repeated.found(desk, connection, tenant, task, person, wanted)
            if seen is None:
                await request.match(present)
            decided = seen or await desk.complete(connection, tenant, task, working.known(person), wanted)
        crash_points.pass_by("task.decided")
        request.resources.ring()
        request.resources.changes.note([(tenant, decided.run)])
        return await _decided(request)


async def _decided(request: Call) -> TaskView:
    """What it became. It is committed: that it cannot be read now must not be told as if it were not."""
    try:
        return await shown(request)
    except Exception as error:
        if not is_outage(error):
            raise
        raise Unavailable("It is decided; send the same again to read what the task became") from error


@post(tenant_paths("/tasks/complete"), summary="Complete many tasks", tags=TAGS, status_code=200)
async def complete_tasks(request: Call, data: JSONBody[CompleteTasks]) -> CompletedTasks:
    """First with `preview`, tasks and an outcome, then with the preview's token, which decides those and no others.

    Each takes the authority that it takes alone, asked in the preview and once more when it is decided. Tasks with a
    form that asks for something are completed one by one. Safe to send again: what the token decided before is told
    as it was then.
    """
    tenant = TenantId(request.tenant.tenant_id)
    is_preview = data.preview and data.tasks is not None and data.outcome is not None and data.token is None
    nothing_else = data.tasks is None and data.outcome is None and data.why is None
    if not is_preview and (data.preview or data.token is None or not nothing_else):
        raise Invalid.at("", "Send 'preview': true with 'tasks' and an 'outcome', then the preview's 'token' alone")
    async with request.resources.deciding.place(), request.resources.database.tenant(tenant) as connection:
        person = await working.somebody(request, connection)
    if is_preview:
        return await _preview(request, tenant, person, data)
    packed = previews.read(request, _PURPOSE, tenant, data.token or "")
    return await _drive(request, tenant, person, batches.unpack(packed))


async def _preview(request: Call, tenant: TenantId, person: Person, data: CompleteTasks) -> CompletedTasks:
    outcome = data.outcome or ""
    tasks = list(dict.fromkeys(_task(one) for one in data.tasks or []))
    desk, place = request.resources.tasks, request.resources.deciding.place
    found = await batches.preview(request.resources.database, desk, tenant, person, tasks, outcome=outcome, place=place)
    seen = [Seen(one.task, one.version) for one in found if one.outcome != "refused"]
    why = None if data.why is None else values.plain(data.why)
    packed = batches.pack(Batch(person.account, outcome, why, seen))
    token = previews.issue(request, _PURPOSE, tenant, packed) if seen else None
    return CompletedTasks(done=[_told(one) for one in found], covered=len(seen), token=token)


async def _drive(request: Call, tenant: TenantId, person: Person, batch: Batch) -> CompletedTasks:
    if batch.account != person.account:
        raise Invalid.at("/token", "it is another person's preview; make your own")
    desk, place = request.resources.tasks, request.resources.deciding.place
    done = await batches.drive(request.resources.database, desk, tenant, person, batch, place)
    request.resources.ring()
    request.resources.changes.note([(tenant, run) for _, run in done if run is not None])
    return CompletedTasks(done=[_told(told) for told, _ in done], covered=len(done), token=None)


def _told(one: batches.Told) -> CompletedTask:
    return CompletedTask(id=ids.show("tsk", one.task), outcome=one.outcome, why=one.why or None)


def _act(data: ActOnTask) -> Act:
    words = None if data.words is None else visible(values.plain(data.words))
    if data.action == "comment" and not (words or "").strip():
        raise Invalid.at("/words", "say something")
    if (data.to is not None) != (data.action in {"delegate", "reassign"}):
        raise Invalid.at("/to", "name whom it goes to with delegate and reassign, and with nothing else")
    if (data.document is not None) != (data.action == "attach"):
        raise Invalid.at("/document", "name the document with attach, and with nothing else")
    document = None
    if data.document is not None:
        try:
            document = ids.read("doc", data.document)
        except ids.MalformedId:
            raise Invalid.at("/document", "no id of the form doc_…") from None
    return Act(action=data.action, seen=data.version, to=data.to, words=words, document=document)


def _task(text: str) -> Any:
    try:
        return ids.read("tsk", text)
    except ids.MalformedId:
        raise Invalid.at("/tasks", "each is an id of the form tsk_…") from None


HANDLERS: Final = (act_on_task, complete_task, complete_tasks)
