"""S-06: who is suspended or disabled; every route is asked by them in `test_matrix.py`."""

from __future__ import annotations

from tests.services.api.parties import Parties


async def test_S_06_S_68_a_client_that_is_suspended_stops_nobody_beside_it(parties: Parties) -> None:
    """What a key of its own may still do is in the matrix: read, and let nobody in."""
    assert (await parties.north.post("/v1/clients/acme/suspend", {"reason": "its key got out"})).status == 200
    parties.nobody.app.app.state.resources.keyring.forget()
    refused = await parties.acme.post("/v1/keys", {"name": "mine"})
    assert (refused.status, refused.problem) == (403, "client-suspended")
    assert (await parties.sibling.post("/v1/keys", {"name": "mine"})).status == 201


async def test_S_06_a_disabled_client_or_partner_stops_within_seconds(parties: Parties) -> None:
    resources = parties.nobody.app.app.state
    await parties.north.post("/v1/clients/acme/disable")
    resources.resources.keyring.forget()
    assert (await parties.acme.get("/v1/me")).status == 401
    assert (await parties.sibling.get("/v1/me")).status == 200
    resources.directory.forget()
    assert (await parties.north.get("/v1/clients/acme/live/runs")).status == 404
    assert (await parties.north.post("/v1/clients/acme/enable")).json["status"] == "active"
    resources.resources.keyring.forget()
    assert (await parties.acme.get("/v1/me")).status == 200
    await parties.operator.post("/v1/partners/north/disable")
    resources.resources.keyring.forget()
    for caller in (parties.north, parties.acme, parties.sibling):
        assert (await caller.get("/v1/me")).status == 401
    assert (await parties.foreign.get("/v1/me")).status == 200
