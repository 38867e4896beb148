"""What may be pushed in (ADR 0033): A13 and F-23, and S-90, by which abuse that nobody pays for is capped by quota."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra import clock, ids
from infra.database import Database
from infra.ids import TenantId
from services.engine import quotas
from services.engine.quotas import QuotaReached, Quotas, Standing
from services.worker import load
from tenants.identity.keyring import Keyring
from tests.asgi import Answer, Caller
from tests.services.api.routes.conftest import PREFIX, Cast

DOCUMENT = (
    "document: {dsl: '1.0.3', namespace: tests, name: quick, version: 1.0.0}\n"
    "schedule: {on: {one: {with: {type: order}}}}\ndo: [{say: {set: {a: 1}}}]\n"
)


async def go_live(caller: Caller) -> None:
    """Its runs are all counted in one minute, the last that there is: no test can be cut in two by the next one."""
    workflow = (await caller.post("/v1/workflows", {"document": DOCUMENT})).json["id"]
    assert (await caller.post("/v1/deployments", {"name": "quick", "workflow": workflow})).status == 201
    database: Database = caller.app.app.state.resources.database
    assert caller.key is not None
    who = await Keyring(database).authenticate(caller.key)
    assert who is not None
    assert who.tenant_id is not None
    own = TenantId(who.tenant_id)
    async with database.tenant(own) as connection:
        await connection.execute(
            "INSERT INTO app.tenant_clock (tenant_id, turn, minute) VALUES ($1, 0, $2)", own, 2**31 - 1
        )


@pytest.fixture
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """To what a process remembers of quotas no time passes, and it asks the database only when somebody has it do so.

    Else it may ask between a run's admission and its commit, and know of neither.
    """
    monkeypatch.setattr(quotas, "SECONDS", 3_600.0)
    now = clock.monotonic()
    monkeypatch.setattr(quotas, "clock", SimpleNamespace(monotonic=lambda: now))


async def send(caller: Caller, number: int, kind: str = "order", **data: Any) -> Answer:
    event = {"specversion": "1.0", "id": str(number), "source": "/shop", "type": kind, "data": data}
    return await caller.post("/v1/events", event, headers={"content-type": "application/cloudevents+json"})


def quotas_of(live: Cast) -> Quotas:
    found: Quotas = live.client.app.app.state.resources.quotas
    return found


class Where(msgspec.Struct, frozen=True):
    tenant_id: UUID
    client_id: UUID
    partner_id: UUID


async def place_of(live: Cast) -> Where:
    client = (await live.partner.get("/v1/clients/acme")).json
    (tenant,) = [one["id"] for one in client["tenants"] if one["environment"] == "live"]
    own = TenantId(ids.read("ten", tenant))
    database: Database = live.client.app.app.state.resources.database
    async with database.tenant(own) as connection:
        row = await connection.fetchrow("SELECT client_id, partner_id FROM app.tenant WHERE tenant_id = $1", own)
    return Where(own, row["client_id"], row["partner_id"])


async def limit(partner: Caller, client: str = "acme", **amounts: int | None) -> Answer:
    return await partner.send("POST", f"/v1/clients/{client}/live/quotas", amounts)


@pytest.fixture
async def live(cast: Cast) -> Cast:
    await go_live(cast.client)
    await go_live(cast.rival)
    return cast


@pytest.mark.usefixtures("one_minute")
async def test_S_90_a_tenant_starts_so_many_runs_in_a_minute_and_not_one_more(live: Cast) -> None:
    assert (await limit(live.partner, runs_per_minute=5)).status == 200
    answers = await asyncio.gather(*(send(live.client, number) for number in range(12)))
    taken = [one for one in answers if one.status == 202]
    refused = [one for one in answers if one.status == 429]
    assert (len(taken), len(refused)) == (5, 7)
    for one in refused:
        assert one.problem == "quota-reached"
        told = one.json
        assert (told["quota"], told["limit"], told["used"]) == ("runs-per-minute", 5, 5)
        assert 1 <= int(one.headers["retry-after"]) <= 60
    # Nothing half done: neither the event nor a run of it; and it may be sent again under its id.
    assert len((await live.client.get("/v1/events")).json["items"]) == 5
    assert len((await live.client.get("/v1/runs")).json["items"]) == 5
    assert (await send(live.rival, 1)).status == 202
    # What begins nothing is nobody's start.
    assert (await send(live.client, 100, kind="other")).status == 202


@pytest.mark.usefixtures("one_minute")
async def test_S_90_who_goes_on_though_refused_is_refused_unread(live: Cast) -> None:
    await limit(live.partner, runs_per_minute=0)
    for number in range(51):
        assert (await send(live.client, number)).status == 429
    assert (await send(live.client, 100, kind="other")).problem == "quota-reached"
    # Whatever it is: nobody looks.
    nothing = await live.client.post("/v1/events", {}, headers={"content-type": "application/cloudevents+json"})
    assert nothing.problem == "quota-reached"
    refusals = []
    for _ in range(3):
        with pytest.raises(QuotaReached) as refused:
            quotas_of(live).attend(await place_of(live))
        refusals.append(refused.value)
    # One for all of them would hold the bodies of all of them, until the minute is over.
    assert len({id(one) for one in refusals}) == 3


async def test_A13_runs_that_have_not_ended_are_limited_and_room_is_found_by_itself(
    live: Cast, worker_database: Database
) -> None:
    await limit(live.partner, open_runs=3)
    assert [(await send(live.client, number)).status for number in range(5)] == [202, 202, 202, 429, 429]
    told = (await send(live.client, 9)).json
    assert (told["quota"], told["limit"], told["used"], told["retry_after"]) == ("open-runs", 3, 3, 5)
    runs = (await live.client.get("/v1/runs")).json["items"]
    for one in runs:
        await live.client.post(f"/v1/runs/{one['id']}/cancel")
    await load.count(worker_database)
    await limit(live.partner)  # learns at once what is counted
    assert (await send(live.client, 10)).status == 202


async def test_A13_what_began_after_the_count_is_not_forgotten(live: Cast, worker_database: Database) -> None:
    await limit(live.partner, open_runs=4)
    assert [(await send(live.client, number)).status for number in range(2)] == [202, 202]
    await load.count(worker_database)
    assert (await send(live.client, 2)).status == 202
    await limit(live.partner)  # learns that two were counted; there are three
    assert [(await send(live.client, number)).status for number in range(3, 6)] == [202, 429, 429]


async def test_A13_quotas_of_runs_hold_for_events_that_expressions_judge(live: Cast) -> None:
    document = DOCUMENT.replace("quick", "judged").replace("{type: order}", "{type: maybe, data: '${ .go }'}")
    workflow = (await live.client.post("/v1/workflows", {"document": document})).json["id"]
    assert (await live.client.post("/v1/deployments", {"name": "judged", "workflow": workflow})).status == 201
    await limit(live.partner, open_runs=2)
    # Nobody knows yet whether it begins a run.
    assert (await send(live.client, 1, kind="maybe", go=True)).status == 202
    assert [(await send(live.client, number)).status for number in range(2, 4)] == [202, 202]
    refused = await send(live.client, 4, kind="maybe", go=True)
    assert (refused.status, refused.json["quota"]) == (429, "open-runs")
    assert (await send(live.client, 5, kind="other")).status == 202
    await limit(live.partner, open_runs=None, runs_per_minute=0)
    refused = await send(live.client, 4, kind="maybe", go=True)
    assert (refused.status, refused.json["quota"]) == (429, "runs-per-minute")
    assert 1 <= int(refused.headers["retry-after"]) <= 60


async def test_F_14_what_was_stored_is_answered_again_when_the_day_s_bytes_are_used_up(live: Cast) -> None:
    await limit(live.partner, payload_bytes_per_day=2_000)
    first = await send(live.client, 1, text="x" * 1_500)
    assert (first.status, (await send(live.client, 2, text="x" * 1_500)).status) == (202, 429)
    again = await send(live.client, 1, text="x" * 1_500)
    assert (again.status, again.json) == (202, first.json)
    # Nor is it counted twice.
    await limit(live.partner)
    items = (await live.client.get("/v1/quotas")).json["items"]
    (used,) = [one["used"] for one in items if one["quota"].startswith("pay")]
    assert 1_500 < used < 2_000


async def test_S_90_bytes_that_come_while_processes_exchange_are_counted(live: Cast) -> None:
    await limit(live.partner, payload_bytes_per_day=1_000)
    own, place = quotas_of(live), await place_of(live)
    exchange = asyncio.create_task(own.exchange())
    await asyncio.sleep(0)  # it has asked, and waits for its answer
    own.took(place, 900)
    await exchange
    assert (await send(live.client, 1, text="x" * 200)).status == 429


async def test_S_90_bytes_of_signals_count_for_the_partner_too(live: Cast, operator: Caller) -> None:
    await operator.send("POST", "/v1/partners/north/quotas", {"payload_bytes_per_day": 1_000})
    quotas_of(live).took(await place_of(live), 900)  # of a client that has sent no event so far
    refused = await send(live.rival, 1, text="x" * 200)
    assert (refused.status, refused.json["level"]) == (429, "partner")


async def test_S_90_payload_is_limited_by_the_day(live: Cast) -> None:
    await limit(live.partner, payload_bytes_per_day=2_000)
    assert (await send(live.client, 1, text="x" * 1_500)).status == 202
    refused = await send(live.client, 2, text="x" * 1_500)
    assert (refused.status, refused.json["quota"]) == (429, "payload-bytes-per-day")
    assert 1_500 < refused.json["used"] < 2_000
    assert 1 <= int(refused.headers["retry-after"]) <= 86_400
    assert (await send(live.client, 3)).status == 202
    await limit(live.partner)
    (used,) = [
        one["used"] for one in (await live.client.get("/v1/quotas")).json["items"] if one["quota"].startswith("pay")
    ]
    assert used > 1_500


@pytest.mark.usefixtures("one_minute")
async def test_A13_a_partners_total_holds_and_is_told_to_no_client(live: Cast, operator: Caller) -> None:
    made = await operator.send("POST", "/v1/partners/north/quotas", {"runs_per_minute": 4})
    assert [one["limit"] for one in made.json["items"]] == [4, None, None]
    assert [(await send(live.client, number)).status for number in range(3)] == [202] * 3
    assert (await send(live.rival, 1)).status == 202
    refused = await send(live.rival, 2)
    assert refused.status == 429
    told = refused.json
    assert (told["level"], told["limit"], told["used"]) == ("partner", None, None)
    assert "4" not in told["detail"].split("again")[0]
    # Nor by asking; its partner sees where it comes from.
    assert all(one["limit"] is None for one in (await live.rival.get("/v1/quotas")).json["items"])
    seen = (await live.partner.get(f"{PREFIX}/quotas")).json["items"][0]
    assert (seen["limit"], seen["source"], seen["used"]) == (4, "partner", 3)
    total = (await live.partner.get("/v1/partners/north/quotas")).json["items"][0]
    assert (total["limit"], total["source"], total["used"]) == (4, "partner", 4)


@pytest.mark.usefixtures("one_minute")
async def test_the_tightest_holds_and_no_partner_gives_more_than_it_has(live: Cast, operator: Caller) -> None:
    await operator.send("POST", "/v1/partners/north/quotas", {"runs_per_minute": 10})
    above = await limit(live.partner, runs_per_minute=11)
    assert (above.status, above.problem) == (409, "quota-above-own")
    own = (await limit(live.partner, runs_per_minute=2)).json["items"][0]
    assert (own["limit"], own["soft_limit"], own["source"]) == (2, 2, "environment")
    assert [(await send(live.client, number)).status for number in range(3)] == [202, 202, 429]
    gone = (await limit(live.partner, runs_per_minute=None)).json["items"][0]
    assert (gone["limit"], gone["source"]) == (10, "partner")
    assert (await send(live.client, 3)).status == 202


async def test_S_01_nobody_sets_what_is_not_theirs_to_set(live: Cast, operator: Caller) -> None:
    assert (await live.client.send("POST", f"{PREFIX}/quotas", {"open_runs": 9})).status == 403
    assert (await operator.send("POST", f"{PREFIX}/quotas", {"open_runs": 9})).status == 403
    assert (await live.partner.send("POST", "/v1/partners/north/quotas", {"open_runs": 9})).status == 403
    assert (await live.client.get("/v1/partners/north/quotas")).status == 403
    await operator.post("/v1/partners", {"slug": "south", "name": "South"})
    assert (await live.partner.get("/v1/partners/south/quotas")).status == 404
    assert (await limit(live.partner, runs_per_minute=-1)).status == 422


async def test_people_are_told_before_and_when_a_quota_is_reached(live: Cast, worker_database: Database) -> None:
    await limit(live.partner, open_runs=5)
    for number in range(4):
        await send(live.client, number)
    for _ in range(2):  # once, however often it is looked at
        async with worker_database.doors() as connection:
            await connection.execute("SELECT app.count_loads(0)")
    await send(live.client, 4)
    async with worker_database.doors() as connection:
        await connection.execute("SELECT app.count_loads(0)")
    told = (await live.client.get("/v1/notices")).json["items"]
    assert [one["kind"] for one in told] == ["quota.reached", "quota.near"]
    assert told[1]["data"] == {"quota": "open-runs", "limit": 5, "used": 4}
    audit = (await live.client.get("/v1/audit?action=quota.near")).json["items"]
    assert [one["target"] for one in audit] == ["open-runs"]
    assert (await live.rival.get("/v1/notices")).json["items"] == []


def test_what_is_used_is_nothing_again_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("infra.clock.monotonic", lambda: now)
    standing = Standing("runs-per-minute", 5, 4, level="partner", until=130.0)
    assert standing.present() == 4
    now = 300.0
    assert (standing.present(), standing.until) == (0, 310.0)
