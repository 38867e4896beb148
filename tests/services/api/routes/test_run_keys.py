"""Runs are found by the keys that their workflow declares (ADR 0028)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tests.services.api.routes.conftest import PREFIX, Cast

WORKFLOW = """
document:
  dsl: '1.0.3'
  namespace: tests
  name: keyed
  version: 1.0.0
  metadata:
    keys:
      search: {orderNumber: '${ .[0].data.number }', rma: '${ .[0].data.rma }'}
      value: {amount: '${ .[0].data.amount }', currency: USD}
      deadline: ${ .[0].data.ship }
      customerClass: ${ .[0].data.class }
schedule: {on: {one: {with: {type: order.captured}}}}
do:
  - first: {set: {done: true}}
"""
STRUCTURED = {"content-type": "application/cloudevents+json"}


async def go_live(cast: Cast, workflow: str = WORKFLOW) -> None:
    made = await cast.partner.post(f"{PREFIX}/workflows", {"document": workflow})
    assert made.status == 201, made.json
    deployed = await cast.partner.post(f"{PREFIX}/deployments", {"name": "keyed", "workflow": made.json["id"]})
    assert deployed.status == 201, deployed.json


async def send(cast: Cast, place: int, **data: Any) -> str:
    event = {"specversion": "1.0", "id": str(place), "source": "/shop", "type": "order.captured", "data": data}
    taken = await cast.client.post("/v1/events", event, headers=STRUCTURED)
    return str(taken.json["runs"][0])


async def found(cast: Cast, wanted: str) -> list[str]:
    answer = await cast.client.get(f"/v1/runs?key={quote(wanted)}")
    assert answer.status == 200, answer.json
    return [run["id"] for run in answer.json["items"]]


async def test_S_02_a_run_is_found_by_its_declared_keys_and_by_nobody_else_s_tenant(
    cast: Cast,
) -> None:
    await go_live(cast)
    first = await send(cast, 1, number="SO:1", amount=129900, ship="2026-12-01", **{"class": "gold"})
    second = await send(cast, 2, number="SO:1", rma="R-7")
    assert await found(cast, "orderNumber:SO:1") == [second, first]
    assert await found(cast, "rma:R-7") == [second]
    assert await found(cast, "orderNumber:so:1") == []
    assert await found(cast, "nobody:SO:1") == []
    rivals = await cast.rival.get("/v1/runs?key=orderNumber:SO:1")
    assert (rivals.status, rivals.json["items"]) == (200, [])
    page = (await cast.client.get("/v1/runs?key=orderNumber:SO:1&limit=1")).json
    rest = await cast.client.get(f"/v1/runs?key=orderNumber:SO:1&limit=1&cursor={page['next']}")
    assert [run["id"] for run in rest.json["items"]] == [first]
    shown = (await cast.client.get(f"/v1/runs/{first}")).json
    assert (shown["keys"], shown["value"]) == ({"orderNumber": "SO:1"}, {"amount": 129900, "currency": "USD"})
    assert (shown["deadline"], shown["customer_class"]) == ("2026-12-02T00:00:00Z", "gold")
    bare = (await cast.client.get(f"/v1/runs/{second}")).json
    assert (bare["keys"], bare["value"]) == ({"orderNumber": "SO:1", "rma": "R-7"}, None)
    for wrong in ("orderNumber", ":a", "a:"):
        assert (await cast.client.get(f"/v1/runs?key={wrong}")).problem == "bad-parameter"


async def test_a_run_that_waits_for_its_key_names_the_run_that_has_it(cast: Cast) -> None:
    await go_live(cast, WORKFLOW.replace("      deadline:", "      serialize: orderNumber\n      deadline:"))
    runs = [await send(cast, place, number="SO-1") for place in range(3)]
    shown = (await cast.client.get(f"/v1/runs/{runs[2]}")).json
    assert (shown["state"], shown["waiting_for"]["kind"], shown["waiting_for"]["ref"]) == ("waiting", "key", runs[0])
    assert shown["waiting_for"]["reason"] == "Another run has the orderNumber SO-1"
    (wait,) = shown["waits"]
    assert (wait["kind"], wait["run"], wait["connection"]) == ("key", runs[0], None)
    assert wait["reason"] == shown["waiting_for"]["reason"]
    assert (await cast.client.post(f"/v1/runs/{runs[0]}/cancel")).status == 200
    states = {run["id"]: run["waiting_for"] for run in (await cast.client.get("/v1/runs")).json["items"]}
    assert states[runs[2]]["ref"] == runs[1]
    suspended = (await cast.client.post(f"/v1/runs/{runs[2]}/suspend")).json
    (wait,) = suspended["waits"]
    assert (suspended["state"], wait["kind"], wait["run"]) == ("suspended", "key", runs[1])
    assert wait["reason"] == "Another run has the orderNumber SO-1"


async def test_runs_are_serialized_by_what_their_start_can_tell(cast: Cast) -> None:
    key = "orderNumber: '${ .[0].data.number"
    workflow = WORKFLOW.replace("      deadline:", "      serialize: orderNumber\n      deadline:").replace(
        key, f"{key} | ascii_upcase"
    )
    refused = await cast.partner.post(f"{PREFIX}/workflows", {"document": workflow})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/document/metadata/keys/search/orderNumber")


async def listed(cast: Cast, query: str) -> list[str]:
    """Ids of every page of two."""
    found, cursor = list[str](), ""
    while True:
        answer = await cast.client.get(f"/v1/runs?limit=2&{query}{cursor}")
        assert answer.status == 200, answer.json
        found += [run["id"] for run in answer.json["items"]]
        if answer.json["next"] is None:
            return found
        cursor = f"&cursor={answer.json['next']}"


async def test_S_96_runs_are_filtered_and_sorted_by_value_deadline_and_class(cast: Cast) -> None:
    await go_live(cast)
    late = await send(cast, 1, amount=500, ship="2026-12-03", **{"class": "gold"})
    soon = await send(cast, 2, amount=2_000, ship="2026-12-01T09:00:00+01:00", **{"class": "silver"})
    same = await send(cast, 3, amount=2_000, ship="2026-12-01T08:00:00Z", **{"class": "gold"})
    owed = await send(cast, 4, amount=-7, **{"class": "gold"})
    bare = await send(cast, 5)
    assert await listed(cast, "sort=newest") == [bare, owed, same, soon, late]
    assert await listed(cast, "sort=deadline") == [soon, same, late]
    assert await listed(cast, "sort=value&currency=USD") == [same, soon, late, owed]
    assert await listed(cast, "sort=value&currency=USD&least_value=500&most_value=1999") == [late]
    assert await listed(cast, "currency=USD&least_value=-7&most_value=500") == [owed, late]
    assert await listed(cast, "currency=EUR") == []
    assert await listed(cast, "deadline_before=2026-12-01T08:00:00Z") == []
    assert await listed(cast, "deadline_after=2026-12-01T08:00:00Z") == [same, soon, late]
    assert await listed(cast, "deadline_before=2026-12-02T00:00:00Z&sort=deadline&customer_class=gold") == [same]
    assert await listed(cast, "customer_class=gold&state=pending") == [owed, same, late]
    assert await listed(cast, "customer_class=gold&state=waiting") == []
    shown = (await cast.client.get(f"/v1/runs/{late}")).json
    assert shown["keys"] == {}
    assert (await cast.rival.get("/v1/runs?sort=deadline")).json["items"] == []
    other = (await cast.client.get("/v1/runs?sort=deadline&limit=1")).json["next"]
    for wrong, problem in {
        "sort=value": "bad-parameter",
        "least_value=1": "bad-parameter",
        "currency=usd": "bad-parameter",
        "most_value=1.5&currency=USD": "bad-parameter",
        "sort=size": "bad-parameter",
        "deadline_before=soon": "bad-parameter",
        "key=/deadline:2026": "bad-parameter",
        "customer_class=a%00b": "bad-parameter",
        f"sort=value&currency=USD&cursor={other}": "bad-cursor",
    }.items():
        answer = await cast.client.get(f"/v1/runs?{wrong}")
        assert (answer.status, answer.problem) == (400, problem), wrong
