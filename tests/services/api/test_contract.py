"""S-95, the short form: schemathesis over the document. `make nightly` asks each operation two hundred times."""

from __future__ import annotations

import os
from http import HTTPStatus
from pathlib import Path

import pytest
from aiohttp import ClientSession

from infra.database import Database, Scope
from infra.embedded.stack import Endpoints
from tenants.identity import service as identity
from tenants.identity.keyring import Keyring
from tenants.identity.permissions import ALLOWED, Permission
from tenants.identity.permissions import Scope as Level
from tenants.identity.service import Holder, NewKey
from tests.served import served
from tests.services.api.contract_check import check, is_installed
from tests.world import make_tenant

PARTNERS = (
    r"^/v1/(people|roles|invitations|identity-providers|domains|brand|onboarding|fleet|keys)(/|$)"
    r"|^/v1/(clients|partners)/{[a-z]+}/parameters$"
)
FAST = {"WAYBILL_API_RATE": "100000", "WAYBILL_API_BURST": "1000000", "WAYBILL_LOG_LEVEL": "error"}


@pytest.mark.skipif(not is_installed() and "CI" not in os.environ, reason="schemathesis comes with `make development`")
async def test_S_95_the_whole_document_holds_what_it_says(
    tmp_path: Path, endpoints: Endpoints, app_database: Database
) -> None:
    world = await make_tenant(app_database)
    async with app_database.session(Scope.operator()) as session:
        _, operator = await identity.create_operator(session, "first", actor="test")
        await session.commit()
    # With all that a key of theirs may hold: who is refused for want of a permission is asked nothing else.
    partner = await _key(app_database, operator, Holder(partner_id=world.partner_id), ALLOWED[Level.PARTNER])
    holder = Holder(partner_id=world.partner_id, tenant_id=world.tenant_id)
    # Nobody above a client could make one that holds as much (S-05).
    async with app_database.session(identity.scope_for(holder)) as session:
        most = NewKey(name="test", holder=holder, permissions=ALLOWED[Level.CLIENT])
        _, client = await identity.create_first(session, most, actor="test")
        await session.commit()
    with served(tmp_path / "api", endpoints, **FAST) as (port, _):
        url = f"http://127.0.0.1:{port}"
        # First of all: what is asked of the operator may disable the client.
        await _let_provision(url, client)
        scim = check(tmp_path / "scim", url, client, examples=2, seed=1, only=r"^/scim/v2/")
        assert scim.failures == []
        in_tenant = check(tmp_path / "client", url, client, examples=1, seed=1, only=r"^(?!/v1/clients/{client}/{env)")
        assert in_tenant.failures == []
        # Of the partner's own: what a client's key and the operator's are refused.
        own = check(tmp_path / "partner", url, partner, examples=2, seed=1, only=PARTNERS, without=("ignored_auth",))
        assert own.failures == []
        above = check(tmp_path / "operator", url, operator, examples=1, seed=1, only=r"^/v1/(partners|clients|keys)")
        assert above.failures == []
    assert in_tenant.requests + above.requests > 100
    assert scim.requests >= 15
    assert own.requests >= 40


async def _let_provision(url: str, key: str) -> None:
    """The client has a provider whose directory says who its people are."""
    body = {"name": "Acme", "issuer": "https://login.acme.example", "client_id": "portal"}
    async with ClientSession(url, headers={"authorization": f"Bearer {key}"}) as client:
        answer = await client.post("/v1/identity-providers", json=body)
        made = await answer.json()
        assert answer.status == HTTPStatus.CREATED, made
        assert (await client.post(f"/v1/identity-providers/{made['id']}/provision")).status == HTTPStatus.OK


async def _key(database: Database, maker: str, holder: Holder, permissions: frozenset[Permission] | None = None) -> str:
    principal = await Keyring(database).authenticate(maker)
    assert principal is not None
    async with database.session(identity.scope_for(holder, principal)) as session:
        _, text = await identity.create(session, NewKey(name="test", holder=holder, permissions=permissions), principal)
        await session.commit()
    return text
