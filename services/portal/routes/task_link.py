"""A task that somebody got by mail: looked at, and decided by a form that they send (S-64, S-69, ADR 0112)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody
from msgspec import Meta

from infra import crash_points
from infra.ids import TenantId
from infra.problems import NotFound, Problem
from services.api import task_view
from services.api.call import Call
from services.api.client_network import network_of
from services.api.fields import Instant
from services.api.run_view import RunValue
from services.api.task_view import TaskId
from services.engine import values
from services.human_tasks import acting, people, reading
from services.human_tasks.deciding import Decided, Decision
from services.human_tasks.errors import NotYourTask
from services.human_tasks.people import Person
from services.links import links
from services.portal.doorkeeper import doorkeeper_of
from services.portal.link_holder import Holder, holder_of, person_of
from tenants.identity.permissions import Permission
from tenants.organizations.link_texts import LinkOver

TAGS: Final = ["links"]
HEADERS: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
SIGN_IN: Final = "sign-in-needed"
_DECIDED: Final = (
    "SELECT d.outcome, t.state = 'completed' AS complete FROM app.human_task_decision d "
    "JOIN app.human_task t USING (tenant_id, task_id) WHERE d.tenant_id = $1 AND d.task_id = $2 AND d.account_id = $3 "
    "AND NOT d.is_void ORDER BY d.number DESC LIMIT 1"
)


class LinkRefusal(msgspec.Struct, frozen=True):
    """Why the link decides nothing now; signing in may."""

    reason: Annotated[str, Meta(examples=[SIGN_IN, "no-authority"])]
    detail: str


class LinkedAsk(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, as its holder would see it signed in; the data of its run masked as theirs is."""

    kind: str
    title: str | None
    instructions: str | None
    facts: Annotated[Any, Meta(description="What the authority judges by.")]
    shown: Any
    form: Any
    outcomes: list[str]
    decision: str | None
    value: RunValue | None
    due: Instant | None
    version: int
    saw: Annotated[str, Meta(description="SHA-256 of what this shows. Send it with the decision.")]
    given: Annotated[int, Meta(description="Persons who have decided it so far, where it takes several.")]


class LinkedTask(msgspec.Struct, frozen=True, kw_only=True):
    """`asked` is null where it was decided, or is shown to nobody who did not sign in."""

    state: Literal["open", "decided"]
    holder: Annotated[str, Meta(description="Whose link it is.")]
    client: str | None
    environment: str | None
    task: TaskId
    outcome: Annotated[str | None, Meta(description="As its holder decided.")]
    asked: LinkedAsk | None
    refusal: LinkRefusal | None


