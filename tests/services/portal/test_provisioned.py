"""People whom a directory provisions, on the portal: in by their provider alone, out within seconds (S-06, S-63)."""

from __future__ import annotations

import pytest

from infra import ids
from infra.database import Database, Scope
from services.portal.app import Front
from tenants.identity import account_repository, accounts
from tenants.identity.errors import SignsInAtProvider
from tenants.identity.permissions import ALLOWED
from tenants.identity.permissions import Scope as Level
from tenants.identity.sessions import Place
from tests.services.api.directories import Directory, refused
from tests.services.api.parties import first_key
from tests.services.portal.authenticator import Authenticator
from tests.services.portal.test_passkeys import added
from tests.services.portal.test_sessions import forget
from tests.services.portal.visitors import NORTH, House, Visitor


@pytest.fixture
async def directory(house: House) -> Directory:
    """Of acme's people in live."""
    north = house.operator.having(house.keys["north"])
    key = await first_key(north, "north/acme/live", ALLOWED[Level.CLIENT])
    caller = north.having(key)
    body = {"name": "Acme", "issuer": "https://login.acme.example", "client_id": "portal"}
    provider = (await caller.post("/v1/identity-providers", body)).json["id"]
    assert (await caller.post(f"/v1/identity-providers/{provider}/provision")).status == 200
    return Directory(caller, provider)


async def arrived(house: House, front: Front, database: Database, user: str) -> Visitor:
    """As who comes back from the provider."""
    partner = house.ids["north"]
    async with database.session(Scope.partner(partner)) as session:
        found = await account_repository.standing(session, partner, ids.read("acc", user))
    assert found is not None
    made = await front.portal.keeper.sessions.start(Place(partner, NORTH), found, None, before=None)
    assert made is not None
    return house.north.having(made.token)


async def test_S_63_who_is_let_go_or_made_another_is_signed_out(
    house: House, front: Front, app_database: Database, directory: Directory
) -> None:
    user = await directory.made("maria")
    viewer = await directory.group("Viewer")
    for change in (
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "value": {"active": False}},
        {"op": "replace", "path": "externalId", "value": "another"},
    ):
        maria = await arrived(house, front, app_database, user)
        assert (await maria.get("/portal/session")).json["account"]["id"] == user
        assert (await directory.patch(f"/Users/{user}", change)).status == 200
        forget(front)
        assert (await maria.get("/portal/session")).status == 401, change
        assert (
            await directory.patch(f"/Users/{user}", {"op": "replace", "path": "active", "value": True})
        ).status == 200
    maria = await arrived(house, front, app_database, user)
    more = {"op": "add", "path": "members", "value": [{"value": user}]}
    assert (await directory.patch(f"/Groups/{viewer}", more)).status == 204
    forget(front)
    assert (await maria.get("/portal/session")).status == 401, "what she may do has changed"
    maria = await arrived(house, front, app_database, user)
    assert "runs:read" in (await maria.get("/portal/session")).json["permissions"]
    assert (await directory.send("DELETE", f"/Users/{user}")).status == 204
    forget(front)
    assert (await maria.get("/portal/session")).status == 401


async def test_S_58_who_is_provisioned_has_no_other_way_in(
    house: House, front: Front, app_database: Database, directory: Directory
) -> None:
    user = await directory.made("maria")
    maria = await arrived(house, front, app_database, user)
    refused_passkey = await added(maria, Authenticator())
    assert (refused_passkey.status, refused_passkey.problem) == (409, "signs-in-at-provider")
    async with app_database.session(Scope.tenant(house.ids["acme"])) as session:
        found = await accounts.find(session, house.ids["north"], user)
        with pytest.raises(SignsInAtProvider):
            await accounts.set_password(session, found, "$argon2id$x", actor="test")
    invited = {"email": "maria@acme.example", "password": "x"}
    assert (await house.north.send("POST", "/portal/session", invited)).status == 401


async def test_S_07_a_brands_host_knows_no_directory(house: House, directory: Directory) -> None:
    maria = await directory.made("maria")
    for path in ("/scim/v2/Users", f"/scim/v2/Users/{maria}", "/scim/v2/ServiceProviderConfig"):
        answer = await house.north.get(path, authorization=f"Bearer {directory.caller.key}", accept="text/html")
        refused(answer, 404)
