"""Who answers for what in a client's environments, as tests name them (ADR 0051)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties

ERP: dict[str, Any] = {
    "name": "erp",
    "connector": "erp-simulator",
    "settings": {"base_url": "http://127.0.0.1:9", "allow_http": True},
    "secrets": {"token": "simulator-token"},
}
DESK, SECOND, INTEGRATION = "role:order-desk", "role:second-desk", "role:integration"


async def make_roles(database: Database, partner: UUID) -> None:
    """For the people of all of its clients."""
    statement = "INSERT INTO app.role (role_id, partner_id, level, slug, name, permissions) "
    statement += "SELECT app.new_id(), :p, 'client', s, s, '{runs:read}' FROM unnest(CAST(:slugs AS text[])) s"
    async with database.session(Scope.partner(partner)) as session:
        await session.execute(text(statement), {"p": partner, "slugs": ["order-desk", "second-desk", "integration"]})
        await session.commit()


async def employ(database: Database, parties: Parties, place: str, *roles: str) -> None:
    """Somebody there holds these roles."""
    partner, tenant = ids.read("ptr", parties.ids["north"]), ids.read("ten", parties.ids[place])
    statement = (
        "WITH one AS (INSERT INTO app.account (partner_id, account_id, tenant_id, email, name, permissions) "
        "  VALUES (:p, app.new_id(), :t, :email, 'Kim', '{}') RETURNING account_id) "
        "INSERT INTO app.account_role (partner_id, account_id, tenant_id, role_id) "
        "SELECT :p, one.account_id, :t, r.role_id FROM one, app.role r "
        "WHERE 'role:' || r.slug = ANY (CAST(:roles AS text[]))"
    )
    email = f"{roles[0].removeprefix('role:')}@acme.example"
    async with database.session(Scope.tenant(tenant)) as session:
        await session.execute(text(statement), {"p": partner, "t": tenant, "email": email, "roles": list(roles)})
        await session.commit()


async def name(caller: Caller, kind: str, subject: str = "", owner: str = DESK, deputy: str = SECOND) -> Answer:
    return await caller.send("PUT", "/v1/owners", {"kind": kind, "subject": subject, "owner": owner, "deputy": deputy})


async def deploy(caller: Caller, erp: str) -> Answer:
    body = {"name": "orders", "template": {"name": "order-release"}, "bindings": {"erp": erp}}
    return await caller.post("/v1/deployments", body)


async def connect(caller: Caller) -> str:
    made: str = (await caller.post("/v1/connections", ERP)).json["id"]
    return made


async def named(caller: Caller) -> str:
    """The connection of a client where everybody is named who is needed."""
    erp = await connect(caller)
    for kind, subject in (
        ("architecture", ""),
        ("process", "order-to-cash"),
        ("data", "order"),
        ("data", "customer"),
        ("data", "item"),
        ("integration", erp),
    ):
        assert (await name(caller, kind, subject)).status == 200
    return erp
