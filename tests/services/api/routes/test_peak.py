"""Peak mode: work is taken by customer class, ship date and cut-off, and what waits is seen (ADR 0033)."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from infra import clock, ids
from infra.database import Database
from infra.ids import TenantId
from services.engine.claims import Claims
from tests.asgi import Caller
from tests.services.api.routes.conftest import Cast

WORKFLOW = """
document:
  dsl: '1.0.3'
  namespace: tests
  name: shipping
  version: 1.0.0
  metadata:
    keys:
      search: {shipDate: '${ .[0].data.ship }', cutOff: '${ .[0].data.cut }'}
      value: {amount: '${ .[0].data.amount }', currency: '${ .[0].data.currency }'}
      deadline: ${ .[0].data.promise }
      customerClass: ${ .[0].data.class }
schedule: {on: {one: {with: {type: order}}}}
do:
  - first: {set: {done: true}}
"""
RULE = {"customer_classes": ["gold", "silver"], "ship_date_key": "shipDate", "cut_off_key": "cutOff"}


class Dock:
    """A client whose orders wait, and the worker that would take them."""

    def __init__(self, client: Caller, worker: Database) -> None:
        self.client = client
        self.worker = worker
        self.sent = 0
        self.names: dict[str, str] = {}

    async def go_live(self) -> None:
        workflow = (await self.client.post("/v1/workflows", {"document": WORKFLOW})).json["id"]
        made = await self.client.post("/v1/deployments", {"name": "shipping", "workflow": workflow})
        assert made.status == 201, made.json

    async def order(self, name: str, **data: Any) -> None:
        """One order; `name` is what the tests call its run."""
        self.sent += 1
        event = {"specversion": "1.0", "id": str(self.sent), "source": "/shop", "type": "order", "subject": name}
        taken = await self.client.post(
            "/v1/events", {**event, "data": data}, headers={"content-type": "application/cloudevents+json"}
        )
        self.names[taken.json["runs"][0]] = name

    async def rule(self, **rule: Any) -> dict[str, Any]:
        answer = await self.client.send("PUT", "/v1/peak", {**RULE, **rule})
        assert answer.status == 200, answer.json
        return dict(answer.json)

    async def sweep(self, head: int = 5_000) -> int:
        async with self.worker.doors() as connection:
            moved = 0
            while (one := await connection.fetchval("SELECT app.deal_peak($1)", head)) is not None:
                moved += one
            return moved

    async def seen(self) -> dict[str, Any]:
        return dict((await self.client.get("/v1/peak")).json)

    async def claim(self, count: int) -> list[str]:
        claims = Claims(self.worker, "w", 60)
        found: list[UUID] = []
        for _ in range(count):
            found += [one.run_id for one in await claims.take(1)]
        return [self.names.get(ids.show("run", one), "another's") for one in found]


@pytest.fixture
async def dock(cast: Cast, worker_database: Database) -> Dock:
    dock = Dock(cast.client, worker_database)
    await dock.go_live()
    return dock


async def test_work_is_taken_by_class_ship_date_cut_off_and_promise(dock: Dock) -> None:
    await dock.order("plain")
    await dock.order("silver", **{"class": "silver"})
    await dock.order("late gold", ship="2026-12-03", **{"class": "gold"})
    await dock.order("noon gold", ship="2026-12-02", cut="2026-12-02T12:00:00Z", **{"class": "gold"})
    await dock.order("early gold", ship="2026-12-02", cut="2026-12-02T09:00:00+01:00", **{"class": "gold"})
    await dock.order("promised", promise="2026-12-01", **{"class": "bronze"})
    assert (await dock.rule(mode="on"))["on"]
    await dock.sweep()
    expected = ["early gold", "noon gold", "late gold", "silver", "promised", "plain"]
    assert [one["business_key"] for one in (await dock.seen())["next"]] == expected
    assert await dock.claim(6) == expected


async def test_A13_dealing_gives_no_other_tenant_s_place_away(cast: Cast, dock: Dock) -> None:
    rival = Dock(cast.rival, dock.worker)
    await rival.go_live()
    for number in range(6):
        await dock.order(f"o{number}", **{"class": "gold" if number % 2 else "tin"})
        await rival.order(f"r{number}")
    places = await turns(dock, cast)
    await dock.rule(mode="on")
    assert await dock.sweep() == 6
    assert await turns(dock, cast) == places
    order = await dock.claim(12)
    assert [one for one in order if one != "another's"] == ["o1", "o3", "o5", "o0", "o2", "o4"]
    # Of two who have the same turn the older goes first.
    assert all(order[n : n + 2].count("another's") == 1 for n in range(0, 12, 2))


async def turns(dock: Dock, cast: Cast) -> list[tuple[float, bool]]:
    """Every place in line, and whether it is the client's."""
    found: list[tuple[float, bool]] = []
    for slug in ("acme", "rival"):
        async with dock.worker.tenant(await tenant_of(cast, slug)) as connection:
            rows = await connection.fetch("SELECT turn FROM app.run WHERE lane = 0")
        found += [(row["turn"], slug == "acme") for row in rows]
    return sorted(found)