class DecisionByLink(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    outcome: Annotated[str, Meta(max_length=63, description="One of the task's `outcomes`.")]
    version: Annotated[int, Meta(ge=1, le=2**31 - 1, description="Of the task as the link showed it.")]
    saw: Annotated[str, Meta(max_length=64, description="As the link showed it.")]
    values: Annotated[dict[str, Any], Meta(description="By the schema of its form.")] = {}
    why: Annotated[str, Meta(max_length=2_000)] | None = None
    seconds: Annotated[int, Meta(ge=0, le=86_400)] | None = None


class DecidedByLink(msgspec.Struct, frozen=True, kw_only=True):
    outcome: str
    complete: Annotated[bool, Meta(description="False: others have to decide alike before it counts.")]


@get("/portal/link", summary="Read a task by its link", tags=TAGS)
async def read_linked_task(request: Call) -> Response[LinkedTask]:
    """By the link's text in the header `X-Link`. It changes nothing, however often and by whatever it is looked at."""
    async with doorkeeper_of(request).guessing(request):
        holder = await holder_of(request)
    return Response(await _view(request, holder), headers=HEADERS)


@post("/portal/link/decide", summary="Decide a task by its link", tags=TAGS, status_code=200)
async def decide_by_link(request: Call, data: JSONBody[DecisionByLink]) -> Response[DecidedByLink]:
    """As whoever the link was sent to, by the authority that they have now, once.

    The same decision again answers the same; another one is refused, and so is who has to sign in first.
    """
    async with doorkeeper_of(request).guessing(request):
        holder = await holder_of(request)
    tenant = TenantId(holder.tenant)
    wanted = Decision(
        outcome=data.outcome,
        values=data.values,
        why=None if data.why is None else values.plain(data.why),
        seen=data.version,
        saw=data.saw,
        seconds=data.seconds,
    )
    if holder.link.used_at is not None:
        before = await _decided(request, holder)
        if before is None or before.outcome != data.outcome:
            raise LinkOver
        return Response(before, headers=HEADERS)
    if (lacking := _lacking(holder)) is not None:
        raise NotYourTask(lacking.detail)
    async with request.resources.database.tenant(tenant) as connection:
        person = await people.read(connection, tenant, _person(request, holder))
        await links.use(connection, holder.link)
        decided: Decided = await request.resources.tasks.complete(connection, tenant, holder.task, person, wanted)
    crash_points.pass_by("task.decided")
    request.resources.ring()
    request.resources.changes.note([(tenant, decided.run)])
    return Response(DecidedByLink(outcome=data.outcome, complete=decided.is_complete), headers=HEADERS)


def _person(request: Call, holder: Holder) -> Person:
    return person_of(request, holder, network_of(request.scope, request.resources.settings.trusted_proxies))


def _lacking(holder: Holder) -> LinkRefusal | None:
    if not holder.is_enough:
        return LinkRefusal(SIGN_IN, "Your account asks for more than a mail: sign in to decide")
    if Permission.TASKS_WORK not in holder.principal.permissions:
        return LinkRefusal(NotYourTask.name, "Your account may not work on tasks any more")
    return None


async def _decided(request: Call, holder: Holder) -> DecidedByLink | None:
    """What its holder decided before; None where the task was asked for anew since."""
    async with request.resources.database.tenant(holder.tenant) as connection:
        row = await connection.fetchrow(_DECIDED, holder.tenant, holder.task, holder.account.account_id)
    return None if row is None else DecidedByLink(**row)


async def _view(request: Call, holder: Holder) -> LinkedTask:
    is_used = holder.link.used_at is not None
    decided = await _decided(request, holder) if is_used else None
    asked, refusal = (None, None) if is_used else await _asked(request, holder)
    return LinkedTask(
        state="decided" if is_used else "open",
        holder=holder.account.name,
        client=holder.account.client_name,
        environment=holder.account.environment,
        task=holder.link.subject,
        outcome=None if decided is None else decided.outcome,
        asked=asked,
        refusal=refusal,
    )


async def _asked(request: Call, holder: Holder) -> tuple[LinkedAsk | None, LinkRefusal | None]:
    """What it shows, and why it may not be decided by this link; both where a person may look and not decide."""
    if (lacking := _lacking(holder)) is not None:
        return None, lacking
    tenant, task, database = holder.tenant, holder.task, request.resources.database
    async with database.tenant(tenant) as connection:
        person = await people.read(connection, tenant, _person(request, holder))
    try:
        async with request.transaction() as session:
            row = await reading.read_task(session, tenant, task, person, sees_all=False)
            decided = await reading.decisions(session, tenant, task)
    except NotFound:
        return None, LinkRefusal(NotYourTask.name, "The task is not for a role of yours any more")
    found = task_view.view(request, row, person, request.resources.tasks.forms, acts=[], decided=decided)
    kept = {name: getattr(found, name) for name in LinkedAsk.__struct_fields__ if name != "given"}
    asked = LinkedAsk(**kept, given=sum(one.counts for one in found.decisions))
    return asked, await _judged(request, holder, person, found.outcomes[0])


async def _judged(request: Call, holder: Holder, person: Person, outcome: str) -> LinkRefusal | None:
    """Asked as a preview asks: nothing is changed."""
    tenant, desk = holder.tenant, request.resources.tasks
    try:
        async with request.resources.database.tenant(tenant) as connection:
            row = await acting.locked(connection, tenant, holder.task, person)
            verdict = await desk.look(connection, tenant, row, person, outcome=outcome)
    except Problem as problem:
        return LinkRefusal(problem.name, problem.detail)
    return None if verdict.is_allowed else LinkRefusal("no-authority", verdict.why)


HANDLERS: Final = (read_linked_task, decide_by_link)
