"""Connection groups: several connections of one capability, with the rules that choose among them (ADR 0083).

A change of rules is no revision of any deployment: runs that have chosen keep what they chose, all others go by the new
rules from the moment of the commit. The caller commits.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.pagination import Page, cut
from infra.problems import NameTaken
from template_library.dsl import parse_published
from template_library.schemas import Breach
from tenants.audit import service as audit
from tenants.connections import repository as connections
from tenants.connections import rules as binding_rules
from tenants.connections.models import ConnectionGroup
from tenants.connections.rules import MOST, Rule
from tenants.deployments import fit, guarding, needs, nesting, publishing, reach, repository
from tenants.deployments.errors import InvalidGroup, UnknownGroup
from tenants.deployments.fit import Offers
from tenants.deployments.repository import Pair

PREFIX: Final = "grp"
_LARGEST: Final = 262_144
"""Bytes of a group's rules, as the table holds them."""


async def create(  # noqa: PLR0913 - the scope, the thing, and who asks
    session: AsyncSession, tenant_id: UUID, name: str, rules: Sequence[Rule], *, offers: Offers, actor: str
) -> ConnectionGroup:
    """A new group, which no deployment uses yet.

    Raises:
        NameTaken: the tenant has a group of this name.
        InvalidGroup: a rule leads to no connection, or no call comes to it.
    """
    await _check(session, tenant_id, None, rules, offers)
    group_id = ids.new()
    values = {"tenant_id": tenant_id, "group_id": group_id, "name": name, "rules": stored(rules)}
    made = insert(ConnectionGroup).values(**values).on_conflict_do_nothing().returning(ConnectionGroup.group_id)
    if await session.scalar(made) is None:
        raise NameTaken(f"there is a connection group `{name}`")
    await _record(session, "created", group_id, {"name": name, "rules": told(rules)}, actor)
    return await find(session, tenant_id, group_id)


async def change(  # noqa: PLR0913 - the scope, the thing, and who asks
    session: AsyncSession, tenant_id: UUID, group_id: UUID, rules: Sequence[Rule], *, offers: Offers, actor: str
) -> ConnectionGroup:
    """Put other rules in place of those there are. Active deployments that use the group must fit them.

    Raises:
        UnknownGroup: the tenant has none of this id.
        InvalidGroup: as for `create`, or a connection lacks what a deployment calls.
        WriteNotApproved: with these connections a path of a deployment reaches a guarded write without its approval.
    """
    row = await find(session, tenant_id, group_id, lock=True)
    if reach.rules_of(row) == list(rules):
        return row
    await _check(session, tenant_id, group_id, rules, offers)
    before, row.rules = reach.rules_of(row), stored(rules)
    row.revision += 1
    row.updated_at = func.clock_timestamp()
    await session.flush()
    for pair in await users(session, tenant_id, group_id):
        await _admit(session, tenant_id, pair, offers)
    after = {"revision": row.revision, "rules": told(rules), "was": told(before)}
    await _record(session, "changed", group_id, after, actor)
    return await find(session, tenant_id, group_id)


async def find(session: AsyncSession, tenant_id: UUID, group_id: UUID, *, lock: bool = False) -> ConnectionGroup:
    """The group; with `lock` it stays so until the transaction ends.

    Raises:
        UnknownGroup: the tenant has none of this id.
    """
    query = select(ConnectionGroup).filter_by(tenant_id=tenant_id, group_id=group_id)
    # Workers that choose at this moment refer to the row, and neither waits for the other.
    query = query.with_for_update(key_share=True) if lock else query
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise UnknownGroup
    return row


async def listed(
    session: AsyncSession, tenant_id: UUID, page: Page, *, name: str | None = None
) -> tuple[list[ConnectionGroup], str | None]:
    """Newest first, and the position of the next page."""
    query = select(ConnectionGroup).where(ConnectionGroup.tenant_id == tenant_id)
    if name is not None:
        query = query.where(ConnectionGroup.name == name)
    if page.after is not None:
        query = query.where(ConnectionGroup.group_id < UUID(page.after))
    rows = await session.scalars(query.order_by(ConnectionGroup.group_id.desc()).limit(page.limit + 1))
    return cut(list(rows), page, lambda row: str(row.group_id))


