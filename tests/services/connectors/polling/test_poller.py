"""A watched connection: what is new becomes events and begins runs, once, with the cursor in the same commit."""

from __future__ import annotations

import asyncio
import json

import msgspec
import pytest

from infra import crash_points
from infra.embedded.stack import Endpoints, Stack
from services.connectors.polling import polls
from services.connectors.polling.polls import Overtaken
from services.engine import outages
from tests.services.connectors.declared.other import query_of, said
from tests.services.connectors.polling.shop import Watched
from tests.superuser import connected
from tests.world import make_tenant


async def test_what_is_new_becomes_events_of_the_catalogue_and_begins_runs(watched: Watched) -> None:
    watched.shop.sell("A-1", 10)
    watched.shop.sell("A-2", 20)
    assert await watched.round(now=False) == 1, "it is asked as soon as a connection says so"
    assert await watched.events() == ["A-1@10", "A-2@20"]
    assert await watched.runs() == ["A-1", "A-2"]
    (stored, *_) = await watched.do("SELECT content FROM app.event WHERE tenant_id = $1 ORDER BY event_id")
    event = msgspec.json.decode(stored["content"])
    assert (event["type"], event["source"]) == ("order.captured", "/connections/shop/orders")
    assert event["dataschema"].startswith("urn:event-schema:order.captured:")
    assert event["data"] == {"number": "A-1", "channel": "web"}
    assert query_of(watched.shop.asked[0]) == {}
    assert await watched.round(now=False) == 0, "its time has not come"
    watched.shop.sell("A-3", 20)
    assert await watched.round() == 1
    assert query_of(watched.shop.last) == {"since": ["20"]}
    assert await watched.events() == ["A-1@10", "A-2@20", "A-3@20"]


async def test_a_version_is_told_once_and_another_one_again(watched: Watched) -> None:
    watched.shop.sell("A-1", 10)
    await watched.round()
    watched.shop.orders[0]["channel"] = "phone"
    await watched.round()
    assert await watched.events() == ["A-1@10"]
    watched.shop.orders[0]["changed"] = 11
    await watched.round()
    assert await watched.events() == ["A-1@10", "A-1@11"]
    assert not await watched.do("SELECT 1 FROM app.audit WHERE tenant_id = $1 AND action = 'event.id-reused'")


async def test_what_a_cursor_brings_again_is_known_when_the_keys_of_events_are_forgotten(
    watched: Watched, stack: Stack, endpoints: Endpoints
) -> None:
    watched.shop.sell("A-1", 10)
    await watched.round()
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as admin:
        await admin.execute("DELETE FROM app.event_key")
    for answer in (None, said({"orders": [], "next": None}), None):
        watched.shop.answer = answer
        await watched.round()
    assert len((await watched.row())["seen"]) == 16
    assert await watched.events() == ["A-1@10"]


async def test_where_there_is_more_it_is_asked_again_at_once(watched: Watched) -> None:
    for number in range(5):
        watched.shop.sell(f"A-{number}", number)
    watched.shop.most = 2
    rounds = 0
    while await watched.round(now=rounds == 0):
        rounds += 1
        assert rounds < 9, "it asks on and on"
    assert await watched.events() == [f"A-{number}@{number}" for number in range(5)]
    # Whoever says so and stays where it is, is asked at its time.
    watched.shop.most = 0
    assert await watched.round() == 1
    assert await watched.round(now=False) == 0


@pytest.mark.parametrize("point", ["poll.answered", "intake.before", "intake.committed", "poll.committed"])
async def test_F_01_broken_off_anywhere_nothing_is_lost_and_nothing_doubled(watched: Watched, point: str) -> None:
    for number in range(3):
        watched.shop.sell(f"A-{number}", number)
    crash_points.arm(f"!{point}")
    try:
        await watched.round()
    finally:
        crash_points.arm("")
    kept = await watched.events()
    assert (kept == []) == (point in {"poll.answered", "intake.before"})
    assert ((await watched.row())["at"] is None) == (kept == []), "the cursor goes with its events"
    assert await watched.round(watched.another(), now=False) == 0, "as long as the lease lasts it is nobody else's"
    watched.shop.sell("A-3", 3)
    await watched.round(watched.another())
    assert await watched.events() == [f"A-{number}@{number}" for number in range(4)]
    assert await watched.runs() == [f"A-{number}" for number in range(4)]


async def test_F_02_of_two_who_ask_the_later_one_counts(watched: Watched) -> None:
    watched.shop.sell("A-1", 10)
    (first,) = await polls.take(watched.worker, 5, 60)
    assert await polls.take(watched.worker, 5, 60) == []
    await watched.come_due()
    (second,) = await polls.take(watched.worker, 5, 60)
    for call in (polls.read(watched.worker, first), _advanced(watched, first)):
        with pytest.raises(Overtaken):
            await call
    await polls.put_off(watched.worker, first, 600, "of no account")
    assert (await watched.row())["failures"] == 0
    await _advanced(watched, second)
    taken = await asyncio.gather(*[watched.round(watched.another()) for _ in range(4)])
    assert await watched.runs() == ["A-1"], taken