async def test_who_comes_behind_a_long_line_is_seen_and_nothing_is_dealt_when_nothing_came(dock: Dock) -> None:
    await dock.rule(mode="on")
    for number in range(8):
        await dock.order(f"tin {number}")
    await dock.sweep(head=3)
    assert await dock.sweep(head=3) == 0
    await dock.order("gold", **{"class": "gold"})
    await settle(dock)
    await dock.sweep(head=3)
    assert await dock.claim(2) == ["gold", "tin 0"]


async def settle(dock: Dock) -> None:
    """A second later, without waiting for it: to set the rule anew has a worker look at once."""
    rule = (await dock.seen())["rule"]
    await dock.client.send("PUT", "/v1/peak", rule)


async def test_what_waits_is_seen_by_class_and_date_with_value_and_what_is_missed(dock: Dock) -> None:
    soon = (clock.now() + dt.timedelta(days=3)).isoformat()
    past = (clock.now() - dt.timedelta(minutes=5)).isoformat()
    await dock.order("a", ship="2026-12-02", cut=soon, amount=100, currency="USD", **{"class": "gold"})
    await dock.order("b", ship="2026-12-02", cut=soon, amount=250, currency="USD", **{"class": "gold"})
    await dock.order("c", ship="2026-12-01", cut=past, amount=70, currency="EUR", **{"class": "tin"})
    await dock.order("d", cut="no date")
    seen = await dock.rule(mode="off")
    assert (seen["on"], seen["since"], seen["whole"]) == (False, None, True)
    assert seen["in_line"] == {
        "runs": 4,
        "value": [{"amount": 70, "currency": "EUR"}, {"amount": 350, "currency": "USD"}],
    }
    gold, tin, other = seen["groups"]
    assert (gold["customer_class"], gold["ship_date"], gold["runs"], gold["late"]) == ("gold", "2026-12-02", 2, 0)
    assert gold["value"] == [{"amount": 350, "currency": "USD"}]
    assert (tin["late"], other["cut_off"], other["late"]) == (1, "no date", 0)
    assert [one["business_key"] for one in seen["misses"]] == ["c"]
    assert seen["late"] == {"runs": 1, "value": [{"amount": 70, "currency": "EUR"}]}


async def test_a_peak_begins_and_ends_by_itself_and_people_are_told(dock: Dock) -> None:
    await dock.rule(mode="auto", from_runs=4)
    for number in range(4):
        await dock.order(f"o{number}", **{"class": "gold" if number == 3 else "tin"})
    await dock.sweep()
    assert (await dock.seen())["on"]
    assert await dock.claim(3) == ["o3", "o0", "o1"]
    await settle(dock)
    await dock.sweep()
    assert not (await dock.seen())["on"]
    told = (await dock.client.get("/v1/notices")).json["items"]
    assert [(one["kind"], one["data"]) for one in told] == [
        ("peak.ended", {"in_line": 1}),
        ("peak.began", {"in_line": 4}),
    ]
    audit = (await dock.client.get("/v1/audit?target=peak")).json["items"]
    assert [one["action"] for one in audit] == ["peak.ended", "peak.set", "peak.began", "peak.set"]


