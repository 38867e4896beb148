"""Parameters are inherited operator, partner, client, environment, site; each says where it comes from (A14)."""

from __future__ import annotations

from typing import Any

from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties

LIVE = "/v1/clients/acme/live"
DECLARES = """\
document:
  dsl: 1.0.3
  namespace: acme
  name: cutting
  version: 1.0.0
  metadata:
    parameters:
      type: object
      additionalProperties: false
      properties:
        cutoff: {type: string, default: "12:00"}
        tolerance: {type: number}
        currency: {type: string}
schedule: {on: {one: {with: {type: order.captured}}}}
do:
- greet: {set: {hello: world}}
"""


async def put(caller: Caller, path: str, **values: Any) -> Answer:
    answer = await caller.send("PATCH", path, {"values": values})
    assert answer.status == 200, answer.body
    return answer


async def held(caller: Caller, path: str) -> dict[str, tuple[Any, str]]:
    answer = await caller.get(path)
    assert answer.status == 200, answer.body
    return {one["name"]: (one["value"], one["level"]) for one in answer.json["items"]}


async def test_the_nearest_level_holds_and_each_value_says_whose_it_is(parties: Parties) -> None:
    await parties.acme.post("/v1/sites", {"slug": "depot", "name": "Depot"})
    await put(parties.operator, "/v1/operator/parameters", cutoff="10:00", currency="EUR", tolerance=1)
    await put(parties.north, "/v1/partners/north/parameters", cutoff="11:00", tolerance=2)
    await put(parties.north, "/v1/clients/acme/parameters", cutoff="13:00")
    await put(parties.north, f"{LIVE}/parameters", cutoff="14:00")
    await put(parties.acme, "/v1/sites/depot/parameters", cutoff="15:00")
    assert await held(parties.acme, "/v1/sites/depot/parameters") == {
        "currency": ("EUR", "operator"),
        "cutoff": ("15:00", "site"),
        "tolerance": (2, "partner"),
    }
    assert (await held(parties.acme, "/v1/parameters"))["cutoff"] == ("14:00", "environment")
    assert (await held(parties.acme_test, "/v1/parameters"))["cutoff"] == ("13:00", "client")
    assert (await held(parties.sibling, "/v1/parameters"))["cutoff"] == ("11:00", "partner")
    assert (await held(parties.foreign, "/v1/parameters"))["cutoff"] == ("10:00", "operator")
    shown = (await parties.acme.get("/v1/parameters")).json["items"][1]
    assert [(one["level"], one["value"]) for one in shown["above"]] == [
        ("client", "13:00"),
        ("partner", "11:00"),
        ("operator", "10:00"),
    ]
    await put(parties.north, f"{LIVE}/parameters", cutoff=None)
    assert (await held(parties.acme, "/v1/parameters"))["cutoff"] == ("13:00", "client")


async def test_S_02_nobody_sets_or_sees_what_is_beside_or_above(parties: Parties) -> None:
    await put(parties.north, "/v1/clients/acme/parameters", cutoff="13:00")
    for path in ("/v1/partners/north/parameters", "/v1/clients/acme/parameters", f"{LIVE}/parameters"):
        assert (await parties.south.get(path)).status == 404, path
        assert (await parties.south.send("PATCH", path, {"values": {"a": 1}})).status == 404, path
    assert await held(parties.sibling, "/v1/parameters") == {}
    refused = await parties.acme.send("PATCH", "/v1/clients/acme/parameters", {"values": {"a": 1}})
    assert refused.status == 403


async def test_a_change_is_held_to_the_version_that_was_read_and_refused_when_it_is_no_good(parties: Parties) -> None:
    path = "/v1/clients/acme/parameters"
    seen = (await parties.north.get(path)).headers["etag"]
    made = await parties.north.send("PATCH", path, {"values": {"a": 1}}, headers={"if-match": seen})
    assert made.status == 200, made.body
    assert (await parties.north.get(path)).headers["etag"] == made.headers["etag"]
    late = await parties.north.send("PATCH", path, {"values": {"a": 2}}, headers={"if-match": seen})
    assert late.status == 412
    for values in ({"1a": 1}, {"a": "x" * 9000}, {}, {f"n{n}": n for n in range(200)}):
        answer = await parties.north.send("PATCH", path, {"values": values})
        assert answer.problem == "invalid-payload", values
    assert await held(parties.north, path) == {"a": (1, "client")}


async def test_a_deployment_inherits_what_it_declares_and_follows_when_it_is_revised(parties: Parties) -> None:
    await parties.acme.post("/v1/sites", {"slug": "depot", "name": "Depot"})
    await put(parties.north, "/v1/partners/north/parameters", tolerance=2, currency="EUR", unknown=1)
    await put(parties.acme, "/v1/sites/depot/parameters", tolerance=3)
    version = (await parties.acme.post("/v1/workflows", {"document": DECLARES})).json["id"]
    body = {"name": "cutting", "workflow": version, "parameters": {"currency": "USD"}, "site": "depot"}
    made = await parties.acme.post("/v1/deployments", body)
    assert made.status == 201, made.body
    assert made.json["parameters"] == {"currency": "USD", "cutoff": "12:00", "tolerance": 3}
    assert made.json["sources"] == {"currency": "deployment", "cutoff": "default", "tolerance": "site"}
    path = f"/v1/deployments/{made.json['id']}"
    assert (await parties.acme.send("PATCH", path, {})).json["revision"] == 1
    await put(parties.acme, "/v1/sites/depot/parameters", tolerance=None)
    await put(parties.north, "/v1/partners/north/parameters", cutoff="11:00")
    assert (await parties.acme.get(path)).json["parameters"]["tolerance"] == 3
    revised = (await parties.acme.send("PATCH", path, {})).json
    assert (revised["revision"], revised["parameters"]["tolerance"], revised["sources"]["tolerance"]) == (
        2,
        2,
        "partner",
    )
    assert (revised["parameters"]["cutoff"], revised["sources"]["cutoff"]) == ("11:00", "partner")
    assert (revised["parameters"]["currency"], revised["sources"]["currency"]) == ("USD", "deployment")
    missing = await parties.acme.post("/v1/deployments", body | {"name": "other", "site": "nowhere"})
    assert missing.json["errors"][0]["pointer"] == "/site"
