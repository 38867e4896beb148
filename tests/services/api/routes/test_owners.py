"""Nothing goes live without owners, and what stands still goes to them (ADR 0051, row 95 of the features)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.ids import TenantId
from infra.settings import Settings
from services.api.app import create_app
from services.engine import findings
from tenants.deployments import ownership
from tenants.deployments.ownership import Seat
from tests.asgi import Caller, running
from tests.services.api.parties import Parties, make_parties
from tests.services.api.routes.seats import (
    DESK,
    ERP,
    INTEGRATION,
    SECOND,
    connect,
    deploy,
    employ,
    make_roles,
    name,
    named,
)


@pytest.fixture
def estate() -> None:
    """These make their parties themselves."""


@pytest.fixture
async def parties(api_settings: Settings, operator_key: str, app_database: Database) -> AsyncIterator[Parties]:
    """Of an installation as it is when nobody sets anything."""
    app = create_app(msgspec.structs.replace(api_settings, live_owners="required"))
    async with running(app):
        made = await make_parties(Caller(app).having(operator_key))
        await make_roles(app_database, ids.read("ptr", made.ids["north"]))
        for place in ("acme:live", "acme:test", "sibling:live"):
            await employ(app_database, made, place, DESK, SECOND, INTEGRATION)
        yield made


async def test_nothing_goes_live_without_owners_and_the_refusal_lists_who_is_missing(parties: Parties) -> None:
    erp = await connect(parties.acme)
    refused = await deploy(parties.acme, erp)
    assert (refused.status, refused.problem) == (409, "owners-missing")
    assert [one["pointer"] for one in refused.json["errors"]] == [
        "/owners/architecture",
        "/owners/data/customer",
        "/owners/data/item",
        "/owners/data/order",
        f"/owners/integration/{erp}",
        "/owners/process/order-to-cash",
    ]
    assert "for the connection erp" in refused.json["detail"]
    assert (await parties.acme.get("/v1/deployments")).json["items"] == []
    await named(parties.acme_test)
    erp = (await parties.acme.get("/v1/connections")).json["items"][0]["id"]
    for kind, subject in (("architecture", ""), ("process", "order-to-cash"), ("integration", erp)):
        await name(parties.acme, kind, subject)
    refused = await deploy(parties.acme, erp)
    assert [one["pointer"] for one in refused.json["errors"]] == [
        "/owners/data/customer", "/owners/data/item", "/owners/data/order",
    ]  # fmt: skip
    for entity in ("customer", "item", "order"):
        await name(parties.acme, "data", entity)
    assert (await deploy(parties.acme, erp)).status == 201


async def test_elsewhere_than_in_live_what_is_missing_is_told_and_nothing_refused(parties: Parties) -> None:
    erp = await connect(parties.acme_test)
    made = await deploy(parties.acme_test, erp)
    assert made.status == 201, made.body
    told = (await parties.acme_test.get("/v1/owners")).json
    assert not told["required"]
    assert {"kind": "process", "subject": "order-to-cash", "deployments": ["orders"]} in told["missing"]
    assert len(told["missing"]) == 6


async def test_a_change_of_what_is_live_needs_the_owners_too(parties: Parties) -> None:
    erp = await named(parties.acme)
    made = (await deploy(parties.acme, erp)).json["id"]
    refused = await parties.acme.post("/v1/owners/remove", {"kind": "data", "subject": "item"})
    assert (refused.status, refused.problem) == (409, "owner-needed")
    await parties.acme.post(f"/v1/deployments/{made}/disable")
    gone = await parties.acme.post("/v1/owners/remove", {"kind": "data", "subject": "item"})
    assert gone.status == 200
    again = await parties.acme.post(f"/v1/deployments/{made}/enable")
    assert (again.status, again.problem) == (409, "owners-missing")
    assert (await parties.acme.get(f"/v1/deployments/{made}")).json["status"] == "disabled"
    other = (await parties.acme.post("/v1/connections", {**ERP, "name": "other"})).json["id"]
    await name(parties.acme, "data", "item")
    await parties.acme.post(f"/v1/deployments/{made}/enable")
    moved = await parties.acme.send("PATCH", f"/v1/deployments/{made}", {"bindings": {"erp": other}})
    assert (moved.status, moved.problem) == (409, "owners-missing")
    assert (await parties.acme.get(f"/v1/deployments/{made}")).json["bindings"] == {"erp": erp}


@pytest.mark.parametrize(
    ("seat", "pointer"),
    [
        ({"kind": "process", "subject": "sales"}, "/subject"),
        ({"kind": "data", "subject": "secrets"}, "/subject"),
        ({"kind": "integration", "subject": "erp"}, "/subject"),
        ({"kind": "architecture", "subject": "x"}, "/subject"),
        ({"kind": "architecture", "deputy": DESK}, "/deputy"),
        ({"kind": "architecture", "owner": "account:acc_01h455vb4pex5vsknk084sn02q"}, "/owner"),
        ({"kind": "architecture", "deputy": "role:nobody"}, "/deputy"),
        ({"kind": "architecture", "owner": "role:nobody"}, "/deputy"),
        ({"kind": "architecture", "owner": "role:nobody", "deputy": "role:nowhere"}, "/deputy"),
        ({"kind": "architecture", "owner": "role:supporter"}, "/deputy"),
    ],
)
async def test_a_seat_that_is_none_is_refused(parties: Parties, seat: dict[str, str], pointer: str) -> None:
    answer = await parties.acme.send("PUT", "/v1/owners", {"owner": DESK, "deputy": SECOND, **seat})
    assert (answer.status, answer.problem) == (422, "invalid-owner"), answer.body
    assert answer.json["errors"][0]["pointer"] == pointer
    log = (await parties.acme.get("/v1/audit?action=owner.named")).json["items"]
    assert log == []


async def test_S_02_an_integration_of_another_tenant_is_unknown_as_a_seat(parties: Parties) -> None:
    new = {"url": "https://hooks.acme.example/orders", "types": ["*"]}
    made = await parties.foreign.post("/v1/webhook-endpoints", new)
    for prefix, theirs in (("con", await connect(parties.foreign)), ("whe", made.json["id"])):
        nobodys = ids.show(prefix, ids.new())
        answers = [(await name(parties.acme, "integration", one)).json for one in (theirs, nobodys)]
        for answer in answers:
            answer.pop("request_id")
        assert answers[0] == answers[1]
    own = (await parties.acme.post("/v1/webhook-endpoints", new)).json["id"]
    assert (await name(parties.acme, "integration", own)).status == 200


async def test_what_stands_still_goes_to_its_owner_and_to_the_deputy_while_that_one_is_away(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    erp = await named(parties.acme)
    deployment = (await deploy(parties.acme, erp)).json["id"]
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    await name(parties.acme, "integration", erp, owner="role:integration")
    async with worker_database.tenant(tenant) as connection:
        await connection.execute(
            "INSERT INTO app.outage (tenant_id, connection_id, revision, reason, probe_at) "
            "VALUES ($1, $2, 1, 'away', now())",
            tenant,
            ids.read("con", erp),
        )
    assert await owners(parties.acme, "outage") == ["role:integration"]
    await tell(app_database, tenant, deployment, "one")
    account = await make_account(app_database, parties, tenant)
    await name(parties.acme, "process", "order-to-cash", owner=f"account:{account}")
    await tell(app_database, tenant, deployment, "two")
    await away(app_database, tenant, account)
    await tell(app_database, tenant, deployment, "three")
    assert await owners(parties.acme, "dead-letter") == [DESK, f"account:{account}", SECOND]
    shown = {one["kind"]: one for one in (await parties.acme.get("/v1/owners")).json["items"]}
    assert shown["process"]["owner"] == f"account:{account}"
    assert shown["process"]["answers"] == SECOND


async def test_who_is_gone_answers_for_nothing_and_a_queue_for_as_long_as_its_deputy_is_there(
    parties: Parties, app_database: Database
) -> None:
    """Seats that are filled with nobody: roles that were disabled, accounts that left."""
    erp = await named(parties.acme)
    made = (await deploy(parties.acme, erp)).json["id"]
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    account = await make_account(app_database, parties, tenant)
    queued = await name(parties.acme, "architecture", owner="role:pager", deputy=f"account:{account}")
    assert queued.status == 200, queued.body
    async with app_database.session(Scope.partner(ids.read("ptr", parties.ids["north"]))) as session:
        await session.execute(text("UPDATE app.role SET status = 'disabled'"))
        await session.commit()
    shown = {one["kind"]: one["answers"] for one in (await parties.acme.get("/v1/owners")).json["items"]}
    assert (shown["architecture"], shown["process"]) == ("role:pager", None)
    # What the process owner was to get goes on to the architecture's.
    await tell(app_database, tenant, made, "one")
    assert await owners(parties.acme, "dead-letter") == ["role:pager"]
    await parties.acme.post(f"/v1/deployments/{made}/disable")
    again = await parties.acme.post(f"/v1/deployments/{made}/enable")
    assert (again.status, again.problem) == (409, "owners-missing")
    assert len(again.json["errors"]) == 5
    await away(app_database, tenant, account)
    again = await parties.acme.post(f"/v1/deployments/{made}/enable")
    assert len(again.json["errors"]) == 6


async def test_a_role_that_nobody_holds_is_nobody_and_nothing_goes_live_by_it(
    parties: Parties, app_database: Database
) -> None:
    erp = await named(parties.acme)
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    await away(app_database, tenant)
    refused = await deploy(parties.acme, erp)
    assert (refused.status, refused.problem) == (409, "owners-missing")
    assert len(refused.json["errors"]) == 6
    assert refused.json["errors"][0]["detail"].endswith(f": nobody who is active is {DESK} or {SECOND}")
    shown = (await parties.acme.get("/v1/owners")).json
    assert {one["answers"] for one in shown["items"]} == {None}
    # The deputy is enough: somebody can act.
    await employ(app_database, parties, "acme:live", SECOND)
    assert (await deploy(parties.acme, erp)).status == 201
    shown = (await parties.acme.get("/v1/owners")).json
    assert ({one["answers"] for one in shown["items"]}, shown["missing"]) == ({SECOND}, [])


async def test_S_03_people_of_another_client_or_environment_answer_for_nothing_here(
    parties: Parties, app_database: Database
) -> None:
    """Roles of the partner's are the same in all of its clients, and who holds them is not."""
    erp = await named(parties.acme)
    await away(app_database, TenantId(ids.read("ten", parties.ids["acme:live"])))
    refused = await deploy(parties.acme, erp)
    assert (refused.status, len(refused.json["errors"])) == (409, 6)


