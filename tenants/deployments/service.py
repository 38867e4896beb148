"""Deployments: a workflow version with parameters and connections, as immutable revisions. The caller commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.pagination import Page, cut
from infra.problems import NameTaken
from template_library import declared
from template_library.catalog import Package
from template_library.dsl import Workflow, parse_published
from tenants.audit import service as audit
from tenants.deployments import (
    fit,
    guarding,
    inheriting,
    nesting,
    ownership,
    priorities,
    publishing,
    reach,
    repository,
    schedules,
)
from tenants.deployments.errors import InvalidDeployment, UnknownDeployment, UnknownWorkflow
from tenants.deployments.fit import Offers
from tenants.deployments.models import DeploymentRevision, WorkflowVersion
from tenants.deployments.nesting import Nested
from tenants.deployments.priorities import Priority
from tenants.deployments.repository import Pair

Status = Literal["active", "disabled"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to run. `source` is a published version's id or a package, which is published on the way.

    `groups` are names that have a group of connections, and are not among `bindings` (ADR 0083).
    `sources` says where those `parameters` come from that were not given now; the site's values are inherited first.
    """

    source: UUID | Package
    parameters: dict[str, Any] = {}
    bindings: dict[str, UUID] = {}
    groups: dict[str, UUID] = {}
    priority: Priority = "normal"
    site_id: UUID | None = None
    sources: dict[str, str] = {}


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """The members of a plan that change; the others stay as the present revision has them.

    The priority is the deployment's and of no revision: another one makes none, and holds for the next runs.
    `sources`: of those `parameters` that were not given now, as in a plan.
    """

    source: UUID | Package | UnsetType = UNSET
    parameters: dict[str, Any] | UnsetType = UNSET
    sources: dict[str, str] = {}
    bindings: dict[str, UUID] | UnsetType = UNSET
    groups: dict[str, UUID] | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET


async def create(  # noqa: PLR0913 - the scope, the thing, and who asks
    session: AsyncSession, tenant_id: UUID, name: str, plan: Plan, *, offers: Offers, actor: str
) -> Pair:
    """A new deployment with its first revision, active at once.

    Raises:
        NameTaken: the tenant has a deployment of this name.
        InvalidDeployment: the parts do not fit together, or the workflow version is unknown.
        WriteNotApproved: a path reaches a write that a rule guards, without an approval.
        VersionTaken: the package's version was published by the tenant with another text.
    """
    deployment_id = ids.new()
    row = {"tenant_id": tenant_id, "deployment_id": deployment_id, "name": name, "status": "active", "revision": 1}
    row["site_id"] = plan.site_id
    if not await repository.add(session, row | {"priority": priorities.number(plan.priority)}):
        raise NameTaken(f"there is a deployment `{name}`")
    drawn = await _draw(session, tenant_id, plan, offers=offers, actor=actor)
    revision = DeploymentRevision(tenant_id=tenant_id, deployment_id=deployment_id, revision=1, **drawn)
    await repository.add_revision(session, revision)
    await _add_triggers(session, revision)
    await _place(session, tenant_id, deployment_id)
    told = {"name": name, "priority": plan.priority}
    await _record(session, "deployment.created", revision, told, actor=actor)
    return await _planned(session, tenant_id, deployment_id)


