"""S-40, S-42, S-43: what other systems send is taken when it is proven, and leaves nothing when it is not."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
import pytest

from tests.services.api.parties import Parties
from tests.services.api.routes.webhooks.conftest import Log, is_refused
from tests.services.api.senders import BODY, Sender, make_sender


async def test_a_webhook_begins_what_its_event_begins(sender: Sender, log: Log, parties: Parties) -> None:
    answer = await sender.send("order-1")
    assert answer.status == 202, answer.body
    (run,) = await log.runs()
    assert run["business_key"] == "SO-1"
    (summary,) = await log.events()
    event = (await parties.acme.get(f"/v1/events/{summary['id']}")).json
    assert (event["type"], event["source"], event["event_id"]) == ("order.captured", "/webhooks/shop", "order-1")
    assert (event["subject"], event["runs"]) == ("SO-1", [run["id"]])
    assert event["content"]["data"] == msgspec.json.decode(BODY)
    (one,) = await log.received()
    assert (one["id"], one["state"], one["event"], one["sent_id"]) == (
        answer.json["id"],
        "taken",
        summary["id"],
        "order-1",
    )


SPOILT: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "none": lambda _: {},
    "empty": lambda h: {**h, "webhook-signature": ""},
    "malformed": lambda h: {**h, "webhook-signature": "v1"},
    "truncated": lambda h: {**h, "webhook-signature": h["webhook-signature"][:-1]},
    "other case": lambda h: {**h, "webhook-signature": h["webhook-signature"].swapcase()},
    "version 0": lambda h: {**h, "webhook-signature": h["webhook-signature"].replace("v1,", "v0,")},
    "a thousand": lambda h: {**h, "webhook-signature": " ".join(["v1,x"] * 1_000 + [h["webhook-signature"]])},
    "another id": lambda h: {**h, "webhook-id": "order-2"},
    "another time": lambda h: {**h, "webhook-timestamp": str(int(h["webhook-timestamp"]) - 1)},
}


@pytest.mark.parametrize("what", SPOILT)
async def test_S_40_what_is_not_proven_is_401_and_leaves_nothing(what: str, sender: Sender, log: Log) -> None:
    is_refused(await sender.raw(BODY, SPOILT[what](sender.signed("order-1"))), 401, "webhook-not-verified")
    assert await log.is_empty()
    assert (await sender.send("order-1")).status == 202, "and the right one is none the worse for it"


async def test_S_40_a_right_signature_of_another_endpoint_or_tenant_is_none(
    sender: Sender, log: Log, parties: Parties
) -> None:
    others = [
        await make_sender(parties.acme, parties.nobody, name="other", connection=sender.made["connection"]),
        await make_sender(parties.foreign, parties.nobody),
        await make_sender(parties.acme_test, parties.nobody),
    ]
    for other in others:
        is_refused(await sender.raw(BODY, other.signed("order-1")), 401, "webhook-not-verified")
    assert await log.is_empty()
    for other in others:
        assert (await other.send("order-1")).status == 202
    assert len(await log.events()) == 1, "of acme's own other endpoint"


async def test_S_40_an_api_key_proves_no_webhook(sender: Sender, parties: Parties) -> None:
    own = Sender(parties.acme, sender.made)
    is_refused(await own.raw(BODY, {}), 401, "webhook-not-verified")


def _another(body: bytes) -> list[bytes]:
    return [
        body[:-1] + bytes([body[-1] ^ 1]),
        msgspec.json.encode(msgspec.json.decode(body), order="sorted"),
        b"\xef\xbb\xbf" + body,
        body.replace(b",", b",\r\n"),
        body + b"\n",
    ]


async def test_S_42_the_signature_is_of_the_raw_bytes(sender: Sender, log: Log) -> None:
    body = b'{"type" : "order.captured", "order" : {"number" : "SO-1"}, "a" : 1}'
    for other in _another(body):
        is_refused(await sender.raw(other, sender.signed("order-1", body)), 401, "webhook-not-verified")
    assert await log.is_empty()
    assert (await sender.raw(body, sender.signed("order-1", body))).status == 202


async def test_S_43_a_time_that_is_not_now_is_401(sender: Sender, log: Log) -> None:
    now = int(time.time())
    wide = "".join(chr(0xFF10 + int(digit)) for digit in str(now)).encode().decode("latin-1")
    for stamp in (now - 301, now + 310, 0, -1, "1e20", f"{now}.0", wide):
        is_refused(await sender.raw(BODY, sender.signed("order-1", at=stamp)), 401, "webhook-not-verified")
    headers = list(sender.signed("order-1").items())
    twice = [*headers, ("webhook-timestamp", str(now))]
    is_refused(await sender.pairs(BODY, twice), 401, "webhook-not-verified")
    without = [pair for pair in headers if pair[0] != "webhook-timestamp"]
    is_refused(await sender.pairs(BODY, without), 401, "webhook-not-verified")
    assert await log.is_empty()
    assert (await sender.pairs(BODY, headers)).status == 202
