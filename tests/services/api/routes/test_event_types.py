"""The event catalogue over the API, and events that are held to schemas."""

from __future__ import annotations

from typing import Any

import pytest

from tests.asgi import Answer, Caller
from tests.services.api.routes.conftest import PREFIX, Cast

WEIGHED: dict[str, Any] = {
    "type": "object",
    "required": ["parcel"],
    "properties": {"parcel": {"type": "string"}, "grams": {"type": "integer"}},
}


async def send(caller: Caller, number: int, kind: str, data: Any, **attributes: Any) -> Answer:
    event = {"specversion": "1.0", "id": str(number), "source": "/shop", "type": kind, "data": data, **attributes}
    return await caller.post("/v1/events", event, headers={"content-type": "application/cloudevents+json"})


async def register(caller: Caller, kind: str, schema: Any = None, **more: Any) -> Answer:
    body = {"type": kind, **({} if schema is None else {"schema": schema}), **more}
    return await caller.post("/v1/event-schemas", body)


def broken(answer: Answer) -> list[str]:
    assert (answer.status, answer.problem) == (422, "event-breaks-schema"), answer.body
    return [one["pointer"] for one in answer.json["errors"]]


async def test_the_catalogue_is_read_by_every_live_key(cast: Cast) -> None:
    for caller in (cast.partner, cast.client):
        listed = (await caller.get("/v1/event-types")).json
        assert len(listed["items"]) > 50
        states = {one["state"]: one["next"] for one in listed["order_states"]}
        assert states["held"] == ["cancelled", "changed", "released"]
        assert states["closed"] == []
        one = (await caller.get("/v1/event-types/order.held")).json
        assert (one["order_state"], one["dataschema"]) == ("held", "urn:event-schema:order.held:1")
        assert one["schema"]["required"] == ["number"]
        assert (await caller.get("/v1/event-types/supplier.approved")).json["type"] == "supplier.*"
        assert (await caller.get("/v1/event-types/order.lost")).problem == "not-found"


async def test_an_event_is_held_to_the_schema_that_it_names_and_to_no_other(cast: Cast) -> None:
    client = cast.client
    assert (await send(client, 1, "order.held", {"anything": 1})).status == 202
    named = {"dataschema": "urn:event-schema:order.held:1"}
    refused = await send(client, 2, "order.held", {"number": "SO-1", "state": "released"}, **named)
    assert broken(refused) == ["/data/state"]
    assert refused.json["schema"] == named["dataschema"]
    # Nothing was stored: corrected, it is sent under the same id.
    assert (await send(client, 2, "order.held", {"number": "SO-1", "state": "held"}, **named)).status == 202
    supplier = {"dataschema": "urn:event-schema:supplier.*:1"}
    assert broken(await send(client, 3, "supplier.approved", {}, **supplier)) == ["/data"]
    assert (await send(client, 4, "x", {}, dataschema="https://example.com/schema.json")).status == 202
    for kind, unknown in (
        ("order.held", "urn:event-schema:order.held:9"),
        ("order.held", "urn:event-schema:order.captured:1"),
        ("order.lost", "urn:event-schema:order.lost:1"),
        ("order.held", "urn:own-event-schema:order.held:1"),
        ("order.held", "urn:event-schema:"),
    ):
        answer = await send(client, 5, kind, {"number": "1"}, dataschema=unknown)
        assert (answer.status, answer.problem) == (422, "unknown-event-schema"), unknown


async def test_a_type_of_ones_own_is_held_to_its_schema_from_then_on(cast: Cast) -> None:
    client = cast.client
    made = await register(client, "parcel.weighed", WEIGHED)
    assert (made.status, made.json["version"], made.json["enforced"]) == (201, 1, True), made.body
    wrong = await send(client, 1, "parcel.weighed", {"parcel": 1, "grams": "x"})
    assert set(broken(wrong)) == {"/data/grams", "/data/parcel"}
    assert broken(await send(client, 1, "parcel.weighed", None)) == ["/data"]
    assert (await send(client, 1, "parcel.weighed", {"parcel": "P", "grams": 3, "more": 1})).status == 202
    # Another environment knows nothing of it.
    assert (await send(cast.rival, 1, "parcel.weighed", {})).status == 202
    assert (await cast.rival.get("/v1/event-schemas")).json == {"items": []}
    again = await register(client, "parcel.weighed", WEIGHED, enforced=False)
    assert (again.json["version"], again.json["enforced"]) == (1, False)
    assert (await send(client, 2, "parcel.weighed", {})).status == 202
    assert broken(await send(client, 3, "parcel.weighed", {}, dataschema=made.json["dataschema"])) == ["/data"]
    log = (await client.get("/v1/audit?target=parcel.weighed")).json["items"]
    assert [one["action"] for one in log] == ["event-schema.changed", "event-schema.registered"]


