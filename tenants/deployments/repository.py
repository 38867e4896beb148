"""The control plane's SQL over workflow versions, deployments and revisions, in sessions of the tenant's scope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from infra.pagination import Page
from tenants.deployments.models import Deployment, DeploymentRevision, WorkflowVersion

Pair = tuple[Deployment, DeploymentRevision, WorkflowVersion]
"""A deployment, its present revision and the workflow version that this revision runs."""
Past = tuple[DeploymentRevision, WorkflowVersion]
"""A revision, present or not, and the workflow version that it runs."""


async def add_version(session: AsyncSession, values: Mapping[str, Any]) -> UUID | None:
    """The id of the new row; None when the tenant already has this namespace, name and version."""
    statement = insert(WorkflowVersion).values(**values).on_conflict_do_nothing()
    return await session.scalar(statement.returning(WorkflowVersion.workflow_version_id))


async def version_named(
    session: AsyncSession, tenant_id: UUID, namespace: str, name: str, version: str
) -> WorkflowVersion | None:
    return await session.scalar(
        select(WorkflowVersion).where(
            WorkflowVersion.tenant_id == tenant_id,
            WorkflowVersion.namespace == namespace,
            WorkflowVersion.name == name,
            WorkflowVersion.version == version,
        )
    )


async def versions_named(session: AsyncSession, tenant_id: UUID, namespace: str, name: str) -> list[WorkflowVersion]:
    """All versions of one workflow, with their documents."""
    query = select(WorkflowVersion).options(undefer(WorkflowVersion.document))
    found = await session.scalars(
        query.where(
            WorkflowVersion.tenant_id == tenant_id,
            WorkflowVersion.namespace == namespace,
            WorkflowVersion.name == name,
        )
    )
    return list(found.all())


async def version(session: AsyncSession, tenant_id: UUID, workflow_version_id: UUID) -> WorkflowVersion | None:
    """The version with its document."""
    return await session.scalar(
        select(WorkflowVersion)
        .options(undefer(WorkflowVersion.document), undefer(WorkflowVersion.elsewhere))
        .where(WorkflowVersion.tenant_id == tenant_id, WorkflowVersion.workflow_version_id == workflow_version_id)
    )


async def versions(
    session: AsyncSession, tenant_id: UUID, page: Page, *, name: str | None, template: str | None
) -> list[WorkflowVersion]:
    """Newest first, without documents; one row more than the page holds. `template` is the name of a package."""
    query = select(WorkflowVersion).where(WorkflowVersion.tenant_id == tenant_id)
    if name is not None:
        query = query.where(WorkflowVersion.name == name)
    if template is not None:
        query = query.where(WorkflowVersion.template.startswith(template + "@", autoescape=True))
    if page.after is not None:
        query = query.where(WorkflowVersion.workflow_version_id < UUID(page.after))
    query = query.order_by(WorkflowVersion.workflow_version_id.desc()).limit(page.limit + 1)
    return list((await session.scalars(query)).all())


async def add(session: AsyncSession, deployment: Mapping[str, Any]) -> bool:
    """False when the tenant already has a deployment of this name."""
    statement = insert(Deployment).values(**deployment).on_conflict_do_nothing().returning(Deployment.deployment_id)
    return await session.scalar(statement) is not None


async def add_revision(session: AsyncSession, revision: DeploymentRevision) -> None:
    session.add(revision)
    await session.flush()


async def lock(session: AsyncSession, tenant_id: UUID, deployment_id: UUID) -> Deployment | None:
    """The deployment, held until the transaction ends: two changes at once become two revisions."""
    return await session.scalar(
        select(Deployment)
        .where(Deployment.tenant_id == tenant_id, Deployment.deployment_id == deployment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def pairs(
    session: AsyncSession, tenant_id: UUID, page: Page, *, status: str | None, name: str | None
) -> list[Pair]:
    """Newest first; one row more than the page holds."""
    query = _joined(tenant_id)
    if status is not None:
        query = query.where(Deployment.status == status)
    if name is not None:
        query = query.where(Deployment.name == name)
    if page.after is not None:
        query = query.where(Deployment.deployment_id < UUID(page.after))
    query = query.order_by(Deployment.deployment_id.desc()).limit(page.limit + 1)
    return [(row[0], row[1], row[2]) for row in await session.execute(query)]


async def every(session: AsyncSession, tenant_id: UUID, *, status: str) -> list[Pair]:
    """All of a tenant's deployments in this state, by name."""
    query = _joined(tenant_id).where(Deployment.status == status).order_by(Deployment.name)
    return [(row[0], row[1], row[2]) for row in await session.execute(query)]


async def pair(session: AsyncSession, tenant_id: UUID, deployment_id: UUID) -> Pair | None:
    query = _joined(tenant_id).where(Deployment.deployment_id == deployment_id)
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


async def revision(
    session: AsyncSession, tenant_id: UUID, deployment_id: UUID, number: int
) -> DeploymentRevision | None:
    return await session.scalar(_revisions(tenant_id, deployment_id).where(DeploymentRevision.revision == number))


async def revisions(session: AsyncSession, tenant_id: UUID, deployment_id: UUID, page: Page) -> list[Past]:
    """Newest first; one row more than the page holds."""
    version = (WorkflowVersion.tenant_id == DeploymentRevision.tenant_id) & (
        WorkflowVersion.workflow_version_id == DeploymentRevision.workflow_version_id
    )
    query = _revisions(tenant_id, deployment_id).add_columns(WorkflowVersion).join(WorkflowVersion, version)
    if page.after is not None:
        query = query.where(DeploymentRevision.revision < int(page.after))
    query = query.order_by(DeploymentRevision.revision.desc()).limit(page.limit + 1)
    return [(row[0], row[1]) for row in await session.execute(query)]


def _revisions(tenant_id: UUID, deployment_id: UUID) -> Select[DeploymentRevision]:
    return select(DeploymentRevision).where(
        DeploymentRevision.tenant_id == tenant_id, DeploymentRevision.deployment_id == deployment_id
    )


def _joined(tenant_id: UUID) -> Select[*Pair]:
    revision = (
        (DeploymentRevision.tenant_id == Deployment.tenant_id)
        & (DeploymentRevision.deployment_id == Deployment.deployment_id)
        & (DeploymentRevision.revision == Deployment.revision)
    )
    version = (WorkflowVersion.tenant_id == DeploymentRevision.tenant_id) & (
        WorkflowVersion.workflow_version_id == DeploymentRevision.workflow_version_id
    )
    entities = select(Deployment, DeploymentRevision, WorkflowVersion)
    return (
        entities.join(DeploymentRevision, revision)
        .join(WorkflowVersion, version)
        .where(Deployment.tenant_id == tenant_id)
    )
