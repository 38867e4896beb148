"""S-44: a webhook is taken once for each endpoint and id, however often and however many at once it comes."""

from __future__ import annotations

import asyncio
import time

from infra.embedded.stack import Endpoints, Stack
from tests.services.api.parties import Parties
from tests.services.api.routes.webhooks.conftest import Log, is_refused
from tests.services.api.senders import BODY, Sender, body_of, make_sender
from tests.superuser import connected


async def test_S_44_a_repetition_is_200_and_nothing_new(sender: Sender, log: Log) -> None:
    first = await sender.send("order-1")
    again = await sender.send("order-1")
    assert (first.status, again.status) == (202, 200)
    assert again.body == first.body
    later = await sender.raw(BODY, sender.signed("order-1", at=int(time.time()) + 200))
    assert (later.status, later.body) == (200, first.body), "signed anew, as senders do who try again"
    assert (len(await log.runs()), len(await log.events()), len(await log.received())) == (1, 1, 1)


async def test_S_44_the_same_id_with_another_body_is_409_and_recorded(sender: Sender, log: Log) -> None:
    assert (await sender.send("order-1")).status == 202
    for body in (body_of(more=1), BODY + b" "):
        is_refused(await sender.send("order-1", body), 409, "webhook-id-reused")
    assert (len(await log.runs()), len(await log.events()), len(await log.received())) == (1, 1, 1)
    recorded = await log.audited("webhook.id-reused")
    assert [one["target"] for one in recorded] == [sender.made["id"]] * 2
    assert {one["actor"] for one in recorded} == {f"webhook:{sender.made['id']}"}


async def test_S_44_of_a_hundred_at_once_one_is_taken(sender: Sender, log: Log) -> None:
    answers = await asyncio.gather(*(sender.send("order-1") for _ in range(100)))
    assert sorted(one.status for one in answers) == [200] * 99 + [202]
    assert len({one.body for one in answers}) == 1
    assert (len(await log.runs()), len(await log.events()), len(await log.received())) == (1, 1, 1)


async def test_S_44_of_two_bodies_at_once_under_one_id_one_is_taken(sender: Sender, log: Log) -> None:
    bodies = [BODY, body_of(more=1)] * 20
    answers = await asyncio.gather(*(sender.send("order-1", body) for body in bodies))
    statuses = [one.status for one in answers]
    assert (statuses.count(202), statuses.count(200), statuses.count(409)) == (1, 19, 20)
    assert (len(await log.runs()), len(await log.events()), len(await log.received())) == (1, 1, 1)


async def test_S_44_a_repetition_is_known_when_its_events_id_is_forgotten(
    sender: Sender, log: Log, stack: Stack, endpoints: Endpoints
) -> None:
    """Ids of events are kept for seven days, what was received for longer."""
    await sender.send("order-1")
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as database:
        await database.execute("DELETE FROM app.event_key")
    assert (await sender.send("order-1")).status == 200
    assert len(await log.runs()) == 1


async def test_S_44_the_same_id_at_two_endpoints_is_two(sender: Sender, log: Log, parties: Parties) -> None:
    other = await make_sender(parties.acme, parties.nobody, name="other", connection=sender.made["connection"])
    assert [(await one.send("order-1")).status for one in (sender, other)] == [202, 202]
    assert len(await log.runs()) == 2
