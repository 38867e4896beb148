"""Mappings over the API, as their page has them: written, tried, released, laid over, and what comes of events."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.records.intake import Intake
from template_library import catalog, schemas
from template_library.dsl import reader
from tests.asgi import Answer, Caller
from tests.house.tree import ROOT
from tests.services.api.parties import Parties, make_key

AT: Final = "/v1/mappings/shop-orders"
ABOVE: Final = "/v1/partners/north/mappings/shop-orders"
PAGE: Final = (ROOT / "docs/integrator/mappings.md").read_text()
WRITTEN, OVERLAY = (json.loads(one) for one in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
SAID: Final = json.loads(re.findall(r"```json connections\n(.*?)```", PAGE, re.DOTALL)[0])
SENT: Final = json.loads(re.findall(r"```json event\n(.*?)```", PAGE, re.DOTALL)[0])


async def put(caller: Caller, path: str, **body: Any) -> Any:
    answer = await caller.send("PUT", path, body)
    assert answer.status == 200, answer.body
    return answer.json


async def release(caller: Caller, path: str, version: int) -> Answer:
    return await caller.post(f"{path}/release", {"version": version})


async def send(caller: Caller, number: int, source: str = "/shop", **changes: Any) -> str:
    """An event of the shop's, as the page has it."""
    event = {"specversion": "1.0", "id": str(number), "source": source, "type": "shop.order"}
    body = {**event, "data": {**WRITTEN["examples"][0]["data"], **changes}}
    sent = await caller.post("/v1/events", body, headers={"content-type": "application/cloudevents+json"})
    assert sent.status == 202, sent.body
    return str(sent.json["id"])


async def record(parties: Parties, worker: Database) -> None:
    async with ExpressionPool(size=1) as pool:
        await Intake(worker, Expressions(pool)).round(TenantId(ids.read("ten", parties.ids["acme:live"])))


async def test_a_mapping_as_its_page_has_it_makes_records_of_orders(
    parties: Parties, worker_database: Database
) -> None:
    acme = parties.acme
    made = await put(acme, AT, mapping=WRITTEN)
    assert (made["version"], made["released_at"], made["mapping"]) == (1, None, WRITTEN)
    tried = await acme.post(f"{AT}/try", {})
    assert [one["passes"] for one in tried.json["outcomes"]] == [True, True], tried.body
    tried = await acme.post(f"{AT}/try", {"data": {**WRITTEN["examples"][0]["data"], "status": "lost"}})
    assert tried.json["outcomes"][0]["cause"] == "unmapped-status"
    first = await release(acme, AT, 1)
    assert first.json["released_at"] is not None
    assert (await release(acme, AT, 1)).json == first.json
    event = await send(acme, 1)
    await send(acme, 2, status="paid", updated_at="2026-01-15T10:00:00Z")
    await record(parties, worker_database)
    found = (await acme.get("/v1/entities?kind=sales-order&system=shop&value=SO-10045")).json["items"][0]["id"]
    known = (await acme.get(f"/v1/entities/{found}/record")).json
    assert known["record"] == WRITTEN["examples"][0]["record"] | {"state": "released"}
    assert (known["systems"], known["conflicts"]) == (["shop"], [])
    told = (await acme.get(f"/v1/entities/{found}/timeline")).json["items"]
    assert [(one["what"], one["event"] == event, one["mapping"], one["version"], one["states"]) for one in told] == [
        ("told", True, "shop-orders", 1, {"": "captured"}),
        ("told", False, "shop-orders", 1, {"": "released"}),
    ]
    followed = (await acme.get(f"/v1/events/{told[1]['events'][0]}")).json
    assert (followed["type"], followed["subject"]) == ("order.released", "SO-10045")
    assert followed["content"]["causationid"] == told[1]["event"]