async def test_an_incompatible_version_is_refused_with_the_paths_that_break(cast: Cast) -> None:
    client = cast.client
    await register(client, "parcel.weighed", WEIGHED)
    narrowed = {
        **WEIGHED,
        "required": ["parcel", "grams"],
        "properties": {"parcel": {"type": "integer"}, "grams": {"type": "integer"}},
    }
    refused = await register(client, "parcel.weighed", narrowed)
    assert (refused.status, refused.problem) == (409, "incompatible-event-schema")
    assert [one["pointer"] for one in refused.json["errors"]] == ["/properties/parcel/type", "/required"]
    grown = {**WEIGHED, "properties": {**WEIGHED["properties"], "scale": {"type": "string"}}}
    made = await register(client, "parcel.weighed", grown)
    assert (made.status, made.json["version"]) == (201, 2)
    # An older version may still be named, and what is sent by it passes the newer one.
    named = {"dataschema": "urn:own-event-schema:parcel.weighed:1"}
    assert (await send(client, 1, "parcel.weighed", {"parcel": "P"}, **named)).status == 202
    listed = (await client.get("/v1/event-schemas")).json["items"]
    assert [(one["type"], one["version"]) for one in listed] == [("parcel.weighed", 2)]


async def test_a_type_of_the_catalogue_is_adopted_or_extended_and_not_bent(cast: Cast) -> None:
    client = cast.client
    unknown = await register(client, "parcel.weighed")
    assert (unknown.status, unknown.problem) == (422, "unknown-event-type")
    before = await send(client, 0, "order.captured", {"lines": []})
    adopted = await cast.partner.post(f"{PREFIX}/event-schemas", {"type": "order.captured"})
    assert (adopted.status, adopted.json["schema"]["title"]) == (201, "order.captured")
    assert broken(await send(client, 1, "order.captured", {"lines": []})) == ["/data"]
    # What was stored before gets the answer that it got then.
    assert (await send(client, 0, "order.captured", {"lines": []})).json == before.json
    assert (await send(client, 1, "order.captured", {"number": "SO-1"})).status == 202
    base = (await client.get("/v1/event-types/order.held")).json["schema"]
    extended = {**base, "properties": {**base["properties"], "hold_code": {"type": "string"}}}
    assert (await register(client, "order.held", extended)).status == 201
    bent = await register(client, "order.released", {"type": "object"})
    assert (bent.status, bent.problem) == (409, "incompatible-event-schema")


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"type": "nothing"}, "/schema"),
        ({"$ref": "#"}, "/schema/$ref"),
        ({"properties": {"a": {"$ref": "https://example.com"}}}, "/schema/properties/a/$ref"),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, "/schema/$schema"),
        ({"description": "x" * 40_000}, "/schema"),
        ({"pattern": "("}, "/schema"),
    ],
)
async def test_a_schema_that_cannot_be_used_is_refused(cast: Cast, schema: Any, pointer: str) -> None:
    answer = await register(cast.client, "parcel.weighed", schema)
    assert (answer.status, answer.problem) == (422, "unusable-event-schema"), answer.body
    assert answer.json["errors"][0]["pointer"] == pointer


async def test_members_may_be_named_as_keywords_are(cast: Cast) -> None:
    schema = {"properties": {"$ref": {"type": "string"}, "properties": {"const": {"$ref": 1}}}}
    assert (await register(cast.client, "odd", schema)).status == 201


async def test_a_deep_schema_is_refused(cast: Cast) -> None:
    schema: dict[str, Any] = {}
    for _ in range(40):
        schema = {"items": schema}
    answer = await register(cast.client, "deep", schema)
    assert (answer.status, answer.problem) == (422, "unusable-event-schema")


async def test_S_92_a_registration_is_done_once_under_its_key(cast: Cast) -> None:
    headers = {"idempotency-key": "one"}
    body = {"type": "parcel.weighed", "schema": WEIGHED}
    first = await cast.client.post("/v1/event-schemas", body, headers=headers)
    again = await cast.client.post("/v1/event-schemas", body, headers=headers)
    assert (first.status, again.body) == (201, first.body)
