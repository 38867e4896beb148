"""People say how long ended runs are kept, and which are kept whatever their age (S-86)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Uuid, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.problems import Conflict, NotFound
from services.archives.tables import KeptRun, Retention
from services.engine.tables import Run
from tenants.audit import service as audit
from tenants.deployments.models import Deployment


class RunInHand(Conflict):
    """Somebody has the run in hand at this moment. Send the same again in a moment."""

    name = "run-in-hand"
    title = "The run is in somebody's hands"


class RunNotKept(Conflict):
    """Nobody asked for the run to be kept. There is nothing to do."""

    name = "run-not-kept"
    title = "Nobody keeps the run"


async def set_period(
    session: AsyncSession, tenant: UUID, deployment: UUID | None, days: int | None, actor: str
) -> None:
    """Of a deployment, or of the client's where None; `days` None: what the next one above says.

    Raises:
        NotFound: the tenant has no such deployment.
    """
    if deployment is not None:
        its = (Deployment.tenant_id == tenant) & (Deployment.deployment_id == deployment)
        if await session.scalar(select(Deployment.deployment_id).where(its)) is None:
            raise NotFound
    subject = deployment or tenant
    if days is None:
        await session.execute(delete(Retention).where(Retention.tenant_id == tenant, Retention.subject == subject))
    else:
        made = insert(Retention).values(tenant_id=tenant, subject=subject, days=days)
        await session.execute(made.on_conflict_do_update(index_elements=["tenant_id", "subject"], set_={"days": days}))
    target = ids.show("ten", tenant) if deployment is None else ids.show("dep", deployment)
    await audit.record(session, actor=actor, action="retention.changed", target=target, after={"days": days})


async def keep(session: AsyncSession, tenant: UUID, run: UUID, reason: str, actor: str) -> KeptRun:
    """Safe to repeat; the reason is then the new one.

    Raises:
        NotFound: the tenant has no row of it.
        RunInHand: send it again.
    """
    # Locked until the commit, as whoever archives it locks it: one of the two is first.
    if not await session.scalar(select(func.cardinality(func.app.hold_runs([run], type_=ARRAY(Uuid))))):
        if await session.scalar(select(Run.run_id).where(Run.tenant_id == tenant, Run.run_id == run)) is None:
            raise NotFound
        raise RunInHand
    made = insert(KeptRun).values(tenant_id=tenant, run_id=run, reason=reason, kept_by=actor)
    changed = {"reason": reason, "kept_by": actor}
    await session.execute(made.on_conflict_do_update(index_elements=["tenant_id", "run_id"], set_=changed))
    target = ids.show("run", run)
    await audit.record(session, actor=actor, action="run.kept", target=target, after={"reason": reason})
    found = await session.scalar(select(KeptRun).where(KeptRun.tenant_id == tenant, KeptRun.run_id == run))
    if found is None:
        raise NotFound
    return found


async def let_go(session: AsyncSession, tenant: UUID, run: UUID, actor: str) -> None:
    """It is kept no longer than others.

    Raises:
        NotFound: the tenant has no row of it.
        RunNotKept: nobody kept it.
    """
    query = delete(KeptRun).where(KeptRun.tenant_id == tenant, KeptRun.run_id == run).returning(KeptRun.run_id)
    if await session.scalar(query) is None:
        if await session.scalar(select(Run.run_id).where(Run.tenant_id == tenant, Run.run_id == run)) is None:
            raise NotFound
        raise RunNotKept
    await audit.record(session, actor=actor, action="run.let-go", target=ids.show("run", run))
