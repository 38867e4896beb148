"""Publishing and deploying, on PostgreSQL: what is stored, what is refused, what the engine reads back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.pagination import Page
from infra.problems import NameTaken
from template_library import catalog
from template_library.policies.capabilities import READS, Access
from tenants.deployments import publishing, service, triggers
from tenants.deployments.errors import InvalidDeployment, InvalidDocument, UnknownDeployment, VersionTaken
from tenants.deployments.repository import Pair
from tenants.deployments.service import Changes, Plan
from tests.world import World, make_tenant

READING = {"erp.customers.credit": READS, "erp.items.availability": READS}
OPERATIONS = {**READING, "erp.sales-orders.create": Access(writes=frozenset({"order"}))}
OFFERS = {"simulator": OPERATIONS, "other-erp": OPERATIONS, "half-erp": READING}
WHO = "key:tests"


def document(version: str = "1.0.0", **more: Any) -> str:
    head = {"dsl": "1.0.3", "namespace": "tests", "name": "greet", "version": version, **more.pop("head", {})}
    return msgspec.json.encode({"document": head, "do": [{"greet": {"set": {"ok": True}}}], **more}).decode()


def on(**attributes: str) -> dict[str, Any]:
    return {"on": {"one": {"with": attributes}}}


async def connect(database: Database, world: World, connector: str = "simulator", status: str = "active") -> UUID:
    connection_id = ids.new()
    async with database.tenant(world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings, status) "
            "VALUES ($1, $2, $3, $4, '{}', $5)",
            world.tenant_id,
            connection_id,
            f"c{connection_id.hex}",
            connector,
            status,
        )
    return connection_id


async def create(database: Database, world: World, name: str = "orders", **plan: Any) -> Pair:
    async with database.session(Scope.tenant(world.tenant_id)) as session:
        pair = await service.create(session, world.tenant_id, name, Plan(**plan), offers=OFFERS, actor=WHO)
        await session.commit()
    return pair


async def revise(database: Database, world: World, deployment_id: UUID, **changes: Any) -> Pair:
    async with database.session(Scope.tenant(world.tenant_id)) as session:
        found = await service.revise(
            session, world.tenant_id, deployment_id, Changes(**changes), offers=OFFERS, actor=WHO
        )
        await session.commit()
    return found


async def publish(database: Database, world: World, content: str) -> tuple[UUID, bool]:
    async with database.session(Scope.tenant(world.tenant_id)) as session:
        stored, made = await publishing.publish(session, world.tenant_id, publishing.read(content), actor=WHO)
        await session.commit()
    return stored.workflow_version_id, made


async def audited(database: Database, world: World) -> list[str]:
    async with database.session(Scope.tenant(world.tenant_id)) as session:
        return list((await session.scalars(text("SELECT action FROM app.audit ORDER BY audit_id"))).all())


async def test_a_published_version_never_changes(app_database: Database) -> None:
    world = await make_tenant(app_database)
    first, made = await publish(app_database, world, document())
    again, made_again = await publish(app_database, world, document())
    assert (made, made_again) == (True, False)
    assert first == again
    with pytest.raises(VersionTaken):
        await publish(app_database, world, document(head={"title": "Changed"}))
    other, _ = await publish(app_database, world, document("1.0.1", head={"title": "Changed"}))
    assert other != first
    assert await audited(app_database, world) == ["workflow.published", "workflow.published"]


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        ("document: [", ""),
        (document(schedule={"on": {"any": []}}), "/schedule/on/any"),
        (
            document(
                do=[{"a": {"call": "connector:1.0.0@default", "with": {"connection": "${ .c }", "operation": "x"}}}]
            ),
            "/do/0/a/with/connection",
        ),
    ],
)
def test_a_bad_document_is_refused_with_pointers(content: str, pointer: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        publishing.read(content)
    assert caught.value.status == 422
    assert caught.value.extensions["errors"][0]["pointer"] == pointer


async def test_a_template_is_published_and_deployed_in_one_step(
    app_database: Database, worker_database: Database
) -> None:
    world = await make_tenant(app_database)
    package = catalog.builtin().find("order-release", "1.0.0")
    erp = await connect(app_database, world)
    deployment, revision, version = await create(app_database, world, source=package, bindings={"erp": erp})
    assert (deployment.status, revision.revision, version.template) == ("active", 1, "order-release@1.0.0")
    assert await audited(app_database, world) == ["workflow.published", "deployment.created"]
    async with worker_database.tenant(world.tenant_id) as connection:
        found = await triggers.active_triggers(connection, world.tenant_id, "order.captured")
        assert [(one.deployment_id, one.revision, one.attributes) for one in found] == [
            (deployment.deployment_id, 1, {"type": "order.captured"})
        ]
        assert await triggers.active_triggers(connection, world.tenant_id, "order.changed") == []
        pinned = await triggers.pinned(connection, world.tenant_id, deployment.deployment_id, 1)
    assert pinned.document == package.document
    assert pinned.bindings == {"erp": erp}
    assert pinned.parameters == {"credit_tolerance_percent": 0, "allow_backorder": False, "max_order_value": None}


async def test_a_change_is_another_revision_and_the_earlier_one_stays(
    app_database: Database, worker_database: Database
) -> None:
    world = await make_tenant(app_database)
    package = catalog.builtin().find("order-release")
    first, second = await connect(app_database, world), await connect(app_database, world, "other-erp")
    deployment, _, _ = await create(app_database, world, source=package, bindings={"erp": first})
    key = deployment.deployment_id
    assert (await revise(app_database, world, key, bindings={"erp": first}))[1].revision == 1
    _, revision, _ = await revise(
        app_database, world, key, bindings={"erp": second}, parameters={"allow_backorder": True}
    )
    assert revision.revision == 2
    async with worker_database.tenant(world.tenant_id) as connection:
        assert (await triggers.active_triggers(connection, world.tenant_id, "order.captured"))[0].revision == 2
        old = await triggers.pinned(connection, world.tenant_id, key, 1)
        new = await triggers.pinned(connection, world.tenant_id, key, 2)
    assert (old.bindings, old.parameters["allow_backorder"]) == ({"erp": first}, False)
    assert (new.bindings, new.parameters["allow_backorder"]) == ({"erp": second}, True)


async def test_a_disabled_deployment_is_started_by_no_event(app_database: Database) -> None:
    world = await make_tenant(app_database)
    version, _ = await publish(app_database, world, document(schedule=on(type="t", source="/shop")))
    deployment, _, _ = await create(app_database, world, source=version)
    for status, expected in (("disabled", 0), ("disabled", 0), ("active", 1)):
        async with app_database.session(Scope.tenant(world.tenant_id)) as session:
            await service.set_status(session, world.tenant_id, deployment.deployment_id, status, actor=WHO)  # type: ignore[arg-type]
            await session.commit()
        async with app_database.tenant(world.tenant_id) as connection:
            assert len(await triggers.active_triggers(connection, world.tenant_id, "t")) == expected
    assert (await audited(app_database, world))[2:] == ["deployment.disabled", "deployment.enabled"]


async def test_names_are_taken_once(app_database: Database) -> None:
    world = await make_tenant(app_database)
    version, _ = await publish(app_database, world, document())
    await create(app_database, world, source=version)
    with pytest.raises(NameTaken):
        await create(app_database, world, source=version)


async def errors_of(database: Database, world: World, **plan: Any) -> dict[str, str]:
    with pytest.raises(InvalidDeployment) as caught:
        await create(database, world, **plan)
    return {error["pointer"]: error["detail"] for error in caught.value.extensions["errors"]}


async def test_everything_that_does_not_fit_is_named_at_once(app_database: Database) -> None:
    world = await make_tenant(app_database)
    package = catalog.builtin().find("order-release")
    half = await connect(app_database, world, "half-erp")
    errors = await errors_of(
        app_database,
        world,
        source=package,
        parameters={"credit_tolerance_percent": 101, "max_order_valeu": 1},
        bindings={"erp": half, "shop": half},
    )
    assert set(errors) == {"/parameters", "/parameters/credit_tolerance_percent", "/bindings/erp", "/bindings/shop"}
    assert "erp.sales-orders.create" in errors["/bindings/erp"]
    assert await errors_of(app_database, world, source=package) == {
        "/bindings": "the workflow's connection `erp` is not bound"
    }
    disabled = await connect(app_database, world, status="disabled")
    assert await errors_of(app_database, world, source=package, bindings={"erp": disabled}) == {
        "/bindings/erp": "the connection is disabled"
    }
    assert await audited(app_database, world) == []


async def test_S_02_another_tenants_ids_read_as_unknown(app_database: Database) -> None:
    mine, theirs = await make_tenant(app_database, "acme"), await make_tenant(app_database, "rival")
    package = catalog.builtin().find("order-release")
    foreign = await connect(app_database, theirs)
    unknown = await errors_of(app_database, mine, source=package, bindings={"erp": ids.new()})
    assert await errors_of(app_database, mine, source=package, bindings={"erp": foreign}) == unknown
    version, _ = await publish(app_database, theirs, document())
    assert await errors_of(app_database, mine, source=version) == await errors_of(app_database, mine, source=ids.new())
    deployment, _, _ = await create(app_database, theirs, source=version)
    with pytest.raises(UnknownDeployment):
        await revise(app_database, mine, deployment.deployment_id, parameters={})
    async with app_database.session(Scope.tenant(mine.tenant_id)) as session:
        assert await service.list_deployments(session, mine.tenant_id, Page(10)) == ([], None)


async def test_parameters_of_a_document_of_ones_own_are_declared_in_it(app_database: Database) -> None:
    world = await make_tenant(app_database)
    schema = {"type": "object", "required": ["limit"], "properties": {"limit": {"type": "integer"}}}
    declared, _ = await publish(app_database, world, document(head={"metadata": {"parameters": schema}}))
    _, revision, _ = await create(app_database, world, source=declared, parameters={"limit": 5})
    assert revision.parameters == {"limit": 5}
    assert list(await errors_of(app_database, world, name="b", source=declared)) == ["/parameters"]
    silent, _ = await publish(app_database, world, document("2.0.0"))
    assert list(await errors_of(app_database, world, name="c", source=silent, parameters={"x": 1})) == ["/parameters"]


async def test_lists_are_paged_newest_first(app_database: Database) -> None:
    world = await make_tenant(app_database)
    version, _ = await publish(app_database, world, document())
    made = [(await create(app_database, world, f"d{n}", source=version))[0].deployment_id for n in range(3)]
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        rows, more = await service.list_deployments(session, world.tenant_id, Page(2))
        assert ([row[0].deployment_id for row in rows], more) == ([made[2], made[1]], str(made[1]))
        rows, more = await service.list_deployments(session, world.tenant_id, Page(2, more))
        assert ([row[0].deployment_id for row in rows], more) == ([made[0]], None)
        rows, _ = await service.list_deployments(session, world.tenant_id, Page(2), name="d1")
        assert [row[0].name for row in rows] == ["d1"]
        versions, _ = await publishing.list_workflows(session, world.tenant_id, Page(5), name="greet")
        assert [one.version for one in versions] == ["1.0.0"]