async def revise(  # noqa: PLR0913 - the scope, the thing, and who asks
    session: AsyncSession, tenant_id: UUID, deployment_id: UUID, changes: Changes, *, offers: Offers, actor: str
) -> Pair:
    """The next revision; the present one when nothing would change. Runs in flight keep theirs.

    Raises:
        UnknownDeployment: the tenant has none of this id.
        InvalidDeployment, WriteNotApproved, VersionTaken: as for `create`.
    """
    locked = await repository.lock(session, tenant_id, deployment_id)
    if locked is None:
        raise UnknownDeployment
    _, present, _ = await find(session, tenant_id, deployment_id)
    if changes.priority is not UNSET and locked.priority != priorities.number(changes.priority):
        after = {"was": priorities.NAMES[locked.priority], "priority": changes.priority}
        locked.priority = priorities.number(changes.priority)
        target = ids.show("dep", deployment_id)
        await audit.record(session, actor=actor, action="deployment.prioritized", target=target, after=after)
        await session.flush()
    plan = Plan(
        source=present.workflow_version_id if changes.source is UNSET else changes.source,
        parameters=inheriting.kept(present) if changes.parameters is UNSET else changes.parameters,
        sources=present.sources if changes.parameters is UNSET else changes.sources,
        site_id=locked.site_id,
        bindings=_uuids(present.bindings) if changes.bindings is UNSET else changes.bindings,
        groups=_uuids(present.groups) if changes.groups is UNSET else changes.groups,
    )
    drawn = await _draw(session, tenant_id, plan, offers=offers, actor=actor)
    changed = sorted(name for name, value in drawn.items() if getattr(present, name) != value)
    if changed:
        number = present.revision + 1
        revision = DeploymentRevision(tenant_id=tenant_id, deployment_id=deployment_id, revision=number, **drawn)
        await repository.add_revision(session, revision)
        locked.revision = number
        await session.flush()
        await _add_triggers(session, revision)
        await _place(session, tenant_id, deployment_id)
        await _record(session, "deployment.revised", revision, {"changed": changed}, actor=actor)
    return await _planned(session, tenant_id, deployment_id)


async def set_status(
    session: AsyncSession, tenant_id: UUID, deployment_id: UUID, status: Status, *, actor: str
) -> Pair:
    """Disable a deployment, so that no event starts it, or enable it again. Runs in flight go on. Safe to repeat.

    Raises:
        UnknownDeployment: the tenant has none of this id.
    """
    locked = await repository.lock(session, tenant_id, deployment_id)
    if locked is None:
        raise UnknownDeployment
    if locked.status != status:
        locked.status = status
        await session.flush()
        action = "deployment.enabled" if status == "active" else "deployment.disabled"
        target = ids.show("dep", deployment_id)
        await audit.record(session, actor=actor, action=action, target=target, after={"revision": locked.revision})
    return await _planned(session, tenant_id, deployment_id)


async def find(session: AsyncSession, tenant_id: UUID, deployment_id: UUID, *, lock: bool = False) -> Pair:
    """The deployment, its present revision and that revision's workflow version; `lock`: until the transaction ends.

    Raises:
        UnknownDeployment: the tenant has none of this id.
    """
    if lock:
        await repository.lock(session, tenant_id, deployment_id)
    found = await repository.pair(session, tenant_id, deployment_id)
    if found is None:
        raise UnknownDeployment
    return found


async def _place(session: AsyncSession, tenant_id: UUID, deployment_id: UUID) -> None:
    """Write down whose process it is: by that what stands still finds its owner."""
    found = await find(session, tenant_id, deployment_id)
    found[0].domain = (await ownership.subjects_of(session, tenant_id, found)).domain
    await session.flush()


async def _add_triggers(session: AsyncSession, revision: DeploymentRevision) -> None:
    stored = await publishing.find(session, revision.tenant_id, revision.workflow_version_id)
    place = (revision.tenant_id, revision.deployment_id, revision.revision)
    await schedules.add_triggers(session, *place, parse_published(stored.document).schedule)


async def _planned(session: AsyncSession, tenant_id: UUID, deployment_id: UUID) -> Pair:
    """The deployment as it is now, with its times to begin runs set."""
    found = await find(session, tenant_id, deployment_id)
    deployment, revision, version = found
    written = None
    if deployment.status == "active":
        stored = await publishing.find(session, tenant_id, version.workflow_version_id)
        written = parse_published(stored.document).schedule
    await schedules.plan(session, tenant_id, deployment_id, revision.revision, written)
    return found


async def list_deployments(
    session: AsyncSession, tenant_id: UUID, page: Page, *, status: Status | None = None, name: str | None = None
) -> tuple[list[Pair], str | None]:
    """Newest first, and the position of the next page."""
    rows = await repository.pairs(session, tenant_id, page, status=status, name=name)
    return cut(rows, page, lambda row: str(row[0].deployment_id))