async def test_an_environment_of_another_name_takes_owners_where_its_maker_says_so(parties: Parties) -> None:
    strict = {"environment": "prod", "owners_required": True}
    made = await parties.north.post("/v1/clients/acme/environments", strict)
    assert (made.status, made.json["owners_required"]) == (201, True)
    loose = await parties.north.post("/v1/clients/acme/environments", {"environment": "sandbox"})
    assert loose.json["owners_required"] is False
    for environment, status in (("prod", 409), ("sandbox", 201)):
        where = f"/v1/clients/acme/{environment}"
        erp = (await parties.north.post(f"{where}/connections", ERP)).json["id"]
        body = {"name": "orders", "template": {"name": "order-release"}, "bindings": {"erp": erp}}
        assert (await parties.north.post(f"{where}/deployments", body)).status == status
        assert (await parties.north.get(f"{where}/owners")).json["required"] is (environment == "prod")


async def test_a_seat_that_is_emptied_while_something_goes_live_keeps_one_of_the_two_waiting(
    parties: Parties, app_database: Database
) -> None:
    """Each would pass by what the other has not committed yet: the later one waits, and then sees it."""
    erp = await named(parties.acme)
    made = (await deploy(parties.acme, erp)).json["id"]
    await parties.acme.post(f"/v1/deployments/{made}/disable")
    tenant = ids.read("ten", parties.ids["acme:live"])
    async with app_database.session(Scope.tenant(tenant)) as session:
        await ownership.vacate(session, tenant, Seat("data", "item"), is_required=True, actor="test")
        enabling = asyncio.create_task(parties.acme.post(f"/v1/deployments/{made}/enable"))
        await asyncio.wait([enabling], timeout=0.5)
        assert not enabling.done()
        await session.commit()
    refused = await enabling
    assert (refused.status, refused.problem) == (409, "owners-missing")


