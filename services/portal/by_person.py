"""What a link of a person with an account shows and does: what they would see and may do signed in (ADR 0112)."""

from __future__ import annotations

from typing import Final

from infra import crash_points
from infra.ids import TenantId
from infra.problems import NotFound, Problem
from services.api import task_view
from services.api.call import Call
from services.api.client_network import network_of
from services.human_tasks import acting, people, reading
from services.human_tasks.deciding import Decision
from services.human_tasks.errors import NotYourTask
from services.human_tasks.people import Person
from services.links import links
from services.portal.link_holder import Holder, person_of
from services.portal.linked_task import SIGN_IN, DecidedByLink, LinkedAsk, LinkedTask, LinkRefusal
from tenants.identity.permissions import Permission
from tenants.organizations.link_texts import LinkOver

_DECIDED: Final = (
    "SELECT d.outcome, t.state = 'completed' AS complete FROM app.human_task_decision d "
    "JOIN app.human_task t USING (tenant_id, task_id) WHERE d.tenant_id = $1 AND d.task_id = $2 AND d.account_id = $3 "
    "AND NOT d.is_void ORDER BY d.number DESC LIMIT 1"
)


async def decide(request: Call, holder: Holder, wanted: Decision) -> DecidedByLink:
    tenant = TenantId(holder.tenant)
    if holder.link.used_at is not None:
        before = await _decided(request, holder)
        if before is None or before.outcome != wanted.outcome:
            raise LinkOver
        return before
    if (lacking := _lacking(holder)) is not None:
        raise NotYourTask(lacking.detail)
    resources = request.resources
    async with resources.deciding.place(), resources.database.tenant(tenant) as connection:
        person = await people.read(connection, tenant, _person(request, holder))
        # The task before its link, as closing it takes them: of two who decide at once, the second waits and is told.
        await acting.locked(connection, tenant, holder.task, person)
        await links.use(connection, holder.link)
        decided = await resources.tasks.complete(connection, tenant, holder.task, person, wanted)
    crash_points.pass_by("task.decided")
    resources.ring()
    resources.changes.note([(tenant, decided.run)])
    return DecidedByLink(outcome=wanted.outcome, complete=decided.is_complete)


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


async def view(request: Call, holder: Holder) -> LinkedTask:
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
