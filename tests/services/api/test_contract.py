"""S-95, the short form: schemathesis over the document. The night asks for minutes, by every kind of key."""

from __future__ import annotations

import os
from http import HTTPStatus
from pathlib import Path

import pytest
from aiohttp import ClientSession

from infra.database import Database
from infra.embedded.stack import Endpoints
from tenants.identity.service import Holder
from tests.served import served
from tests.services.api.contract_askers import Asker, make_askers, signed_in
from tests.services.api.contract_check import ONE_FORM, check, is_installed
from tests.world import make_tenant

PARTNERS = (
    r"^/v1/(people|roles|invitations|identity-providers|domains|brand|onboarding|fleet|keys)(/|$)"
    r"|^/v1/(clients|partners)/{[a-z]+}/parameters$"
)
OPERATORS = r"^/v1/(partners|clients|keys)"
FAST = {"WAYBILL_API_RATE": "100000", "WAYBILL_API_BURST": "1000000", "WAYBILL_LOG_LEVEL": "error"}


@pytest.mark.skipif(not is_installed() and "CI" not in os.environ, reason="schemathesis comes with `make development`")
async def test_S_95_the_whole_document_holds_what_it_says(
    tmp_path: Path, endpoints: Endpoints, app_database: Database
) -> None:
    world = await make_tenant(app_database)
    holder = Holder(partner_id=world.partner_id, tenant_id=world.tenant_id)
    askers = await make_askers(app_database, holder)
    with served(tmp_path / "api", endpoints, **FAST) as (port, _):
        url = f"http://127.0.0.1:{port}"
        # First of all: what is asked of the operator may disable the client.
        await _let_provision(url, askers.client)
        scim = check(tmp_path / "scim", url, askers.client, examples=2, seed=1, only=r"^/scim/v2/")
        assert scim.failures == []
        # So many without a key are held up as strangers (S-66); the matrix of routes asks each by nobody.
        named = ("ignored_auth",)
        in_tenant = check(tmp_path / "client", url, askers.client, examples=1, seed=1, only=ONE_FORM, without=named)
        assert in_tenant.failures == []
        # Of the partner's own: what a client's key and the operator's are refused.
        own = check(tmp_path / "partner", url, askers.partner, examples=2, seed=1, only=PARTNERS, without=named)
        assert own.failures == []
        hana = await signed_in(app_database, holder, url)
        pages = check(tmp_path / "portal", url, hana, examples=2, seed=1, only=r"^/portal/", without=named)
        assert pages.failures == []
        above = check(tmp_path / "operator", url, askers.operator, examples=1, seed=1, only=OPERATORS)
        assert above.failures == []
    assert in_tenant.requests + above.requests > 100
    assert scim.requests >= 15
    assert own.requests >= 40
    assert pages.requests >= 30


async def _let_provision(url: str, asker: Asker) -> None:
    """The client has a provider whose directory says who its people are."""
    body = {"name": "Acme", "issuer": "https://login.acme.example", "client_id": "portal"}
    async with ClientSession(url, headers=asker.headers) as client:
        answer = await client.post("/v1/identity-providers", json=body)
        made = await answer.json()
        assert answer.status == HTTPStatus.CREATED, made
        assert (await client.post(f"/v1/identity-providers/{made['id']}/provision")).status == HTTPStatus.OK