async def away(database: Database, tenant: TenantId, account: str | None = None) -> None:
    """Nobody there is active any more; or that one is not."""
    statement = "UPDATE app.account SET status = 'disabled' WHERE tenant_id = :t "
    statement += "AND (CAST(:a AS uuid) IS NULL OR account_id = :a)"
    only = None if account is None else ids.read("acc", account)
    async with database.session(Scope.tenant(tenant)) as session:
        await session.execute(text(statement), {"t": tenant, "a": only})
        await session.commit()


async def tell(database: Database, tenant: TenantId, deployment: str, detail: str) -> None:
    async with database.tenant(tenant) as connection:
        await findings.tell(
            connection, tenant, ids.read("dep", deployment), "deployment.filter-failed", {"detail": detail}
        )


async def owners(caller: Caller, category: str) -> list[str]:
    listed = (await caller.get(f"/v1/exceptions?category={category}")).json["items"]
    return [one["owner"] for one in listed]


async def make_account(database: Database, parties: Parties, tenant: UUID) -> str:
    account = ids.new()
    async with database.session(Scope.tenant(tenant)) as session:
        await session.execute(
            text(
                "INSERT INTO app.account (partner_id, account_id, tenant_id, email, name, password_hash, permissions) "
                "VALUES (:p, :a, :t, 'maria@acme.example', 'Maria', '$argon2id$', '{}')"
            ),
            {"p": ids.read("ptr", parties.ids["north"]), "a": account, "t": tenant},
        )
        await session.commit()
    return ids.show("acc", account)
