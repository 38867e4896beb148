"""Whom a directory provisions enters at the real provider, known by what it calls them there (S-58, S-06)."""

from __future__ import annotations

from tenants.identity.permissions import ALLOWED
from tenants.identity.permissions import Scope as Level
from tests.counterparts.oidc_provider.conftest import Office
from tests.counterparts.oidc_provider.test_sign_in import entered
from tests.services.api.directories import Directory, person
from tests.services.api.parties import first_key
from tests.services.portal.test_sessions import forget
from tests.services.portal.visitors import token_of

ALICE = "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"


async def directory_of(office: Office) -> Directory:
    north = office.house.operator.having(office.house.keys["north"])
    key = await first_key(north, "north/acme/live", ALLOWED[Level.CLIENT])
    caller = north.having(key)
    told = await caller.post(f"/v1/identity-providers/{office.directed}/provision")
    assert (told.status, told.json["subject_claim"]) == (200, "oid"), told.body
    return Directory(caller, office.directed)


async def test_S_58_who_is_provisioned_enters_as_that_account_and_nobody_else_does(office: Office) -> None:
    directory = await directory_of(office)
    # By the address of bob, and by the `sub` of alice, which is another for each application: neither is she.
    await directory.made("clerk", externalId="somebody")
    await directory.made("other", externalId="alice")
    for login in ("alice", "bob"):
        assert (await entered(office, office.directed, login)).problem in {"nobody-here", "provider-refused"}
    user = await directory.made("alice", externalId=ALICE)
    clerk = await directory.group("Clerk")
    await directory.patch(f"/Groups/{clerk}", {"op": "Add", "path": "members", "value": [{"value": user}]})
    answer = await entered(office, office.directed, "alice")
    assert answer.status == 303, answer.body
    alice = office.house.north.having(token_of(answer))
    session = (await alice.get("/portal/session")).json
    assert session["account"]["id"] == user
    assert "runs:write" in session["permissions"]
    assert (await entered(office, office.open, "alice")).status == 303, "at another provider she is somebody else"


async def test_S_06_who_is_let_go_is_out_and_stays_out(office: Office) -> None:
    directory = await directory_of(office)
    user = await directory.made("alice", externalId=ALICE)
    alice = office.house.north.having(token_of(await entered(office, office.directed, "alice")))
    off = {"op": "Replace", "path": "active", "value": "False"}
    assert (await directory.patch(f"/Users/{user}", off)).status == 200
    forget(office.front)
    assert (await alice.get("/portal/session")).status == 401
    assert (await entered(office, office.directed, "alice")).problem == "nobody-here"
    assert (await directory.send("DELETE", f"/Users/{user}")).status == 204
    assert (await entered(office, office.directed, "alice")).problem == "nobody-here"
    again = await directory.send("POST", "/Users", person("alice", externalId=ALICE))
    assert (again.status, again.json["id"]) == (201, user)
    assert (await entered(office, office.directed, "alice")).status == 303