async def test_the_order_that_the_page_sends_becomes_what_the_template_takes(
    parties: Parties, worker_database: Database
) -> None:
    acme = parties.acme
    await put(acme, AT, mapping=WRITTEN)
    await release(acme, AT, 1)
    body = {**SENT, "id": "1"}
    sent = await acme.post("/v1/events", body, headers={"content-type": "application/cloudevents+json"})
    assert sent.status == 202, sent.body
    await record(parties, worker_database)
    found = (await acme.get(f"/v1/entities?kind=sales-order&system=shop&value={SENT['data']['order_no']}")).json
    told = (await acme.get(f"/v1/entities/{found['items'][0]['id']}/timeline")).json["items"]
    followed = (await acme.get(f"/v1/events/{told[0]['events'][0]}")).json
    assert (followed["type"], followed["subject"]) == ("order.captured", SENT["data"]["order_no"])
    package = catalog.builtin().find("order-release")
    assert package is not None
    takes = reader.read(package.document, filename="workflow.yaml").value["input"]["schema"]["document"]
    assert schemas.check(takes, [followed["content"]]) == []


async def test_cases_are_sold_as_pieces_once_it_is_said_how_many_are_in_one(
    parties: Parties, worker_database: Database
) -> None:
    acme = parties.acme
    await put(acme, AT, mapping=WRITTEN)
    await release(acme, AT, 1)
    packs = {
        "record": "unit-of-measure",
        "system": "shop",
        "identity": ["/item/id"],
        "events": {"shop.packs": None},
        "program": ".",
        "examples": [{"name": "cases", "data": (cases := WRITTEN["examples"][1]["units"][0]), "record": cases}],
    }
    await put(acme, "/v1/mappings/shop-packs", mapping=packs)
    assert (await release(acme, "/v1/mappings/shop-packs", 1)).status == 200
    await send(acme, 1, **WRITTEN["examples"][1]["data"])
    await record(parties, worker_database)
    nobody = (await acme.get("/v1/entities?kind=sales-order&system=shop&value=SO-10047")).json["items"]
    assert nobody == []
    said = {"specversion": "1.0", "id": "p", "source": "/shop", "type": "shop.packs", "data": cases}
    headers = {"content-type": "application/cloudevents+json"}
    assert (await acme.post("/v1/events", said, headers=headers)).status == 202
    await record(parties, worker_database)
    await record(parties, worker_database)
    found = (await acme.get("/v1/entities?kind=sales-order&system=shop&value=SO-10047")).json["items"][0]["id"]
    told = (await acme.get(f"/v1/entities/{found}/timeline")).json["items"]
    followed = (await acme.get(f"/v1/events/{told[0]['events'][0]}")).json
    assert followed["type"] == "order.captured"
    assert followed["content"]["data"] == WRITTEN["examples"][1]["tells"]


async def test_two_shops_as_the_page_has_them_are_apart_and_a_third_is_somebodys_to_name(
    parties: Parties, worker_database: Database
) -> None:
    acme = parties.acme
    assert (await put(acme, AT, mapping={**WRITTEN, **SAID}))["mapping"]["connections"] == SAID["connections"]
    south = {"data": WRITTEN["examples"][0]["data"], "attributes": {"source": "/connections/shop-south/orders"}}
    (tried,) = (await acme.post(f"{AT}/try", south)).json["outcomes"]
    assert (tried["passes"], tried["record"], tried["cause"]) == (False, None, "mapping-failed")
    assert (await release(acme, AT, 1)).status == 200
    for number, name in enumerate(("shop-east", "shop-west", "shop-test", "shop-south")):
        await send(acme, number, source=f"/connections/{name}/orders")
    await record(parties, worker_database)
    found = (await acme.get("/v1/entities?kind=sales-order&value=SO-10045")).json["items"]
    assert sorted(one["keys"][0]["system"] for one in found) == ["shop", "shop-west"]
    assert len(found) == len({one["id"] for one in found}) == 2
    (told,) = (await acme.get("/v1/exceptions")).json["items"]
    assert told["cause"] == "mapping-failed"
    assert "its connections do not say what system shop-south is" in told["title"]
    more = SAID["connections"] | {"shop-south": "shop-south"}
    await put(acme, AT, mapping={**WRITTEN, "connections": more})
    assert (await release(acme, AT, 2)).status == 200
    await record(parties, worker_database)
    found = (await acme.get("/v1/entities?kind=sales-order&value=SO-10045")).json["items"]
    assert sorted(one["keys"][0]["system"] for one in found) == ["shop", "shop-south", "shop-west"]
    assert (await acme.get("/v1/exceptions?state=open")).json["items"] == []


