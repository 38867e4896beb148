"""Promotion: what runs in one environment of a client is proposed for another, and a second person says yes (ADR 0106).

The workflow version, the deployment's own parameters and the names of its connections are taken as they are at that
moment; later changes of the source change no proposal. The caller commits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.pagination import Page, cut
from template_library.catalog import Package
from template_library.dsl import parse_published
from tenants.audit import service as audit
from tenants.connections import repository as connections
from tenants.deployments import fit, grouping, inheriting, publishing, repository, service
from tenants.deployments.errors import (
    InvalidDeployment,
    PromotionDecided,
    SecondPersonNeeded,
    UnknownDeployment,
    UnknownPromotion,
)
from tenants.deployments.fit import Offers
from tenants.deployments.models import WorkflowVersion
from tenants.deployments.promotion_table import Promotion
from tenants.deployments.publishing import Candidate
from tenants.deployments.repository import Pair
from tenants.deployments.service import Changes, Plan
from tenants.organizations import sites
from tenants.organizations.errors import UnknownSite

PREFIX: Final = "prm"
Outcome = Literal["approved", "refused", "withdrawn"]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment as it stands in its own environment.

    Attributes:
        version: with its document and what that takes from elsewhere.
        parameters: its own; what it inherits there is inherited anew where it goes.
        named: by name in the document, the kind and the name of what it is bound to there.
        site: slug of the site that it is for.
    """

    name: str
    environment: str
    revision: int
    version: WorkflowVersion
    parameters: dict[str, Any]
    named: Mapping[str, tuple[Literal["connection", "group"], str]]
    site: str | None


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to differ, and who proposes it. `answers_for`: the accounts behind that."""

    parameters: Mapping[str, Any]
    bindings: Mapping[str, UUID]
    groups: Mapping[str, UUID]
    note: str | None
    actor: str
    answers_for: Collection[UUID]


async def read_source(session: AsyncSession, tenant_id: UUID, environment: str, name: str) -> Source:
    """In a session of the source's own tenant.

    Raises:
        UnknownDeployment: there is none of this name.
    """
    page = Page(limit=1, after=None)
    rows = await repository.pairs(session, tenant_id, page, status=None, name=name)
    if not rows:
        raise UnknownDeployment
    deployment, revision, version = rows[0]
    known = {str(row.connection_id): row.name for row in await connections.every(session, tenant_id)}
    groups = {str(row.group_id): row.name for row in await grouping.every(session, tenant_id)}
    named: dict[str, tuple[Literal["connection", "group"], str]] = {}
    named |= {at: ("connection", known[one]) for at, one in revision.bindings.items() if one in known}
    named |= {at: ("group", groups[one]) for at, one in revision.groups.items() if one in groups}
    own = {at for at, source in revision.sources.items() if source == inheriting.DEPLOYMENT}
    return Source(
        name=deployment.name,
        environment=environment,
        revision=revision.revision,
        version=await publishing.find(session, tenant_id, version.workflow_version_id),
        parameters={at: value for at, value in revision.parameters.items() if at in own},
        named=named,
        site=await _slug(session, tenant_id, deployment.site_id),
    )


async def propose(session: AsyncSession, tenant_id: UUID, source: Source, wish: Wish, *, offers: Offers) -> Promotion:
    """A proposal in the tenant where it is to run. It is tried on the spot, so that nobody is asked for what cannot be.

    The document is published here. Its names are bound to what has the same name here, unless the wish says otherwise.

    Raises:
        InvalidDeployment: it does not fit here; every reason is in `errors`.
        VersionTaken: this environment has another text under the version.
        WriteNotApproved: a path reaches a write that a rule guards, without an approval.
    """
    version, _ = await publishing.publish(
        session, tenant_id, _candidate(source.version), package=_package(source.version), actor=wish.actor
    )
    bindings, groups = await _bound(session, tenant_id, source, wish)
    row = Promotion(
        tenant_id=tenant_id,
        promotion_id=ids.new(),
        name=source.name,
        environment=source.environment,
        source_revision=source.revision,
        workflow_version_id=version.workflow_version_id,
        site_id=await _site(session, tenant_id, source.site),
        parameters={**source.parameters, **wish.parameters},
        bindings={name: str(one) for name, one in sorted(bindings.items())},
        groups={name: str(one) for name, one in sorted(groups.items())},
        note=wish.note,
        proposed_by=wish.actor,
        answers_for=sorted(wish.answers_for),
    )
    async with session.begin_nested() as trial:
        await _apply(session, row, offers=offers, actor=wish.actor)
        await trial.rollback()
    session.add(row)
    await session.flush()
    after = {"name": row.name, "from": row.environment, "revision": row.source_revision}
    after["workflow"] = ids.show("wfv", row.workflow_version_id)
    target = ids.show(PREFIX, row.promotion_id)
    await audit.record(session, actor=wish.actor, action="promotion.proposed", target=target, after=after)
    return await find(session, tenant_id, row.promotion_id)


async def decide(  # noqa: PLR0913 - the scope, the thing, what is said, and who says it
    session: AsyncSession,
    tenant_id: UUID,
    promotion_id: UUID,
    outcome: Outcome,
    note: str,
    *,
    offers: Offers,
    actor: str,
    account: UUID | None,
) -> tuple[Promotion, Pair | None]:
    """Say yes, and it runs with this commit; or no. `account`: of the person who decides; only withdrawing needs none.

    Raises:
        UnknownPromotion: the tenant has none of this id.
        PromotionDecided: somebody was faster.
        SecondPersonNeeded: it would be approved by somebody behind who proposed it.
        InvalidDeployment, WriteNotApproved: it does not fit any more.
    """
    row = await find(session, tenant_id, promotion_id, lock=True)
    if row.status != "proposed":
        raise PromotionDecided(f"it is {row.status} already")
    if outcome == "approved" and (account is None or account in row.answers_for):
        raise SecondPersonNeeded
    made = await _apply(session, row, offers=offers, actor=actor) if outcome == "approved" else None
    row.status, row.decided_by, row.decided_note = outcome, actor, note
    row.decided_at = func.clock_timestamp()
    if made is not None:
        row.deployment_id, row.revision = made[0].deployment_id, made[1].revision
    await session.flush()
    after: dict[str, Any] = {"name": row.name, "from": row.environment, "proposed_by": row.proposed_by}
    if made is not None:
        after |= {"deployment": ids.show("dep", made[0].deployment_id), "revision": made[1].revision}
    target = ids.show(PREFIX, promotion_id)
    await audit.record(session, actor=actor, action=f"promotion.{outcome}", target=target, after=after)
    return await find(session, tenant_id, promotion_id), made


async def find(session: AsyncSession, tenant_id: UUID, promotion_id: UUID, *, lock: bool = False) -> Promotion:
    """Raises UnknownPromotion. `lock`: until the transaction ends."""
    query = select(Promotion).filter_by(tenant_id=tenant_id, promotion_id=promotion_id)
    query = query.with_for_update() if lock else query
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise UnknownPromotion
    return row


async def listed(
    session: AsyncSession, tenant_id: UUID, page: Page, *, status: str | None
) -> tuple[list[Promotion], str | None]:
    """Newest first, and the position of the next page."""
    query = select(Promotion).where(Promotion.tenant_id == tenant_id)
    if status is not None:
        query = query.where(Promotion.status == status)
    if page.after is not None:
        query = query.where(Promotion.promotion_id < UUID(page.after))
    rows = await session.scalars(query.order_by(Promotion.promotion_id.desc()).limit(page.limit + 1))
    return cut(list(rows), page, lambda row: str(row.promotion_id))


async def _apply(session: AsyncSession, row: Promotion, *, offers: Offers, actor: str) -> Pair:
    """The deployment of its name, made or revised."""
    bindings = {name: UUID(one) for name, one in row.bindings.items()}
    groups = {name: UUID(one) for name, one in row.groups.items()}
    source = row.workflow_version_id
    present = await repository.pairs(session, row.tenant_id, Page(limit=1, after=None), status=None, name=row.name)
    if present:
        changes = Changes(source=source, parameters=row.parameters, bindings=bindings, groups=groups)
        place = (row.tenant_id, present[0][0].deployment_id)
        return await service.revise(session, *place, changes, offers=offers, actor=actor)
    plan = Plan(source=source, parameters=row.parameters, bindings=bindings, groups=groups, site_id=row.site_id)
    return await service.create(session, row.tenant_id, row.name, plan, offers=offers, actor=actor)


def _candidate(version: WorkflowVersion) -> Candidate:
    return Candidate(version.document, parse_published(version.document), version.elsewhere)


def _package(version: WorkflowVersion) -> Package | None:
    return fit.package_of(version.template)


async def _bound(
    session: AsyncSession, tenant_id: UUID, source: Source, wish: Wish
) -> tuple[dict[str, UUID], dict[str, UUID]]:
    """By name in the document: what the wish says, else what has the same name here."""
    here = {("connection", row.name): row.connection_id for row in await connections.every(session, tenant_id)}
    here |= {("group", row.name): row.group_id for row in await grouping.every(session, tenant_id)}
    bindings, groups = dict(wish.bindings), dict(wish.groups)
    missing = []
    for at, (kind, name) in source.named.items():
        if at in bindings or at in groups:
            continue
        if (kind, name) not in here:
            missing.append({"pointer": f"/bindings/{at}", "detail": f"there is no {kind} `{name}` here: name one"})
        elif kind == "group":
            groups[at] = here[kind, name]
        else:
            bindings[at] = here[kind, name]
    if missing:
        raise InvalidDeployment("; ".join(one["detail"] for one in missing[:3]), errors=missing)
    return bindings, groups


async def _slug(session: AsyncSession, tenant_id: UUID, site_id: UUID | None) -> str | None:
    return None if site_id is None else (await sites.find(session, tenant_id, ids.show("sit", site_id))).slug


async def _site(session: AsyncSession, tenant_id: UUID, slug: str | None) -> UUID | None:
    if slug is None:
        return None
    try:
        return (await sites.find(session, tenant_id, slug)).site_id
    except UnknownSite:
        raise InvalidDeployment.at("/from", f"it is for the site `{slug}`, which is not here") from None
