"""S-30, S-46: one JSON text of a declared type, or it is refused."""

from __future__ import annotations

import pytest

from tests.services.api.parties import Parties
from tests.services.api.routes.webhooks.conftest import Log, is_refused
from tests.services.api.senders import BODY, Sender, make_sender

MEDIA = [
    ("text/plain", 415),
    ("", 415),
    ("multipart/form-data; boundary=x", 415),
    ("application/x-www-form-urlencoded", 415),
    ("application/json; charset=utf-7", 415),
    ("application/json; charset=utf-8; x=y", 415),
    ("application/cloudevents+json", 415),
    ("application/json, text/plain", 415),
    ("APPLICATION/JSON", 202),
    ("application/json; charset=utf-8", 202),
    ("application/vnd.shop+json", 202),
]


@pytest.mark.parametrize(("kind", "status"), MEDIA, ids=[kind or "none" for kind, _ in MEDIA])
async def test_S_46_only_the_declared_types_are_read(kind: str, status: int, parties: Parties) -> None:
    declared = ["application/json", "application/vnd.shop+json"]
    sender = await make_sender(parties.acme, parties.nobody, media_types=declared)
    answer = await sender.raw(BODY, sender.signed("order-1"), kind)
    assert answer.status == status, answer.body
    if status == 415:
        assert answer.problem == "unsupported-media-type"
        # The type is looked at before the signature is, and says nothing about it.
        assert (await sender.raw(BODY, {}, kind)).status == 415


async def test_S_46_two_types_are_none(sender: Sender, log: Log) -> None:
    headers = [*sender.signed("order-1").items(), ("content-type", "text/plain")]
    is_refused(await sender.pairs(BODY, headers), 400, "bad-request")
    assert await log.is_empty()


BROKEN = {
    "nothing": b"",
    "three texts": b"1 2 3",
    "two objects": b'{"a":1}{"a":2}',
    "a name twice": b'{"type":"order.captured","type":"order.cancelled","order":{"number":"SO-1"}}',
    "a name twice, below": b'{"type":"order.captured","order":{"number":"SO-1","number":"SO-2"}}',
    "a name twice, escaped": b'{"type":"a","\\u0074ype":"order.captured","order":{"number":"SO-1"}}',
    "half a surrogate": b'{"type":"order.captured","order":{"number":"\\ud800"}}',
    "an escaped NUL": b'{"type":"order.captured","order":{"number":"SO-1\\u0000"}}',
    "a NUL": b'{"type":"order.captured\x00"}',
    "no UTF-8": b'{"type":"\xff\xfe"}',
    "a byte order mark": b"\xef\xbb\xbf" + BODY,
    "NaN": b'{"type":"order.captured","order":{"number":NaN}}',
    "nested": b"[" * 100_000 + b"]" * 100_000,
}


@pytest.mark.parametrize("what", BROKEN)
async def test_S_30_a_body_that_is_not_one_json_text_is_400_and_kept_as_refused(
    what: str, sender: Sender, log: Log
) -> None:
    is_refused(await sender.send("order-1", BROKEN[what]), 400, "malformed-webhook")
    assert not await log.runs()
    assert not await log.events()
    (one,) = await log.received()
    assert (one["state"], one["problem"], one["sent_id"], one["event"]) == (
        "refused",
        "/problems/malformed-webhook",
        "order-1",
        None,
    )
    assert (await sender.send("order-1")).status == 202, "the sender corrects it under the same id"
    (one,) = await log.received()
    assert (one["state"], one["problem"]) == ("taken", None)
