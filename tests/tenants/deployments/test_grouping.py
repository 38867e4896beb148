"""Groups of connections as people set them: what is refused, what is recorded, who is asked again (ADR 0083)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.problems import NameTaken
from template_library import catalog
from tenants.connections.models import ConnectionGroup
from tenants.connections.rules import Rule, When
from tenants.deployments import grouping
from tenants.deployments.errors import InvalidDeployment, InvalidGroup, UnknownGroup
from tests.tenants.deployments.test_deployments import OFFERS, WHO, audited, connect, create, document, publish, revise
from tests.world import World, make_tenant


def _package() -> Any:
    return catalog.builtin().find("order-release", "1.0.0")


async def make(database: Database, world: World, *rules: Rule, name: str = "erps") -> ConnectionGroup:
    async with database.session(Scope.tenant(world.tenant_id)) as session:
        made = await grouping.create(session, world.tenant_id, name, rules, offers=OFFERS, actor=WHO)
        await session.commit()
    return made


async def change(database: Database, world: World, group: UUID, *rules: Rule, offers: Any = OFFERS) -> ConnectionGroup:
    async with database.session(Scope.tenant(world.tenant_id)) as session:
        made = await grouping.change(session, world.tenant_id, group, rules, offers=offers, actor=WHO)
        await session.commit()
    return made


async def test_a_deployment_takes_a_group_and_another_rule_is_no_revision(app_database: Database) -> None:
    world = await make_tenant(app_database)
    west, east = await connect(app_database, world), await connect(app_database, world, "other-erp")
    group = await make(app_database, world, Rule(west, When(site=("west",))))
    made, revision, _ = await create(app_database, world, source=_package(), groups={"erp": group.group_id})
    assert (revision.bindings, revision.groups) == ({}, {"erp": str(group.group_id)})
    changed = await change(app_database, world, group.group_id, Rule(west, When(site=("west",))), Rule(east))
    assert changed.revision == 2
    again = await change(app_database, world, group.group_id, Rule(west, When(site=("west",))), Rule(east))
    assert again.revision == 2, "the same rules are no change"
    _, present, _ = await revise(app_database, world, made.deployment_id)
    assert present.revision == 1
    log = await audited(app_database, world)
    assert log.count("connection-group.changed") == 1
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        query = text("SELECT after FROM app.audit WHERE action = 'connection-group.changed'")
        after = (await session.scalars(query)).one()
    assert after["was"] == [{"connection": ids.show("con", west), "when": {"site": ["west"]}}]
    _, bound, _ = await revise(app_database, world, made.deployment_id, bindings={"erp": east}, groups={})
    assert (bound.revision, bound.bindings, bound.groups) == (2, {"erp": str(east)}, {})


async def test_what_a_deployment_calls_every_connection_of_its_group_must_offer(app_database: Database) -> None:
    world = await make_tenant(app_database)
    whole, half = await connect(app_database, world), await connect(app_database, world, "half-erp")
    group = await make(app_database, world, Rule(whole, When(site=("a",))), Rule(half))
    with pytest.raises(InvalidDeployment, match="does not offer erp"):
        await create(app_database, world, source=_package(), groups={"erp": group.group_id})
    await change(app_database, world, group.group_id, Rule(whole))
    await create(app_database, world, source=_package(), groups={"erp": group.group_id})
    with pytest.raises(InvalidGroup) as refused:
        await change(app_database, world, group.group_id, Rule(whole, When(site=("a",))), Rule(half))
    (error,) = refused.value.extensions["errors"]
    assert error["pointer"] == "/rules/1/connection"
    assert error["detail"].endswith("does not offer erp.sales-orders.create, which the deployment `orders` calls")


async def test_rules_that_lead_nowhere_are_refused(app_database: Database) -> None:
    world, other = await make_tenant(app_database), await make_tenant(app_database, "other")
    good, off = await connect(app_database, world), await connect(app_database, world, status="disabled")
    foreign = await connect(app_database, other)
    for rules, detail in (
        ([], "give 1 to 200 rules"),
        ([Rule(foreign)], "there is no such connection"),
        ([Rule(off)], "the connection is disabled"),
        ([Rule(good), Rule(good, When(site=("a",)))], "no call comes to it"),
        ([Rule(good, When(site=(f"{n:200}",) * 200)) for n in range(7)], "at most 262144 bytes"),
    ):
        with pytest.raises(InvalidGroup, match=detail):
            await make(app_database, world, *rules)
    group = await make(app_database, world, Rule(good))
    with pytest.raises(NameTaken):
        await make(app_database, world, Rule(good))
    with pytest.raises(UnknownGroup):
        await change(app_database, other, group.group_id, Rule(foreign))
    with pytest.raises(InvalidDeployment, match="there is no such connection group"):
        await create(app_database, other, source=_package(), groups={"erp": group.group_id})


async def test_a_secret_is_one_connection_s_and_no_group_s(app_database: Database) -> None:
    world = await make_tenant(app_database)
    group = await make(app_database, world, Rule(await connect(app_database, world)))
    version, _ = await publish(app_database, world, document(use={"secrets": ["erp"]}))
    with pytest.raises(InvalidDeployment, match="a secret is that of one connection"):
        await create(app_database, world, source=version, groups={"erp": group.group_id})
