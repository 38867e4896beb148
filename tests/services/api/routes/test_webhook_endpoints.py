"""Webhook endpoints and their delivery log over the API (A18, S-48, S-49, S-70): what people do with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.webhooks.sending import Outcome
from services.webhooks.settling import Due, settle
from tests.asgi import Caller
from tests.services.api.parties import Parties, make_key

URL = "https://hooks.acme.example/orders?token=of-acme"
AT = "/v1/webhook-endpoints"
NEW = {"url": URL, "types": ["order.*", "io.serverlessworkflow.workflow.faulted.v1"], "description": "Orders"}


async def make(caller: Caller, **more: Any) -> Any:
    made = await caller.post(AT, {**NEW, **more})
    assert made.status == 201, made.body
    return made.json


async def announce(parties: Parties, worker: Database, count: int = 1) -> list[str]:
    """Events of a run, as a checkpoint leaves them."""
    tenant, made = TenantId(ids.read("ten", parties.ids["acme:live"])), [ids.new() for _ in range(count)]
    async with worker.tenant(tenant) as connection:
        for one in made:
            event = {
                "specversion": "1.0", "id": f"{one}-1", "source": "urn:tenant:x", "subject": "run_x",
                "type": "io.serverlessworkflow.workflow.faulted.v1", "data": {"secret": "of-acmes-customer"},
            }  # fmt: skip
            await connection.execute(
                "INSERT INTO app.outbox (tenant_id, outbox_id, topic, body) VALUES ($1, $2, 'runs', $3)",
                tenant,
                one,
                msgspec.json.encode(event).decode(),
            )
    return [ids.show("msg", one) for one in made]


async def answer(worker: Database, outcome: Outcome) -> int:
    """Take what is due and record `outcome` for each, as a worker that sent it does."""
    async with worker.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.take_webhooks(100, 100, 10, 100, 30)")
    for row in rows:
        due = Due(**{name: row[name] for name in ("tenant_id", "endpoint_id", "message_id", "taken_until")})
        async with worker.tenant(due.tenant_id) as connection:
            assert await settle(connection, due, outcome)
    return len(rows)


async def test_S_49_S_70_a_secret_is_shown_when_it_is_made_and_never_again(parties: Parties) -> None:
    acme = parties.acme
    made = await make(acme)
    secret = made["secret"]
    assert secret.startswith("whsec_")
    assert made["secrets"] == [{"set": True, "created_at": made["secrets"][0]["created_at"], "ends_at": None}]
    at = f"{AT}/{made['id']}"
    for target in (AT, at, "/v1/audit", f"{at}/deliveries"):
        assert secret.encode() not in (await acme.get(target)).body, target
    rotated = await acme.post(f"{at}/rotate", {})
    assert rotated.status == 201
    assert rotated.json["secret"] != secret
    shown = (await acme.get(at)).json
    assert "secret" not in shown
    newest, earlier = shown["secrets"]
    ends = datetime.fromisoformat(earlier["ends_at"]) - datetime.now(UTC)
    assert newest["ends_at"] is None
    assert timedelta(hours=23, minutes=59) < ends <= timedelta(hours=24)
    assert (await acme.post(f"{at}/rotate", {"overlap_seconds": 86_401})).status == 422
    await acme.post(f"{at}/rotate", {"overlap_seconds": 0})
    assert len((await acme.get(at)).json["secrets"]) == 1


async def test_a_repeated_creation_answers_the_same_secret(parties: Parties) -> None:
    first, again = [await parties.acme.post(AT, NEW, headers={"idempotency-key": "once"}) for _ in range(2)]
    assert first.json == again.json
    assert len((await parties.acme.get(AT)).json["items"]) == 1


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://hooks.acme.example/", "scheme"),
        ("https://user:word@hooks.acme.example/", "userinfo"),
        ("https://127.0.0.1/", "address"),
        ("https://169.254.169.254/latest", "address"),
        ("https://[::ffff:10.0.0.1]/", "address"),
        ("https://2130706433/", "host"),
        ("https://hooks.acme.example:6379/", "port"),
        ("ftp://hooks.acme.example/", "scheme"),
        ("hooks.acme.example", "url"),
        ("https://hooks.acme.example/#x", "url"),
    ],
)
async def test_S_47_an_address_that_nothing_may_be_sent_to_is_no_endpoint(
    parties: Parties, url: str, rule: str
) -> None:
    refused = await parties.acme.post(AT, {**NEW, "url": url})
    assert (refused.status, refused.problem, refused.json["rule"]) == (422, "destination-refused", rule)
    made = await make(parties.acme)
    changed = await parties.acme.send("PATCH", f"{AT}/{made['id']}", {"url": url})
    assert (changed.status, changed.json["rule"]) == (422, rule)


@pytest.mark.parametrize("kind", ["order..shipped", "*.shipped", "order.*.x", "order shipped", ".", "order*"])
async def test_what_is_no_type_is_named(parties: Parties, kind: str) -> None:
    refused = await parties.acme.post(AT, {**NEW, "types": ["order.shipped", kind]})
    assert (refused.status, refused.problem) == (422, "invalid-webhook-endpoint")
    assert [one["pointer"] for one in refused.json["errors"]] == ["/types/1"]


async def test_an_environment_has_twenty_endpoints_at_most(parties: Parties) -> None:
    last = [await make(parties.acme) for _ in range(20)][-1]
    refused = await parties.acme.post(AT, NEW)
    assert (refused.status, refused.problem) == (409, "too-many-webhook-endpoints")
    at = f"{AT}/{last['id']}"
    assert (await parties.acme.post(f"{at}/remove")).problem == "webhook-endpoint-active"
    await parties.acme.post(f"{at}/disable")
    assert (await parties.acme.post(f"{at}/remove")).status == 204
    assert (await parties.acme.get(f"{AT}/{last['id']}")).status == 404
    await make(parties.acme)
    page = (await parties.acme.get(f"{AT}?limit=15")).json
    rest = (await parties.acme.get(f"{AT}?limit=15&cursor={page['next']}")).json
    assert (len(page["items"]), len(rest["items"]), rest["next"]) == (15, 5, None)


async def test_a_change_holds_to_the_version_that_was_seen_and_not_to_how_the_receiver_fares(
    parties: Parties, worker_database: Database
) -> None:
    acme = parties.acme
    at = f"{AT}/{(await make(acme))['id']}"
    tag = (await acme.get(at)).headers["etag"]
    await announce(parties, worker_database)
    await answer(worker_database, Outcome(seconds=0.1, status=500))
    failing = await acme.get(at)
    assert failing.json["failing_since"] is not None
    assert failing.headers["etag"] == tag
    changed = await acme.send("PATCH", at, {"types": ["*"]}, headers={"if-match": tag})
    assert (changed.status, changed.json["types"]) == (200, ["*"])
    assert changed.headers["etag"] == (await acme.get(at)).headers["etag"] != tag
    stale = await acme.send("PATCH", at, {"description": "x"}, headers={"if-match": tag})
    assert (stale.status, stale.problem) == (412, "precondition-failed")
    assert (await acme.post(f"{at}/disable", headers={"if-match": tag})).status == 412
    off = await acme.post(f"{at}/disable")
    assert (off.status, off.json["status"], off.json["why"]) == (200, "disabled", "asked")
    assert (await acme.post(f"{at}/enable")).json["why"] is None


async def test_the_delivery_log_tells_each_try(parties: Parties, worker_database: Database) -> None:
    acme = parties.acme
    at = f"{AT}/{(await make(acme))['id']}/deliveries"
    [first, second] = await announce(parties, worker_database, 2)
    failed = Outcome(seconds=0.25, status=503, answer="busy", retry_after=600.0)
    assert await answer(worker_database, failed) == 2
    listed = (await acme.get(f"{at}?limit=1")).json
    assert [one["id"] for one in listed["items"]] == [second]
    rest = (await acme.get(f"{at}?limit=1&cursor={listed['next']}")).json
    assert [one["id"] for one in rest["items"]] == [first]
    assert (rest["items"][0]["state"], rest["items"][0]["last"]["status"]) == ("pending", 503)
    replayed = await acme.post(f"{at}/{first}/replay")
    assert (replayed.status, replayed.json["id"]) == (202, first)
    assert await answer(worker_database, Outcome(seconds=0.1, status=204)) == 1
    detail = (await acme.get(f"{at}/{first}")).json
    tries = [(one["number"], one["status"], one["answer"]) for one in detail["tries"]]
    assert tries == [(1, 503, "busy"), (2, 204, "")]
    assert (detail["state"], detail["attempts"], detail["next_at"]) == ("delivered", 2, None)
    assert msgspec.json.decode(detail["body"])["data"] == {"secret": "of-acmes-customer"}
    assert [one["id"] for one in (await acme.get(f"{at}?state=delivered")).json["items"]] == [first]
    for unknown in (f"{at}/{ids.show('msg', ids.new())}", f"{at}/nonsense", f"{at}/{ids.show('evt', ids.new())}"):
        assert (await acme.get(unknown)).status == 404


async def test_a_range_is_sent_again(parties: Parties, worker_database: Database) -> None:
    acme = parties.acme
    at = f"{AT}/{(await make(acme))['id']}"
    await announce(parties, worker_database, 3)
    await answer(worker_database, Outcome(seconds=0.1, status=200))
    now = datetime.now(UTC)
    hour = {"since": (now - timedelta(hours=1)).isoformat(), "until": (now + timedelta(hours=1)).isoformat()}
    assert (await acme.post(f"{at}/replay", hour)).json == {"messages": 0}
    everything = await acme.post(f"{at}/replay", {**hour, "which": "all"})
    assert (everything.status, everything.json) == (202, {"messages": 3})
    turned = {"since": hour["until"], "until": hour["since"]}
    assert (await acme.post(f"{at}/replay", turned)).problem == "invalid-webhook-endpoint"
    await acme.post(f"{at}/disable")
    assert (await acme.post(f"{at}/replay", hour)).problem == "webhook-endpoint-disabled"


async def test_S_05_nobody_above_the_client_leads_its_events_elsewhere_or_reads_them(
    parties: Parties, worker_database: Database
) -> None:
    made = await make(parties.acme)
    [message] = await announce(parties, worker_database)
    await answer(worker_database, Outcome(seconds=0.1, status=500, answer="you sent: of-acmes-customer"))
    at = f"/v1/clients/acme/live/webhook-endpoints/{made['id']}"
    for method, target, body in (
        ("POST", "/v1/clients/acme/live/webhook-endpoints", NEW),
        ("PATCH", at, {"url": "https://elsewhere.example/"}),
        ("POST", f"{at}/rotate", {}),
        ("POST", f"{at}/enable", None),
        ("POST", f"{at}/deliveries/{message}/replay", None),
    ):
        assert (await parties.north.send(method, target, body)).status == 403, target
    # It may look whether all is well, and sees neither what is sent nor what the receiver said, nor the whole address.
    assert (await parties.north.get(at)).json["url"] == "https://hooks.acme.example"
    for target in (f"{at}/deliveries", f"{at}/deliveries/{message}"):
        shown = await parties.north.get(target)
        assert shown.status == 200
        assert b"of-acme" not in shown.body, target
    body = {"name": "x", "partner": "north", "permissions": ["webhooks:write"]}
    assert (await parties.operator.post("/v1/keys", body)).status in {403, 422}


@pytest.mark.parametrize("sees", [[], ["payloads:masked"]])
async def test_S_05_who_may_not_read_payloads_leads_them_nowhere(parties: Parties, sees: list[str]) -> None:
    """What leaves holds them whole, and the words of other systems in the errors of runs."""
    at = f"{AT}/{(await make(parties.acme))['id']}"
    rights = ["webhooks:read", "webhooks:write", *sees]
    keeper = parties.nobody.having(await make_key(parties.acme, permissions=rights))
    url = "https://elsewhere.example/"
    for method, target, body in (
        ("POST", AT, {**NEW, "url": url}),
        ("PATCH", at, {"url": url}),
        ("PATCH", at, {"types": ["*"]}),
    ):
        refused = await keeper.send(method, target, body)
        assert (refused.status, refused.json["permission"]) == (403, "payloads:read"), (method, body)
    assert (await keeper.get(at)).json["url"] == URL
    assert len((await keeper.get(AT)).json["items"]) == 1
    # It keeps the endpoint going, or stops it.
    assert (await keeper.send("PATCH", at, {"description": "of the shop"})).status == 200
    for act, given in (("disable", None), ("enable", None), ("rotate", {})):
        assert (await keeper.post(f"{at}/{act}", given)).status in {200, 201}, act


async def test_every_change_stands_in_the_audit_without_the_address_and_the_secret(parties: Parties) -> None:
    acme = parties.acme
    at = f"{AT}/{(await make(acme))['id']}"
    await acme.send("PATCH", at, {"url": "https://other.acme.example/?token=of-acme"})
    for act, body in (("disable", None), ("enable", None), ("rotate", {}), ("disable", None), ("remove", None)):
        assert (await acme.post(f"{at}/{act}", body)).status in {200, 201, 204}
    log = await acme.get("/v1/audit")
    actions = [one["action"] for one in log.json["items"] if one["action"].startswith("webhook.")]
    assert actions == [
        f"webhook.{verb}" for verb in ("removed", "disabled", "rotated", "enabled", "disabled", "updated", "created")
    ]
    assert b"of-acme" not in log.body
    assert b"whsec_" not in log.body


async def test_a_reader_sees_no_more_of_an_address_than_its_host(parties: Parties) -> None:
    made = await make(parties.acme)
    key = await make_key(parties.north, client="acme", environment="live", permissions=["webhooks:read"])
    reader = parties.nobody.having(key)
    assert (await reader.get(f"{AT}/{made['id']}")).json["url"] == "https://hooks.acme.example"
    assert (await reader.post(f"{AT}/{made['id']}/disable")).status == 403