async def _advanced(watched: Watched, due: polls.Due) -> None:
    async with watched.worker.tenant(watched.world.tenant_id) as connection:
        await polls.advance(connection, due, None, b"", 60)


async def test_F_20_who_fails_is_asked_less_and_less_and_somebody_is_told(watched: Watched) -> None:
    watched.shop.sell("A-1", 10)
    watched.shop.answer = said({"message": "no such right"}, 403)
    waits = []
    for _ in range(4):
        await watched.round()
        (wait,) = await watched.do(
            "SELECT extract(epoch FROM due_at - clock_timestamp()) AS seconds FROM app.poll WHERE tenant_id = $1"
        )
        waits.append(round(float(wait["seconds"]) / 60))
    row = await watched.row()
    assert (waits, row["failures"]) == ([1, 2, 4, 8], 4)
    assert "right" in row["failure"]
    (told,) = await watched.do("SELECT * FROM app.exception WHERE tenant_id = $1")
    assert (told["category"], told["state"], told["times"]) == ("outage", "open", 2)
    watched.shop.answer = None
    await watched.round()
    (told,) = await watched.do("SELECT * FROM app.exception WHERE tenant_id = $1")
    assert (told["state"], (await watched.row())["failures"]) == ("resolved", 0)
    assert await watched.runs() == ["A-1"]


async def test_F_20_when_a_connection_is_back_what_failed_is_asked_at_once(watched: Watched) -> None:
    watched.shop.sell("A-1", 10)
    watched.shop.answer = said({"message": "not now"}, 503)
    await watched.round()
    place = (watched.worker, watched.world.tenant_id, watched.connection.id)
    await outages.begin(*place, "it answered with status 503", 1)
    assert await watched.round(now=False) == 0
    watched.shop.answer = None
    await outages.end(*place)
    assert await watched.round(now=False) == 1
    assert await watched.runs() == ["A-1"]


async def test_an_item_that_makes_no_event_is_told_once_and_keeps_no_other_back(watched: Watched) -> None:
    watched.shop.sell("A-1", 10, channel={"not": "a text"})
    watched.shop.orders.append({"changed": 11, "channel": "web"})
    watched.shop.sell("A-2", 12)
    for _ in range(2):
        await watched.round()
    assert await watched.events() == ["A-2@12"]
    told = await watched.do("SELECT title, times FROM app.exception WHERE tenant_id = $1 AND category = 'dead-letter'")
    words = sorted(row["title"] for row in told)
    assert [row["times"] for row in told] == [1, 1]
    assert "at /data/channel" in words[1]
    assert "event/id" in words[0]
    assert "not" not in words[1].partition("at ")[2], "nothing of what it holds"


async def test_more_than_a_commit_takes_comes_whole(watched: Watched) -> None:
    for number in range(450):
        watched.shop.sell(f"B-{number}", number)
    crash_points.arm("!intake.committed%2")
    try:
        await watched.round()
    finally:
        crash_points.arm("")
    assert (len(await watched.events()), (await watched.row())["at"]) == (400, None)
    await watched.round()
    assert len(set(await watched.runs())) == len(await watched.runs()) == 450
    assert (await watched.row())["at"] == "449"


async def test_what_is_not_watched_any_more_is_not_asked(watched: Watched) -> None:
    watched.shop.sell("A-1", 10)
    await watched.round()
    await watched.do("UPDATE app.connection SET status = 'disabled' WHERE tenant_id = $1")
    assert (await watched.row())["due_at"] is None
    assert await watched.round() == 0
    await watched.do("UPDATE app.connection SET status = 'active' WHERE tenant_id = $1")
    assert await watched.round(now=False) == 1
    assert query_of(watched.shop.last) == {"since": ["10"]}, "it goes on where it was"
    await watched.do("UPDATE app.connection SET connector = 'other' WHERE tenant_id = $1")
    assert (await watched.row())["at"] is None
    settings = json.dumps({**watched.connection.settings, "watch": []})
    await watched.do("UPDATE app.connection SET settings = $2 WHERE tenant_id = $1", settings)
    assert await watched.round() == 0
    assert await watched.runs() == ["A-1"]


async def test_each_tenant_comes_before_any_tenant_s_second(watched: Watched) -> None:
    insert = (
        "INSERT INTO app.poll (tenant_id, connection_id, trigger, due_at) SELECT $1, c.connection_id, 'more-' || n, "
        "clock_timestamp() - interval '1 hour' FROM app.connection c, generate_series(1, 20) n WHERE c.tenant_id = $1"
    )
    await watched.do(insert)
    other = await make_tenant(watched.app, "quiet")
    async with watched.app.tenant(other.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
            "VALUES ($1, $2, 'shop', 'sample', '{\"watch\": [\"orders\"]}')",
            other.tenant_id,
            watched.connection.id,
        )
    taken = await polls.take(watched.worker, 2, 60)
    assert {one.tenant for one in taken} == {watched.world.tenant_id, other.tenant_id}