async def _draw(session: AsyncSession, tenant_id: UUID, plan: Plan, *, offers: Offers, actor: str) -> dict[str, Any]:
    """What a revision of this plan holds, checked."""
    version, package = await _source(session, tenant_id, plan.source, actor=actor)
    workflow = parse_published(version.document)
    nested = await nesting.resolve(session, tenant_id, workflow)
    inherited = await inheriting.inherit(session, tenant_id, plan.site_id, fit.schema_of(workflow, package))
    own = inheriting.own(plan.parameters, plan.sources, inherited)
    given = inheriting.values(inherited) | own
    reached = await reach.of(session, tenant_id, plan.bindings, plan.groups, held=True)
    programs = tuple(one.workflow for one in nested)
    parts = fit.Parts(workflow, package, given, reached, programs, frozenset(plan.groups))
    parameters = await fit.check(session, tenant_id, parts, offers)
    await guarding.admit_deployment(session, tenant_id, guarding.Parts(version, nested, reached), offers)
    trigger = None if workflow.trigger is None else dict(workflow.trigger.attributes)
    return {
        "workflow_version_id": version.workflow_version_id,
        "parameters": parameters,
        "sources": inheriting.sources(parameters, own, plan.sources, inherited),
        "bindings": {name: str(one) for name, one in sorted(plan.bindings.items())},
        "groups": {name: str(one) for name, one in sorted(plan.groups.items())},
        "workflows": {one.name: str(one.workflow_version_id) for one in nested},
        "keys": _keys(workflow, nested),
        "exceptions": _exceptions(package, [workflow, *programs]),
        "trigger_type": None if trigger is None else trigger["type"],
        "trigger": trigger,
    }


def _keys(workflow: Workflow, nested: list[Nested]) -> dict[str, Any] | None:
    """What its runs are found by, and those of the workflows that it runs, by their names."""
    declared = {"": workflow.keys} | {one.name: one.workflow.keys for one in nested}
    found = {name: msgspec.to_builtins(keys) for name, keys in declared.items() if keys is not None}
    return found or None


def _exceptions(package: Package | None, workflows: Sequence[Workflow]) -> dict[str, Any] | None:
    """Kinds of what can stand still, of the template or of its documents, the outer one's first (ADR 0130)."""
    found = {} if package is None else declared.kinds(package)
    for workflow in workflows:
        found = {**(workflow.exceptions or {}), **found}
    return {name: msgspec.to_builtins(one) for name, one in sorted(found.items())} or None


async def _source(
    session: AsyncSession, tenant_id: UUID, source: UUID | Package, *, actor: str
) -> tuple[WorkflowVersion, Package | None]:
    if isinstance(source, Package):
        candidate = publishing.read(source.document)
        stored, _ = await publishing.publish(session, tenant_id, candidate, package=source, actor=actor)
        source_id = stored.workflow_version_id
    else:
        source_id = source
    try:
        version = await publishing.find(session, tenant_id, source_id)
    except UnknownWorkflow:
        # The caller's own member is at fault, not the address of its request (S-02).
        detail = "there is no such workflow version"
        raise InvalidDeployment.at("/workflow", detail) from None
    return version, fit.package_of(version.template)


def shown_bindings(revision: DeploymentRevision) -> dict[str, str]:
    """Public ids of connections and groups, by the names in the document."""
    return shown(revision.bindings, revision.groups)


def shown(bindings: Mapping[str, str], groups: Mapping[str, str]) -> dict[str, str]:
    one = {name: ids.show("con", found) for name, found in _uuids(bindings).items()}
    return one | {name: ids.show("grp", found) for name, found in _uuids(groups).items()}


def _uuids(bindings: Mapping[str, str]) -> dict[str, UUID]:
    return {name: UUID(text) for name, text in bindings.items()}


async def _record(
    session: AsyncSession, action: str, revision: DeploymentRevision, more: dict[str, Any], *, actor: str
) -> None:
    after = {
        **more,
        "revision": revision.revision,
        "workflow": ids.show("wfv", revision.workflow_version_id),
        "connections": shown_bindings(revision),
    }
    target = ids.show("dep", revision.deployment_id)
    await audit.record(session, actor=actor, action=action, target=target, after=after)