async def test_a_mapping_whose_example_comes_out_otherwise_is_not_released(parties: Parties) -> None:
    example = {**WRITTEN["examples"][0], "record": {**WRITTEN["examples"][0]["record"], "currency": "EUR"}}
    await put(parties.acme, AT, mapping={**WRITTEN, "examples": [example]})
    refused = await release(parties.acme, AT, 1)
    assert (refused.status, refused.problem) == (409, "mapping-examples-fail")
    assert refused.json["examples"][0]["name"] == "an order that was placed"
    assert (await parties.acme.get(AT)).json["released_at"] is None


async def test_a_released_version_never_changes_and_the_next_one_is_a_draft(
    parties: Parties, app_database: Database
) -> None:
    await put(parties.acme, AT, mapping=WRITTEN)
    await release(parties.acme, AT, 1)
    second = await put(parties.acme, AT, mapping={**WRITTEN, "leads": []})
    assert (second["version"], (await put(parties.acme, AT, mapping=WRITTEN))["version"]) == (2, 2)
    versions = (await parties.acme.get("/v1/mappings?name=shop-orders")).json["items"]
    assert [(one["version"], one["released_at"] is None) for one in versions] == [(2, True), (1, False)]
    # Nor by a process that means to.
    tenant = ids.read("ten", parties.ids["acme:live"])
    async with app_database.tenant(tenant) as connection:
        done = await connection.execute("UPDATE app.mapping SET made_by = 'x' WHERE version = 1")
    assert done == "UPDATE 0"


async def test_what_cannot_work_is_named_by_its_place(parties: Parties) -> None:
    for change, pointer in (
        ({"record": "order"}, "/record"),
        ({"program": "$secrets"}, "/program"),
        ({"program": "now"}, "/program"),
        ({"events": {"shop.order": "order.held"}}, "/events/shop.order"),
        ({"units": {"PCS": "PIECE"}}, "/units/PCS"),
        ({"connections": {"shop-east": "East shop"}}, "/connections/shop-east"),
        ({"connections": {"East shop": "east"}}, "/connections/East shop"),
        ({"base_unit": "PIECE"}, "/base_unit"),
        ({"base_units": []}, "/base_unit"),
        ({"leads": ["colour"]}, "/leads/0"),
        ({"only": ["state", "colour"]}, "/only/1"),
        (
            {"record": "shipment", "events": {"w.sent": "shipment.dispatched"}, "leads": [], "only": ["status"]},
            "/only",
        ),
        ({"statuses": {"statuses": ["new"], "states": {}}}, "/statuses"),
    ):
        refused = await parties.acme.send("PUT", AT, {"mapping": {**WRITTEN, **change}})
        assert (refused.status, refused.problem) == (422, "invalid-mapping"), (change, refused.body)
        assert refused.json["errors"][0]["pointer"] == pointer
    both = await parties.acme.send("PUT", AT, {"mapping": WRITTEN, "overlay": OVERLAY})
    assert both.status == 422