async def every(session: AsyncSession, tenant_id: UUID) -> list[ConnectionGroup]:
    """All of a tenant's groups, by name."""
    query = select(ConnectionGroup).where(ConnectionGroup.tenant_id == tenant_id).order_by(ConnectionGroup.name)
    return list((await session.scalars(query)).all())


async def users(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> list[Pair]:
    """The active deployments whose present revision has the group, by name."""
    every = await repository.every(session, tenant_id, status="active")
    return [pair for pair in every if str(group_id) in pair[1].groups.values()]


def stored(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = msgspec.to_builtins(rules)
    return found


def told(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """With public ids."""
    return [{"connection": ids.show("con", one.connection), "when": msgspec.to_builtins(one.when)} for one in rules]


async def _check(
    session: AsyncSession, tenant_id: UUID, group_id: UUID | None, rules: Sequence[Rule], offers: Offers
) -> None:
    """Raises InvalidGroup. `group_id`: of one that deployments may use."""
    using = [] if group_id is None else await users(session, tenant_id, group_id)
    found = [] if 1 <= len(rules) <= MOST else [Breach("/rules", f"give 1 to {MOST} rules")]
    found += binding_rules.breaches(rules)
    if len(json.dumps(stored(rules))) > _LARGEST:
        found.append(Breach("/rules", f"the rules of a group have at most {_LARGEST} bytes as JSON"))
    rows = await connections.find_many(session, tenant_id, set(reach.members(rules)))
    known = {row.connection_id: row for row in rows}
    asked = [one for pair in using for one in await _asked(session, tenant_id, pair, group_id)]
    for place, rule in enumerate(rules):
        pointer, row = f"/rules/{place}/connection", known.get(rule.connection)
        found += fit.unfit(pointer, needs.Need("", frozenset()), row, offers)
        if row is None or row.status != "active":
            continue
        for name, need in asked:
            found += [
                msgspec.structs.replace(one, detail=f"{one.detail}, which the deployment `{name}` calls")
                for one in fit.unfit(pointer, need, row, offers)
            ]
    if found:
        raise InvalidGroup(
            "; ".join(f"{one.pointer}: {one.detail}" for one in found[:3]),
            errors=[{"pointer": one.pointer, "detail": one.detail} for one in found],
        )


async def _asked(
    session: AsyncSession, tenant_id: UUID, pair: Pair, group_id: UUID | None
) -> list[tuple[str, needs.Need]]:
    """What a deployment, which is named beside it, calls by the names that have the group."""
    deployment, revision, version = pair
    stored_version = await publishing.find(session, tenant_id, version.workflow_version_id)
    workflow, package = parse_published(stored_version.document), fit.package_of(version.template)
    nested = [one.workflow for one in await nesting.pinned(session, tenant_id, revision)]
    needed = needs.join(needs.find(workflow, *nested)[0], package.manifest if package else None)
    return [(deployment.name, need) for name, need in needed.items() if revision.groups.get(name) == str(group_id)]


async def _admit(session: AsyncSession, tenant_id: UUID, pair: Pair, offers: Offers) -> None:
    """Raises WriteNotApproved."""
    _, revision, version = pair
    whole = await publishing.find(session, tenant_id, version.workflow_version_id)
    nested = await nesting.pinned(session, tenant_id, revision)
    reached = await reach.of_revision(session, tenant_id, revision)
    await guarding.admit_deployment(session, tenant_id, guarding.Parts(whole, nested, reached), offers)


async def _record(session: AsyncSession, verb: str, group_id: UUID, after: dict[str, Any], actor: str) -> None:
    action = f"connection-group.{verb}"
    await audit.record(session, actor=actor, action=action, target=ids.show(PREFIX, group_id), after=after)
