"""A status without a state, and a state that cannot follow, are somebody's to put right."""

from __future__ import annotations

from typing import Any

import pytest

from infra import ids
from infra.database import Database, Scope
from services.records import contradictions
from services.records.contradictions import Contradiction, of_status
from services.records.stewards import ENTITY
from template_library.order_states import ForbiddenTransition, way
from template_library.records import registry
from template_library.status_maps import StatusMap, UnmappedStatus
from tenants.deployments.subjects import ENTITIES
from tenants.identity import accounts
from tenants.identity.accounts import NewAccount
from tests.world import World, make_tenant

MAP = StatusMap(statuses=("open", "sent"), states={"open": "released", "sent": "shipped"})


def unmapped(status: str, number: str) -> Contradiction:
    with pytest.raises(UnmappedStatus) as refused:
        MAP.state_of(status)
    return of_status(refused.value, "sales-order", "erp", number)


def forbidden(present: str, status: str, number: str) -> Contradiction:
    state = MAP.state_of(status)
    assert state is not None
    with pytest.raises(ForbiddenTransition) as refused:
        way(present, state)
    return of_status(refused.value, "sales-order", "erp", number)


async def tell(database: Database, world: World, *found: Contradiction) -> None:
    for one in found:
        async with database.tenant(world.tenant_id) as connection:
            await contradictions.tell(connection, world.tenant_id, one)


async def rows(database: Database, world: World) -> list[Any]:
    async with database.tenant(world.tenant_id) as connection:
        return list(await connection.fetch("SELECT * FROM app.exception ORDER BY exception_id"))


async def test_a_status_without_a_state_is_one_exception_however_many_orders_are_in_it(
    worker_database: Database, app_database: Database
) -> None:
    world = await make_tenant(app_database)
    await tell(worker_database, world, unmapped("void", "SO-1"), unmapped("void", "SO-2"), unmapped("hold", "SO-3"))
    told = [
        (row["category"], row["cause"], row["entity"], row["times"], row["title"])
        for row in await rows(worker_database, world)
    ]
    assert told == [
        (
            "data",
            "unmapped-status",
            "order",
            2,
            "erp, sales-order SO-2: the status 'void' is mapped to no state of an order",
        ),
        (
            "data",
            "unmapped-status",
            "order",
            1,
            "erp, sales-order SO-3: the status 'hold' is mapped to no state of an order",
        ),
    ]


async def test_a_state_that_cannot_follow_is_each_orders_and_ends_when_they_agree(
    worker_database: Database, app_database: Database
) -> None:
    world = await make_tenant(app_database)
    first, second = forbidden("delivered", "sent", "SO-1"), forbidden("delivered", "sent", "SO-2")
    erp = ids.new()
    await tell(worker_database, world, first, Contradiction(**{**_members(second), "connection": erp}))
    async with worker_database.tenant(world.tenant_id) as connection:
        assert await contradictions.settle(connection, world.tenant_id, first)
        assert not await contradictions.settle(connection, world.tenant_id, first)
    told = [(row["state"], row["outcome"], row["connection"]) for row in await rows(worker_database, world)]
    assert told == [("resolved", "went-on", None), ("open", None, ids.show("con", erp))]
    await tell(worker_database, world, first)
    assert len(await rows(worker_database, world)) == 3


async def test_it_goes_to_the_steward_of_the_data(worker_database: Database, app_database: Database) -> None:
    world = await make_tenant(app_database)
    steward, architect = [await somebody(app_database, world, name) for name in ("steward", "architect")]
    seat = (
        "INSERT INTO app.owner (tenant_id, kind, subject, owner, deputy, set_by) VALUES ($1, $2, $3, $4, 'role:x', 'x')"
    )
    async with app_database.tenant(world.tenant_id) as connection:
        await connection.execute(seat, world.tenant_id, "data", "order", steward)
        await connection.execute(seat, world.tenant_id, "architecture", "", architect)
    item = Contradiction(record="item", cause="master-data", system="erp", of="SKU-1", title="two units")
    await tell(worker_database, world, unmapped("void", "SO-1"), item)
    assert [row["owner"] for row in await rows(worker_database, world)] == [steward, architect]


async def somebody(database: Database, world: World, name: str) -> str:
    """An active account of the tenant: a role that nobody holds answers for nothing."""
    new = NewAccount(
        partner_id=world.partner_id,
        tenant_id=world.tenant_id,
        email=f"{name}@acme.example",
        name=name,
        password_hash=None,
        permissions=frozenset(),
    )
    async with database.session(Scope.tenant(world.tenant_id)) as session:
        made = await accounts.create(session, new, actor="test")
        await session.commit()
    return f"account:{accounts.shown(made)}"


async def test_S_14_nobody_tells_it_of_another_tenant(worker_database: Database, app_database: Database) -> None:
    own, other = await make_tenant(app_database, "own"), await make_tenant(app_database, "other")
    with pytest.raises(Exception, match="row-level security"):
        async with worker_database.tenant(own.tenant_id) as connection:
            await contradictions.tell(connection, other.tenant_id, unmapped("void", "SO-1"))
    await tell(worker_database, own, unmapped("void", "SO-1"))
    assert await rows(worker_database, other) == []


def test_every_record_has_its_steward_and_every_steward_is_one() -> None:
    assert set(ENTITY) == set(registry.names())
    assert set(ENTITY.values()) == set(ENTITIES)


def test_what_is_the_same_has_one_mark_and_what_is_not_has_another() -> None:
    one = unmapped("void", "SO-1")
    assert one.mark == unmapped("void", "SO-2").mark
    others = [{"record": "purchase-order"}, {"system": "shop"}, {"of": "void "}, {"cause": "master-data"}]
    marks = {Contradiction(**{**_members(one), **other}).mark for other in others}
    assert len(marks | {one.mark}) == 5
    # No way of putting the parts together makes two things one.
    assert Contradiction(**{**_members(one), "system": "a", "of": "b c"}).mark != (
        Contradiction(**{**_members(one), "system": "a b", "of": "c"}).mark
    )


def _members(one: Contradiction) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__struct_fields__}