async def test_an_overlay_lies_over_its_partners_mapping_and_keeps_what_that_was(
    parties: Parties, worker_database: Database
) -> None:
    too_soon = await parties.acme.send("PUT", AT, {"overlay": OVERLAY})
    assert too_soon.json["errors"][0]["pointer"] == "/base"
    await put(parties.north, ABOVE, mapping=WRITTEN)
    assert (await parties.acme.send("PUT", AT, {"overlay": OVERLAY})).status == 422  # a draft is nothing to build on
    assert (await release(parties.north, ABOVE, 1)).status == 200
    await put(parties.acme, AT, overlay=OVERLAY)
    assert (await release(parties.acme, AT, 1)).status == 200
    await put(parties.north, ABOVE, mapping={**WRITTEN, "always": {"channel": "partner"}})
    await send(parties.acme, 1, status="void", buyer={"code": "acme-001", "name": "Acme"})
    await record(parties, worker_database)
    found = (await parties.acme.get("/v1/entities?kind=sales-order&value=SO-10045")).json["items"][0]["id"]
    known = (await parties.acme.get(f"/v1/entities/{found}/record")).json["record"]
    assert (known["state"], known["channel"], known["customer"]) == (
        "returned",
        "web",
        {"id": "ACME-001", "name": "Acme"},
    )


async def test_nobody_sends_events_in_the_name_of_records(parties: Parties) -> None:
    event = {"specversion": "1.0", "id": "ety_1:shipped:1", "source": "urn:records", "type": "order.shipped"}
    refused = await parties.acme.post("/v1/events", event, headers={"content-type": "application/cloudevents+json"})
    assert (refused.status, refused.problem) == (422, "invalid-event")
    assert refused.json["errors"][0]["pointer"] == "/source"


async def test_S_05_a_partner_reads_no_record_and_who_sees_masked_payloads_no_name(
    parties: Parties, worker_database: Database
) -> None:
    await put(parties.acme, AT, mapping=WRITTEN)
    await release(parties.acme, AT, 1)
    await send(parties.acme, 1)
    await record(parties, worker_database)
    at = "/v1/clients/acme/live/entities"
    found = (await parties.north.get(f"{at}?kind=sales-order")).json["items"][0]["id"]
    timeline = await parties.north.get(f"{at}/{found}/timeline")
    assert timeline.status == 200
    assert "Acme Wholesale" not in timeline.body.decode()
    assert (await parties.north.get(f"{at}/{found}/record")).status == 403
    allowed = ["records:read", "events:read", "payloads:masked"]
    masked = parties.nobody.having(await make_key(parties.acme, permissions=allowed))
    seen = await masked.get(f"/v1/entities/{found}/record")
    assert seen.json["record"]["number"] == "SO-10045"
    assert "Acme Wholesale" not in seen.body.decode()


async def test_who_sends_an_event_is_told_which_mappings_take_it(parties: Parties, worker_database: Database) -> None:
    async def told(number: int, kind: str) -> Any:
        event = {"specversion": "1.0", "id": str(number), "source": "/shop", "type": kind, "data": {}}
        sent = await parties.acme.post("/v1/events", event, headers={"content-type": "application/cloudevents+json"})
        return sent.json["mappings"]

    await put(parties.acme, AT, mapping=WRITTEN)
    assert await told(1, "shop.order") == [], "a draft takes nothing"
    await release(parties.acme, AT, 1)
    assert await told(2, "shop.order") == ["shop-orders"]
    await record(parties, worker_database)
    assert await told(2, "shop.order") == ["shop-orders"], "the same event again gets the same answer"
    assert await told(3, "shop.other") == []


async def test_row_95_what_is_released_stands_in_the_register_with_the_events_that_it_takes(parties: Parties) -> None:
    async def registered() -> set[tuple[str, str]]:
        listed = await parties.acme.get("/v1/interfaces")
        return {(one["kind"], one["name"]) for one in listed.json["items"]}

    await put(parties.acme, AT, mapping=WRITTEN)
    assert await registered() == {("api", "v1")}, "a draft takes nothing"
    await release(parties.acme, AT, 1)
    assert await registered() == {("api", "v1"), ("event", "shop.order"), ("mapping", "shop-orders")}
