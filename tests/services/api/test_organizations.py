from __future__ import annotations

from tests.asgi import Caller


async def test_an_operator_creates_a_partner_and_the_partner_a_client(operator: Caller) -> None:
    made = await operator.post("/v1/partners", {"slug": "north", "name": "North"})
    assert made.status == 201, made.body
    key = await operator.post("/v1/keys", {"name": "north", "partner": "north"})
    assert key.status == 201, key.body
    partner = operator.having(key.json["key"])
    client = await partner.post("/v1/clients", {"slug": "acme", "name": "Acme"})
    assert client.status == 201, client.body
    assert [one["environment"] for one in client.json["tenants"]] == ["dev", "test", "live"]
    ckey = await partner.post("/v1/keys", {"name": "shop", "client": "acme", "environment": "live"})
    assert ckey.status == 201, ckey.body
    shop = operator.having(ckey.json["key"])
    me = await shop.get("/v1/me")
    assert me.json["client"]["slug"] == "acme", me.body
    log = await shop.get("/v1/audit")
    assert log.status == 200, log.body
    assert [one["action"] for one in log.json["items"]] == ["key.created"]
    assert (await partner.get("/v1/clients/acme/live/audit")).json == log.json
