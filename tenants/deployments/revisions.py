"""What a deployment was before: its revisions, and the way back to one of them. The caller commits."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.pagination import Page, cut
from tenants.audit import service as audit
from tenants.deployments import inheriting, repository, service
from tenants.deployments.errors import InvalidDeployment, UnknownDeployment
from tenants.deployments.fit import Offers
from tenants.deployments.repository import Pair, Past
from tenants.deployments.service import Changes

_POINTER: Final = "/to_revision"


async def list_revisions(
    session: AsyncSession, tenant_id: UUID, deployment_id: UUID, page: Page
) -> tuple[list[Past], str | None]:
    """The newest first, and the position of the next page.

    Raises:
        UnknownDeployment: the tenant has none of this id.
    """
    await service.find(session, tenant_id, deployment_id)
    rows = await repository.revisions(session, tenant_id, deployment_id, page)
    return cut(rows, page, lambda row: str(row[0].revision))


async def roll_back(  # noqa: PLR0913 - the scope, the thing, and who asks
    session: AsyncSession, tenant_id: UUID, deployment_id: UUID, to: int | None, *, offers: Offers, actor: str
) -> Pair:
    """Another revision with what revision `to` had: its workflow version, its own parameters, and its connections.

    None: the one before the present. What it inherited is read anew, and all is checked as for any revision: a
    connection that is gone, or lacks an operation by now, is refused. Runs in flight keep theirs; the priority stays.
    Where it is as the present one, nothing is made, so that it is safe to repeat.

    Raises:
        UnknownDeployment: the tenant has none of this id.
        InvalidDeployment: there is no such revision, or it does not fit any more.
    """
    locked = await repository.lock(session, tenant_id, deployment_id)
    if locked is None:
        raise UnknownDeployment
    wanted = locked.revision - 1 if to is None else to
    past = await repository.revision(session, tenant_id, deployment_id, wanted)
    if past is None:
        detail = f"there is no revision {wanted}" if to is not None else "there is no revision before the first"
        raise InvalidDeployment.at(_POINTER, detail)
    changes = Changes(
        source=past.workflow_version_id,
        parameters=inheriting.kept(past),
        sources=past.sources,
        bindings={name: UUID(one) for name, one in past.bindings.items()},
        groups={name: UUID(one) for name, one in past.groups.items()},
    )
    before = locked.revision
    made = await service.revise(session, tenant_id, deployment_id, changes, offers=offers, actor=actor)
    if made[1].revision != before:
        target, after = ids.show("dep", deployment_id), {"from": before, "to": wanted, "revision": made[1].revision}
        await audit.record(session, actor=actor, action="deployment.rolled-back", target=target, after=after)
    return made
