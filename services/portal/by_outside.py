"""What a link of somebody without an account shows and does: their own case, and nothing beside it (ADR 0112)."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from infra import crash_points
from infra.database import Scope
from infra.ids import TenantId
from services.api.call import Call
from services.api.client_network import network_of
from services.documents.documents import New
from services.human_tasks import outside, outside_documents, showing
from services.human_tasks.deciding import Decision
from services.links.links import Link
from services.portal.brands import brand_of
from services.portal.link_holder import link_of
from services.portal.linked_task import DecidedByLink, LinkedAsk, LinkedDocument, LinkedTask
from tenants.organizations import service as organizations
from tenants.organizations.link_texts import LinkOver

_CLASS: Final = "standard"


async def view(request: Call, link: Link) -> LinkedTask:
    """Raises LinkOver: the task is nobody's outside any more."""
    async with request.resources.database.tenant(link.tenant_id) as connection:
        row = await outside.read(connection, link)
        sent = await outside_documents.sent(connection, link)
    asked = showing.asked_of(row)
    if asked.outside is None:
        raise LinkOver
    async with request.resources.database.session(Scope.partner(brand_of(request).partner_id)) as session:
        client = await organizations.client_name(session, link.tenant_id)
    is_used = link.used_at is not None
    documents = [msgspec.convert(msgspec.to_builtins(one), LinkedDocument) for one in sent]
    return LinkedTask(
        state="decided" if is_used else "open",
        holder=asked.outside.name,
        client=client,
        environment=None,
        task=link.subject,
        outcome=row["outcome"] if is_used else None,
        asked=None if is_used else _asked(request, row),
        refusal=None,
        outside=True,
        language=asked.outside.language,
        documents=None if is_used else documents,
    )


def _asked(request: Call, row: Any) -> LinkedAsk:
    shown = outside.shown(row, request.resources.tasks.forms)
    return LinkedAsk(
        kind=shown.kind,
        title=shown.title,
        instructions=shown.instructions or None,
        facts=None,
        shown=shown.shown,
        form=shown.form,
        outcomes=shown.outcomes,
        decision=None,
        value=None,
        due=row["due_at"],
        version=row["version"],
        saw=shown.digest().hex(),
        given=0,
    )


async def decide(request: Call, link: Link, wanted: Decision) -> DecidedByLink:
    """The same answer again is told the same, also where it came while this one waited; another one is LinkOver."""
    tenant, resources = TenantId(link.tenant_id), request.resources
    network = network_of(request.scope, resources.settings.trusted_proxies) or None
    async with resources.deciding.place():
        if link.used_at is not None:
            return await _given(request, link, wanted)
        try:
            async with resources.database.tenant(tenant) as connection:
                run = await outside.answer(connection, link, wanted, resources.tasks.forms, network)
        except LinkOver:
            return await _given(request, await link_of(request), wanted)
    crash_points.pass_by("task.decided")
    resources.ring()
    resources.changes.note([(tenant, run)])
    return DecidedByLink(outcome=wanted.outcome, complete=True)


async def _given(request: Call, link: Link, wanted: Decision) -> DecidedByLink:
    """Raises LinkOver: nothing was answered by it, or something else."""
    async with request.resources.database.tenant(link.tenant_id) as connection:
        if link.used_at is None or not await outside.is_given(connection, link, wanted, request.resources.tasks.forms):
            raise LinkOver
    return DecidedByLink(outcome=wanted.outcome, complete=True)


async def take(request: Call, link: Link, name: str) -> LinkedDocument:
    """The body as a document of the task's run, put to the task; by the kinds, sizes and looks of all documents."""
    tenant, resources = TenantId(link.tenant_id), request.resources
    async with resources.database.tenant(tenant) as connection:
        run = await outside_documents.run_of(connection, link)
    new = New(tenant=tenant, run=run, name=name, class_=_CLASS, actor=outside.actor_of(link))
    taking = resources.documents.taking(new, request.stream())
    async with taking as taken, resources.database.session(Scope.tenant(tenant)) as session:
        await outside_documents.attach(session, link, taken.document)
        found = await resources.documents.complete(session, taken)
        await session.commit()
    resources.changes.note([(tenant, run)])
    return msgspec.convert({"name": found.name, "size": found.size, "state": found.state}, LinkedDocument)