async def test_F_23_places_that_are_dealt_while_workers_claim_lose_and_double_no_run(dock: Dock) -> None:
    for number in range(60):
        await dock.order(f"o{number}", **{"class": "gold" if number % 3 else "silver"})
    await dock.rule(mode="on")
    claims = Claims(dock.worker, "w", 60)
    taken: list[UUID] = []

    async def claim() -> None:
        while found := await claims.take(4):
            taken.extend(one.run_id for one in found)

    async def deal() -> None:
        for turn in range(12):
            await dock.rule(mode="on", customer_classes=["gold", "silver"][:: 1 if turn % 2 else -1])
            await dock.sweep()

    await asyncio.gather(claim(), claim(), deal())
    await claim()
    assert len(taken) == len(set(taken)) == 60
    assert (await dock.seen())["in_line"]["runs"] == 0


async def test_A13_the_head_of_a_line_is_left_to_the_claims_while_places_are_dealt(dock: Dock) -> None:
    for number in range(40):
        await dock.order(f"o{number}", **{"class": "gold" if number == 39 else "tin"})
    await dock.rule(mode="on")
    async with dock.worker.doors() as connection, connection.transaction():
        assert await connection.fetchval("SELECT app.deal_peak(5000)") == 36
        assert await dock.claim(4) == ["o0", "o1", "o2", "o3"]
    assert await dock.claim(1) == ["o39"]


async def test_A13_a_run_in_other_hands_keeps_its_place_and_no_place_is_given_twice(cast: Cast, dock: Dock) -> None:
    for number in range(9):
        await dock.order(f"o{number}", **{"class": "gold" if number % 2 else "tin"})
    places = await turns(dock, cast)
    await dock.rule(mode="on")
    async with dock.worker.doors() as connection:
        claim = connection.transaction()
        await claim.start()
        run = await connection.fetchval("SELECT run_id FROM app.claim_runs('w', 1, 60, false, 1000)")
        assert dock.names[ids.show("run", run)] == "o0"
        assert await dock.sweep() > 0
        await claim.rollback()
    assert await turns(dock, cast) == places
    assert await dock.claim(9) == ["o0", "o1", "o3", "o5", "o7", "o2", "o4", "o6", "o8"]


async def test_A13_each_peak_is_dealt_in_a_commit_of_its_own_and_rests_after_it(cast: Cast, dock: Dock) -> None:
    rival = Dock(cast.rival, dock.worker)
    await rival.go_live()
    for one in (dock, rival):
        await one.rule(mode="on")
        for number in range(3):
            await one.order(f"o{number}", **{"class": "gold" if number == 2 else "tin"})
    async with dock.worker.doors() as connection:
        dealt = [await connection.fetchval("SELECT app.deal_peak(5000)") for _ in range(3)]
        assert dealt == [3, 3, None]
        for slug in ("acme", "rival"):
            tenant = await tenant_of(cast, slug)
            assert await rests(dock, tenant)


async def rests(dock: Dock, tenant: TenantId) -> bool:
    """Ten times as long as it took, as the owner of the rule would read it."""
    app: Database = dock.client.app.app.state.resources.database
    async with app.tenant(tenant) as connection:
        return bool(await connection.fetchval("SELECT rests_until > dealt_at FROM app.peak"))


async def tenant_of(cast: Cast, slug: str) -> TenantId:
    tenants = (await cast.partner.get(f"/v1/clients/{slug}")).json["tenants"]
    (tenant,) = [ids.read("ten", one["id"]) for one in tenants if one["environment"] == "live"]
    return TenantId(tenant)


async def test_S_01_a_rival_sees_and_sets_nothing_of_it(cast: Cast, dock: Dock) -> None:
    await dock.order("a")
    await dock.rule(mode="on")
    rivals = (await cast.rival.get("/v1/peak")).json
    assert (rivals["on"], rivals["in_line"]["runs"], rivals["rule"]["mode"]) == (False, 0, "off")
    assert (await cast.rival.get("/v1/clients/acme/live/peak")).status == 404
    for wrong in ({"mode": "maybe"}, {"mode": "on", "from_runs": 0}, {"mode": "on", "cut_off_key": ""}):
        assert (await cast.client.send("PUT", "/v1/peak", wrong)).status == 422
