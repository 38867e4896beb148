"""Endpoints for webhooks as people manage them: what is declared, rotated, closed, and what is never shown."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from typing import Any

import pytest

from infra import ids
from infra.embedded.stack import Endpoints, Stack
from services.connectors.builtin import all_connectors
from services.connectors.registry import Registry
from services.inbound import service
from tests.services.api.parties import Parties, make_key
from tests.services.api.routes.webhooks.conftest import Log, is_refused
from tests.services.api.senders import BODY, EVENT, STANDARD, Sender, connect, make_sender
from tests.services.connectors.declared.other import declared, manifest
from tests.superuser import connected

CHOSEN = "It's a Secret to Everybody"


def forget(parties: Parties) -> None:
    """As two seconds would."""
    parties.nobody.app.app.state.resources.hooks.forget()


async def test_of_several_at_once_no_more_are_made_than_there_may_be(
    parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST", 2)
    new = {"connection": await connect(parties.acme), "verification": STANDARD, "event": EVENT}
    made = [parties.acme.post("/v1/inbound-webhooks", {**new, "name": f"shop-{number}"}) for number in range(6)]
    assert sorted(one.status for one in await asyncio.gather(*made)) == [201] * 2 + [409] * 4


async def test_an_endpoint_is_made_once_under_its_key_and_shows_its_secret_once(parties: Parties) -> None:
    new = {"name": "shop", "connection": await connect(parties.acme), "verification": STANDARD, "event": EVENT}
    key = {"idempotency-key": "4711"}
    made = await parties.acme.post("/v1/inbound-webhooks", new, headers=key)
    again = await parties.acme.post("/v1/inbound-webhooks", new, headers=key)
    assert made.status == 201, made.body
    assert (again.body, again.headers["idempotent-replayed"]) == (made.body, "true")
    secret = made.json["secret"]
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    path = f"/v1/inbound-webhooks/{made.json['id']}"
    read = await parties.acme.get(path)
    assert read.headers["etag"]
    listed = await parties.acme.get("/v1/inbound-webhooks")
    assert [one["id"] for one in listed.json["items"]] == [made.json["id"]]
    audit = await parties.acme.get("/v1/audit")
    for answer in (read, listed, audit):
        assert secret.encode() not in answer.body
        assert secret[6:].encode() not in answer.body
    (one,) = read.json["secrets"]
    assert (one["version"], one["last4"], one["ends_at"]) == (1, secret[-4:], None)
    assert "secret" not in read.json
    taken = await parties.acme.post("/v1/inbound-webhooks", new)
    assert (taken.status, taken.problem) == (409, "name-taken")
    reader = parties.nobody.having(await make_key(parties.acme, permissions=["connections:read"]))
    shown = (await reader.get(path)).json
    assert "path" not in shown, "where it is, is for whoever may change it"
    assert shown["name"] == "shop"


async def test_S_70_no_secret_stands_in_any_row_as_it_is(sender: Sender, stack: Stack, endpoints: Endpoints) -> None:
    secret = sender.made["secret"].removeprefix("whsec_")
    forms = [secret, base64.b64decode(secret).hex()]
    await sender.send("order-1")
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as database:
        for table in ("inbound_webhook", "inbound_secret", "inbound_request", "audit", "event"):
            rows = await database.fetch(f"SELECT to_jsonb(t)::text AS row FROM app.{table} t")  # noqa: S608 (named here)
            assert rows, table
            assert not [form for row in rows for form in forms if form in row["row"]], table
        headers = await database.fetchval("SELECT headers::text FROM app.inbound_request")
    assert "signature" not in headers
    assert "webhook-id" in headers


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"verification": {"style": "token"}}, "/verification/header"),
    ({"verification": {**STANDARD, "header": "X"}}, "/verification/header"),
    ({"event": {"type": {}}}, "/event/type"),
    ({"event": {"type": {"value": "a", "header": "b"}}}, "/event/type"),
    ({"event": {"type": {"pointer": "type"}}}, "/event/type/pointer"),
    ({"event": {"type": {"value": "a"}, "subject": {"value": "b"}}}, "/event/subject/value"),
    ({"event": {"type": {"value": "a"}, "id": {"pointer": "/id"}}}, "/event/id"),
    ({"event": {"type": {"header": "authorization"}}}, "/event/type/header"),
    ({"event": {"type": {"value": "a"}, "types": {"x\n": "y"}}}, "/event/types"),
    ({"media_types": ["text/plain"]}, "/media_types/0"),
    ({"media_types": ["application/json", "application/json"]}, "/media_types"),
    ({"secret": "no-base-64-at-all"}, "/secret"),
    ({"connection": ids.show("con", ids.new())}, "/connection"),
    ({"connection": "shop"}, "/connection"),
]


@pytest.mark.parametrize(("changed", "pointer"), WRONG, ids=[f"{at} {n}" for n, (_, at) in enumerate(WRONG)])
async def test_what_does_not_go_together_is_422_with_its_pointer(
    changed: dict[str, Any], pointer: str, parties: Parties
) -> None:
    new = {"name": "shop", "connection": await connect(parties.acme), "verification": STANDARD, "event": EVENT}
    refused = await parties.acme.post("/v1/inbound-webhooks", {**new, **changed})
    is_refused(refused, 422, "invalid-webhook")
    assert pointer in [one["pointer"] for one in refused.json["errors"]]
    assert (await parties.acme.get("/v1/inbound-webhooks")).json["items"] == []


async def test_S_49_a_rotation_leaves_both_secrets_good_and_a_second_one_ends_the_first(
    sender: Sender, parties: Parties
) -> None:
    first = Sender(parties.nobody, sender.made)
    rotated = await parties.acme.post(f"{sender.at}/rotate", {}, headers={"idempotency-key": "1"})
    assert rotated.status == 201, rotated.body
    again = await parties.acme.post(f"{sender.at}/rotate", {}, headers={"idempotency-key": "1"})
    assert again.body == rotated.body, "rotated once"
    second = Sender(parties.nobody, rotated.json)
    forget(parties)
    assert [(await one.send(f"order-{n}")).status for n, one in enumerate((first, second))] == [202, 202]
    kept = (await parties.acme.get(sender.at)).json["secrets"]
    assert [(one["version"], one["ends_at"] is None) for one in kept] == [(2, True), (1, False)]
    third = Sender(parties.nobody, (await parties.acme.post(f"{sender.at}/rotate", {})).json)
    forget(parties)
    is_refused(await first.send("order-3"), 401, "webhook-not-verified")
    assert [(await one.send(f"order-{n}")).status for n, one in ((4, second), (5, third))] == [202, 202]


async def test_S_49_the_old_secret_is_dead_when_the_overlap_is_over_or_none_was_wanted(
    sender: Sender, parties: Parties, stack: Stack, endpoints: Endpoints
) -> None:
    new = Sender(parties.nobody, (await parties.acme.post(f"{sender.at}/rotate", {})).json)
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as database:
        moved = await database.execute(
            "UPDATE app.inbound_secret SET ends_at = ends_at - interval '24 hours' WHERE ends_at IS NOT NULL"
        )
    assert moved == "UPDATE 1"
    forget(parties)
    is_refused(await sender.send("order-1"), 401, "webhook-not-verified")
    assert len((await parties.acme.get(sender.at)).json["secrets"]) == 1
    assert (await new.send("order-1")).status == 202
    await parties.acme.post(f"{sender.at}/rotate", {"overlap_seconds": 0})
    forget(parties)
    is_refused(await new.send("order-2"), 401, "webhook-not-verified")


async def test_a_secret_that_the_sender_has_chosen_is_taken(parties: Parties) -> None:
    github = {"style": "hmac-sha256", "header": "X-Hub-Signature-256", "prefix": "sha256="}
    event = {"type": {"header": "X-GitHub-Event"}, "id": {"header": "X-GitHub-Delivery"}}
    sender = await make_sender(parties.acme, parties.nobody, verification=github, event=event, secret=CHOSEN)
    assert sender.made["secret"] == CHOSEN
    assert sender.made["weaknesses"] == ["no-timestamp", "id-not-signed"]
    signature = hmac.new(CHOSEN.encode(), BODY, hashlib.sha256).hexdigest()
    headers = {"x-github-event": "push", "x-github-delivery": "72d3162e", "x-hub-signature-256": f"sha256={signature}"}
    assert [(await sender.raw(BODY, headers)).status for _ in range(2)] == [202, 200]
    (one,) = (await parties.acme.get("/v1/events")).json["items"]
    assert (one["type"], one["event_id"]) == ("push", "72d3162e")
    is_refused(await sender.raw(BODY + b" ", headers), 401, "webhook-not-verified")


async def test_a_token_is_taken_and_said_to_be_weak(parties: Parties) -> None:
    sender = await make_sender(
        parties.acme,
        parties.nobody,
        verification={"style": "token", "header": "X-Token"},
        event={"type": {"value": "order.captured"}},
        secret=CHOSEN,
    )
    assert sender.made["weaknesses"] == ["static-token"]
    is_refused(await sender.raw(BODY, {"x-token": CHOSEN[:-1]}), 401, "webhook-not-verified")
    assert (await sender.raw(BODY, {"x-token": CHOSEN})).status == 202
    assert (await sender.raw(BODY, {"x-token": CHOSEN})).status == 200, "the same body is the same"


async def test_a_change_is_held_to_the_version_that_was_seen(sender: Sender, parties: Parties, log: Log) -> None:
    tag = (await parties.acme.get(sender.at)).headers["etag"]
    event = {"type": {"pointer": "/type"}, "types": {"order.captured": "order.held"}}
    changed = await parties.acme.send("PATCH", sender.at, {"event": event}, headers={"if-match": tag})
    assert changed.status == 200, changed.body
    for method, path, body in (
        ("PATCH", sender.at, {"media_types": ["application/json"]}),
        ("POST", f"{sender.at}/disable", None),
        ("POST", f"{sender.at}/delete", {"name": "shop"}),
    ):
        stale = await parties.acme.send(method, path, body, headers={"if-match": tag})
        is_refused(stale, 412, "precondition-failed")
    forget(parties)
    assert (await sender.send("order-1")).status == 202
    assert [one["type"] for one in await log.events()] == ["order.held"]
    wrong = await parties.acme.send("PATCH", sender.at, {"event": {"type": {}}})
    is_refused(wrong, 422, "invalid-webhook")


async def test_a_deleted_endpoint_frees_its_name_and_is_unknown(sender: Sender, parties: Parties) -> None:
    is_refused(await parties.acme.post(f"{sender.at}/delete", {"name": "other"}), 422, "invalid-webhook")
    gone = await parties.acme.post(f"{sender.at}/delete", {"name": "shop"})
    assert (gone.json["status"], gone.json["secrets"]) == ("deleted", [])
    for method, path in (("GET", ""), ("POST", "/disable"), ("POST", "/rotate"), ("PATCH", "")):
        body: dict[str, str] | None = None if method == "GET" else {}
        assert (await parties.acme.send(method, sender.at + path, body)).status == 404, path
    assert (await parties.acme.get("/v1/inbound-webhooks")).json["items"] == []
    other = await make_sender(parties.acme, parties.nobody, connection=sender.made["connection"])
    assert other.made["path"] != sender.made["path"]


async def test_S_87_what_is_done_to_an_endpoint_is_audited(sender: Sender, parties: Parties, log: Log) -> None:
    event = {"type": {"value": "order.captured"}}
    await parties.acme.send("PATCH", sender.at, {"event": event})
    acts: dict[str, Any] = {"rotate": {}, "disable": None, "enable": None, "delete": {"name": "shop"}}
    for act, body in acts.items():
        assert (await parties.acme.post(f"{sender.at}/{act}", body)).status in {200, 201}
    for action in ("created", "updated", "rotated", "disabled", "enabled", "deleted"):
        (one,) = await log.audited(f"webhook.{action}")
        assert one["target"] == sender.made["id"]
        assert one["actor"].startswith("key:")


async def test_lists_go_by_cursor_and_filter(parties: Parties) -> None:
    connection = await connect(parties.acme)
    other = await connect(parties.acme, "other")
    for number in range(5):
        await make_sender(parties.acme, parties.nobody, name=f"n{number}", connection=connection)
    await make_sender(parties.acme, parties.nobody, name="of-other", connection=other)
    seen, cursor = [], ""
    while True:
        page = (await parties.acme.get(f"/v1/inbound-webhooks?limit=2&connection={connection}{cursor}")).json
        seen += [one["name"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == ["n4", "n3", "n2", "n1", "n0"]
    assert (await parties.acme.get("/v1/inbound-webhooks?status=disabled")).json["items"] == []


async def test_an_endpoint_may_be_what_its_connector_declares(
    parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    style = {"style": "hmac-sha256", "header": "X-Shop-Signature"}
    kinds = {"type": {"header": "X-Shop-Topic"}, "types": {"new": "order.captured"}, "id": {"pointer": "/id"}}
    news = {"kind": "webhook", "title": "News", "verification": style, "event": kinds}
    registry = Registry([*all_connectors(), declared(manifest(name="news-shop", triggers={"news": news}))])
    monkeypatch.setattr(parties.nobody.app.app.state.resources, "registry", registry)
    plain = await connect(parties.acme)
    new = {"name": "news", "connection": plain, "trigger": "news"}
    refused = await parties.acme.post("/v1/inbound-webhooks", new)
    assert refused.json["errors"] == [{"pointer": "/trigger", "detail": "is no webhook of the connection's connector"}]
    # As if the connection were one to that shop.
    monkeypatch.setattr(registry, "_connectors", dict.fromkeys(registry._connectors, registry.connector("news-shop")))
    both = await parties.acme.post("/v1/inbound-webhooks", {**new, "event": EVENT})
    assert both.json["errors"] == [{"pointer": "/trigger", "detail": "goes without event"}]
    neither = await parties.acme.post("/v1/inbound-webhooks", {"name": "news", "connection": plain})
    assert neither.json["errors"] == [{"pointer": "/verification", "detail": "is missing; or name a trigger"}]
    made = await parties.acme.post("/v1/inbound-webhooks", new)
    assert made.status == 201, made.body
    assert made.json["verification"] == style
    assert made.json["event"] == kinds
    assert made.json["media_types"] == ["application/json"]
