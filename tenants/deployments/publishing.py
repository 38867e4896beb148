"""Publishing: a document becomes a version that never changes."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.pagination import Page, cut
from template_library import cross_references, evidence, holds, human_tasks, notices
from template_library.catalog import Package
from template_library.dsl import DocumentError, Workflow, parse
from tenants.audit import service as audit
from tenants.deployments import business_time, needs, repository
from tenants.deployments.errors import InvalidDocument, UnknownWorkflow, VersionTaken
from tenants.deployments.models import WorkflowVersion


class Candidate(msgspec.Struct, frozen=True):
    """A document that parsed. `digest` is the sha256 of its text: the same words are the same version.

    `elsewhere` is what it takes from others, as JSON of `template_library.dsl.elsewhere`; a version keeps it for ever.
    """

    text: str
    workflow: Workflow
    elsewhere: dict[str, Any] | None = None

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.text.encode()).digest()


def read(text: str, processes: Collection[str] = ()) -> Candidate:
    """The document in `text`, YAML or JSON, with connections, and what calendars and holds are asked, written out.

    `processes` are the kinds of programs that the operator's runner starts; others may not be in it.

    Raises:
        InvalidDocument: the document breaks a rule, hides a connection, asks for a human task that is none, or every
            event would start it.
    """
    try:
        workflow = parse(text, processes=processes)
    except DocumentError as error:
        raise refusal(error) from None
    unclear = [*needs.find(workflow)[1], *business_time.mistakes(workflow)]
    errors = [{"pointer": one.pointer, "detail": one.detail} for one in unclear]
    errors += [{"pointer": one.pointer, "detail": one.detail} for one in human_tasks.faults(workflow)]
    errors += [{"pointer": one.pointer, "detail": one.detail} for one in holds.breaches(workflow)]
    errors += [{"pointer": one.pointer, "detail": one.detail} for one in notices.faults(workflow)]
    errors += [{"pointer": one.pointer, "detail": one.detail} for one in evidence.faults(workflow)]
    errors += [{"pointer": one.pointer, "detail": one.detail} for one in cross_references.faults(workflow)]
    on = None if workflow.schedule is None else workflow.schedule.on
    if on is not None and not on.filters:
        errors.append({"pointer": f"/schedule/on/{on.strategy}", "detail": "name the events that start it"})
    if errors:
        raise InvalidDocument("; ".join(error["detail"] for error in errors[:3]), errors=errors)
    return Candidate(text, workflow)


def refusal(error: DocumentError) -> InvalidDocument:
    """The problem that tells the author of every violation."""
    return InvalidDocument(str(error), errors=error.errors())


async def publish(
    session: AsyncSession, tenant_id: UUID, candidate: Candidate, *, package: Package | None = None, actor: str
) -> tuple[WorkflowVersion, bool]:
    """The stored version, and whether this call made it. Safe to repeat: the same text gives the same version.

    Raises:
        VersionTaken: the tenant published another text under this namespace, name and version.
    """
    document = candidate.workflow.document
    workflow_version_id = ids.new()
    added = await repository.add_version(
        session,
        {
            "tenant_id": tenant_id,
            "workflow_version_id": workflow_version_id,
            "namespace": document.namespace,
            "name": document.name,
            "version": document.version,
            "title": document.title or None,
            "template": package.reference if package else None,
            "document": candidate.text,
            "digest": candidate.digest,
            "elsewhere": candidate.elsewhere,
        },
    )
    stored = await repository.version_named(session, tenant_id, document.namespace, document.name, document.version)
    if stored is None or stored.digest != candidate.digest:
        raise VersionTaken(
            f"{document.namespace}/{document.name} {document.version} was published with another text; "
            "give the changed document a new version"
        )
    if added is not None:
        after = {"name": f"{document.namespace}/{document.name}", "version": document.version}
        target = ids.show("wfv", workflow_version_id)
        after["digest"] = candidate.digest.hex()
        await audit.record(session, actor=actor, action="workflow.published", target=target, after=after)
    return stored, added is not None


async def find(session: AsyncSession, tenant_id: UUID, workflow_version_id: UUID) -> WorkflowVersion:
    """The version with its document.

    Raises:
        UnknownWorkflow: the tenant has none of this id.
    """
    stored = await repository.version(session, tenant_id, workflow_version_id)
    if stored is None:
        raise UnknownWorkflow
    return stored


async def list_workflows(
    session: AsyncSession, tenant_id: UUID, page: Page, *, name: str | None = None, template: str | None = None
) -> tuple[list[WorkflowVersion], str | None]:
    """The tenant's versions, newest first and without their documents, and the position of the next page."""
    rows = await repository.versions(session, tenant_id, page, name=name, template=template)
    return cut(rows, page, lambda row: str(row.workflow_version_id))
