"""What was received: mapped as declared, kept as it came, shown to whom may see it, and taken in again on request."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.asgi import Answer
from tests.services.api.parties import Parties, make_key
from tests.services.api.routes.webhooks.conftest import Log, is_refused
from tests.services.api.senders import BODY, Sender, body_of, make_sender
from tests.services.api.things import CANARY


def forget(parties: Parties) -> None:
    parties.nobody.app.app.state.resources.hooks.forget()


async def replay(sender: Sender, parties: Parties, received: str, key: str = "") -> Answer:
    path = f"{sender.at}/received/{received}/replay"
    return await parties.acme.post(path, headers={"idempotency-key": key})


MAPPED: list[tuple[dict[str, Any], bytes, dict[str, Any]]] = [
    ({"type": {"value": "a"}}, b"{}", {"type": "a", "subject": None}),
    ({"type": {"header": "X-Topic"}}, b"[]", {"type": "orders/create", "subject": None}),
    ({"type": {"header": "X-Topic"}, "types": {"orders/create": "order.captured"}}, b"1", {"type": "order.captured"}),
    ({"type": {"value": "a"}, "subject": {"pointer": "/a~1b/0/~0"}}, b'{"a/b":[{"~":12}]}', {"subject": "12"}),
    (
        {"type": {"value": "a"}, "subject": {"header": "X-Topic"}},
        b'{"n":1.1,"big":12345678901234567890,"long":0.12345678901234567890}',
        {"subject": "orders/create"},
    ),
]


@pytest.mark.parametrize(("event", "body", "expected"), MAPPED, ids=[str(n) for n in range(len(MAPPED))])
async def test_an_event_is_read_as_declared_and_its_data_are_the_body(
    event: dict[str, Any], body: bytes, expected: dict[str, Any], parties: Parties
) -> None:
    sender = await make_sender(parties.acme, parties.nobody, event=event)
    answer = await sender.send("x", body, x_topic="orders/create")
    assert answer.status == 202, answer.body
    (one,) = (await parties.acme.get("/v1/events")).json["items"]
    assert {name: one[name] for name in expected} == expected
    raw = (await parties.acme.get(f"/v1/events/{one['id']}")).body
    assert b'"data":' + body in raw, "digits and all"


UNMAPPED = [
    ({"type": {"pointer": "/kind"}}, "/type"),
    ({"type": {"pointer": "/order"}}, "/type"),
    ({"type": {"header": "X-Topic"}}, "/type"),
    ({"type": {"value": "a"}, "subject": {"pointer": "/order/number/0"}}, "/subject"),
    ({"type": {"value": "a"}, "subject": {"pointer": "/order/lines/2"}}, "/subject"),
    ({"type": {"value": "a"}, "subject": {"pointer": "/order/lines/01"}}, "/subject"),
    ({"type": {"value": "a"}, "subject": {"pointer": "/order/lines"}}, "/subject"),
]


@pytest.mark.parametrize(("event", "pointer"), UNMAPPED, ids=[f"{at} {n}" for n, (_, at) in enumerate(UNMAPPED)])
async def test_what_is_not_where_it_was_declared_is_422_and_kept_as_refused(
    event: dict[str, Any], pointer: str, parties: Parties
) -> None:
    sender = await make_sender(parties.acme, parties.nobody, event=event)
    refused = await sender.send("x")
    is_refused(refused, 422, "webhook-not-mapped")
    assert [one["pointer"] for one in refused.json["errors"]] == [pointer]
    log = Log(parties, sender)
    assert [one["state"] for one in await log.received()] == ["refused"]
    assert await log.events() == []


async def test_a_type_that_is_not_asked_for_is_ignored_and_kept(parties: Parties) -> None:
    event = {"type": {"pointer": "/type"}, "types": {"order.cancelled": "order.cancelled"}}
    sender = await make_sender(parties.acme, parties.nobody, event=event)
    log = Log(parties, sender)
    assert [(await sender.send("x")).status for _ in range(2)] == [202, 200]
    assert [one["state"] for one in await log.received("?state=ignored")] == ["ignored"]
    assert await log.received("?state=taken") == []
    assert await log.events() == []


async def test_the_list_of_endpoints_tells_what_came_last(parties: Parties, sender: Sender) -> None:
    other = await make_sender(parties.acme, parties.nobody, name="bank", connection=sender.made["connection"])
    await sender.send("x")
    assert (await sender.send("y", b'{"kind":"other"}')).status == 422
    listed = {one["id"]: one for one in (await parties.acme.get("/v1/inbound-webhooks")).json["items"]}
    last = listed[sender.made["id"]].pop("last")
    assert (last["state"], last["problem"]) == ("refused", "/problems/webhook-not-mapped")
    assert listed[other.made["id"]]["last"] is None
    assert (await parties.acme.get(sender.at)).json == listed[sender.made["id"]], "what people set, and no more"


async def test_data_that_break_their_schema_are_refused_and_kept(parties: Parties, sender: Sender, log: Log) -> None:
    schema = {"type": "object", "required": ["total"]}
    held = await parties.acme.post("/v1/event-schemas", {"type": "shop.order", "schema": schema})
    assert held.status == 201, held.body
    await parties.acme.send("PATCH", sender.at, {"event": {"type": {"value": "shop.order"}}})
    forget(parties)
    parties.nobody.app.app.state.resources.event_checks.forget()
    is_refused(await sender.send("x"), 422, "event-breaks-schema")
    (one,) = await log.received()
    assert (one["state"], one["problem"]) == ("refused", "/problems/event-breaks-schema")
    assert (await sender.send("x", body_of(total=1))).status == 202


async def test_it_is_shown_as_it_came_to_whom_may_see_payloads(parties: Parties, sender: Sender) -> None:
    body = b' {"type":"order.captured", "order":{"number":"SO-1"}, "note":"%s"}' % CANARY.encode()
    received = (await sender.send("x", body)).json["id"]
    path = f"{sender.at}/received/{received}"
    shown = (await parties.acme.get(path)).json
    assert (shown["body"], shown["body_base64"]) == (body.decode(), None)
    assert dict(shown["headers"])["webhook-id"] == "x"
    masking = parties.nobody.having(await make_key(parties.acme, permissions=["events:read", "payloads:masked"]))
    masked = (await masking.get(path)).json
    assert CANARY not in masked["body"]
    assert ("headers" in masked, masked["detail"]) == (False, None)
    reading = parties.nobody.having(await make_key(parties.acme, permissions=["events:read"]))
    hidden = (await reading.get(path)).json
    assert (hidden["body"], hidden["body_base64"], hidden["detail"], "headers" in hidden) == (None, None, None, False)
    assert (await reading.get(f"/v1/events/{hidden['event']}")).json["content"] is None
    partners = f"/v1/clients/acme/live/inbound-webhooks/{sender.made['id']}/received"
    refused = await parties.north.get(f"{partners}/{received}")
    assert (refused.status, refused.problem) == (403, "client-grant-needed")
    assert CANARY.encode() not in (await parties.north.get(partners)).body
    odd = await sender.send("y", b"\xff")
    assert odd.status == 400
    (newest, _) = (await parties.acme.get(f"{sender.at}/received")).json["items"]
    assert (await parties.acme.get(f"{sender.at}/received/{newest['id']}")).json["body_base64"] == "/w=="


async def test_a_refused_one_is_replayed_when_the_endpoint_reads_it_otherwise(
    parties: Parties, sender: Sender, log: Log
) -> None:
    body = msgspec.json.encode({"kind": "order.captured"})
    is_refused(await sender.send("x", body), 422, "webhook-not-mapped")
    (one,) = await log.received()
    is_refused(await replay(sender, parties, one["id"]), 422, "webhook-not-mapped")
    changed = await parties.acme.send("PATCH", sender.at, {"event": {"type": {"pointer": "/kind"}}})
    assert changed.status == 200, changed.body
    forget(parties)
    replayed = await replay(sender, parties, one["id"], "4711")
    assert replayed.status == 202, replayed.body
    (run,) = await log.runs()
    assert replayed.json["runs"] == [run["id"]]
    again = await replay(sender, parties, one["id"], "4711")
    assert (again.status, again.json) == (202, replayed.json), "under the same key it is the same"
    assert (await sender.send("x", body)).status == 200, "and its sender has sent it"
    assert len(await log.runs()) == 1
    (now,) = await log.received()
    assert (now["state"], now["replays"], now["event"]) == ("taken", 1, replayed.json["event"])
    (audited,) = await log.audited("webhook.replayed")
    assert audited["target"] == one["id"]


async def test_a_taken_one_is_replayed_as_another_event_once_for_each_key(
    parties: Parties, sender: Sender, log: Log
) -> None:
    received = (await sender.send("x")).json["id"]
    (first,) = await log.runs()
    answers = await asyncio.gather(*(replay(sender, parties, received, "k") for _ in range(10)))
    assert {one.status for one in answers} == {202}
    assert len({one.body for one in answers}) == 1
    assert len(await log.runs()) == 2
    other = await replay(sender, parties, received, "l")
    assert other.json["event"] != answers[0].json["event"]
    assert len(await log.runs()) == 3
    assert (await replay(sender, parties, received)).status == 202
    assert len(await log.runs()) == 4
    (now,) = await log.received()
    assert now["replays"] == 3
    events = [one["event_id"] for one in await log.events()]
    assert events[-1] == "x"
    assert all(one.startswith("x#") for one in events[:-1])
    assert {one["business_key"] for one in await log.runs()} == {first["business_key"]}


async def test_an_event_and_its_request_are_stored_together_or_not_at_all(
    parties: Parties, sender: Sender, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails behind the request takes it along; the sender is told, and tries again."""
    intake = parties.nobody.app.app.state.resources.intake

    async def fail(*_: Any) -> Any:
        raise OSError("the line is cut")

    with monkeypatch.context() as broken:
        broken.setattr(intake, "_follow", fail)
        assert (await sender.send("x")).status == 503
    assert await log.is_empty()
    assert (await sender.send("x", BODY)).status == 202
    assert len(await log.runs()) == 1
