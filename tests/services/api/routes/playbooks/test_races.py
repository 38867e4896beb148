"""Playbooks that are declared or entered while calls are under way: nothing is done beside the system (F-03, F-20)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from infra import ids
from infra.database import Database
from infra.egress import Client
from infra.encryption.key_provider import FileKeyProvider
from infra.settings import Settings
from services.connectors.breakers import SharedBreakers
from services.connectors.builtin import all_connectors
from services.connectors.connections import TenantConnections
from services.connectors.drops import Drops
from services.connectors.function import NAME
from services.connectors.playbook import PlaybookFunction
from services.connectors.registry import Registry
from tenants.connections import opening
from tenants.connections.opening import OpenConnections
from tenants.connections.sealing import Sealer
from tests.patience import PATIENCE
from tests.services.api.routes.conftest import PREFIX
from tests.services.api.routes.playbooks.continuing import CREATE, MANUAL, Shop, abandoned, dies_once

Warm = Callable[[Shop], Awaitable[PlaybookFunction]]


@pytest.fixture
def warm(api_settings: Settings, worker_database: Database, client: Client) -> Warm:
    """The calls of another worker, who has just read the connection."""

    async def make(shop: Shop) -> PlaybookFunction:
        connections = TenantConnections(
            OpenConnections(worker_database, Sealer(FileKeyProvider(api_settings.kek_file)))
        )
        await connections.open(shop.tenant, ids.read("con", shop.erp))
        wiring = (Registry(all_connectors()), connections, client, SharedBreakers(worker_database))
        return PlaybookFunction(*wiring, database=worker_database, drops=Drops(api_settings.drops))

    return make


async def suspended(shop: Shop, run: str) -> None:
    async def is_suspended() -> bool:
        return bool((await shop.person.get(f"/v1/runs/{run}")).json["state"] == "suspended")

    await shop.until(is_suspended)


async def a_minute_later(shop: Shop) -> None:
    """As if the file had been prepared then."""
    async with shop.engine.worker.tenant(shop.tenant) as connection:
        await connection.execute("UPDATE app.entry SET prepared_at = prepared_at - interval '1 minute'")


async def declare(shop: Shop, playbook: dict[str, Any]) -> None:
    answer = await shop.person.send("PATCH", f"/v1/connections/{shop.erp}", {"playbook": playbook})
    assert answer.status == 200, answer.body


async def called_again(shop: Shop, run: str) -> None:
    """A person sets it aside and has it go on, so that its call is made at once."""
    for verb in ("suspend", "resume"):
        answer = await shop.person.post(f"/v1/runs/{run}/{verb}", {})
        assert answer.status < 300, answer.body
    shop.engine.loop.wake()


@pytest.mark.usefixtures("at_once")
async def test_F_20_what_went_out_before_its_way_was_declared_waits_for_the_system(shop: Shop) -> None:
    """In the outage: the system did each of them and died before it answered, and only then people are to do them."""
    await shop.deploy({})
    await shop.simulator.faults(next=["cut-after-accept"] * 3, unavailable=1.0)
    sent = [await shop.order(f"PO-{number}") for number in range(3)]
    for run in sent:
        await shop.waits(run, "connection")
    await declare(shop, MANUAL)
    await shop.enter()
    for run in sent:
        await shop.waits(run, "playbook")
    assert await shop.entries() == []
    late = await shop.order("PO-late")
    await shop.waits(late, "manual")
    await shop.simulator.faults()
    await shop.move("reconcile")
    assert (await shop.move("leave")).status == 200
    for run in [*sent, late]:
        await shop.ended(run)
    assert [await shop.orders(one) for one in ("PO-0", "PO-1", "PO-2", "PO-late")] == [1] * 4


@pytest.mark.usefixtures("at_once")
async def test_F_03_a_call_that_left_no_trace_as_its_worker_died_is_not_done_by_hand(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its way was declared nothing of a keyed call was committed ahead of its answer."""
    await shop.deploy({"operations": {CREATE: {"way": "queue"}}})
    died = dies_once(monkeypatch, "call.answered")
    run = await shop.order("PO-1")
    await asyncio.wait_for(died.wait(), PATIENCE)
    await declare(shop, {"operations": {CREATE: {"way": "file"}}})
    await shop.enter()
    await abandoned(shop)
    await shop.waits(run, "playbook")
    assert (await shop.entries(), shop.files()) == ([], [])
    await shop.move("reconcile")
    assert (await shop.move("leave")).status == 200
    await shop.ended(run)
    assert await shop.orders("PO-1") == 1


@pytest.mark.parametrize("way", ["manual", "file"])
async def test_F_20_as_it_is_first_entered_no_worker_calls_beside_an_entry(
    shop: Shop, warm: Warm, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One worker knows that it is entered, the other not yet; the run goes from the one to the other."""
    await shop.deploy({"operations": {CREATE: {"way": way}}})
    died = dies_once(monkeypatch, "entry.noted")
    other = await warm(shop)
    await shop.enter()
    run = await shop.order("PO-1")

    async def left() -> Any:
        return died.is_set() or any(one["kind"] == "playbook" for one in (await shop.run(run))["waits"])

    await shop.until(left, tending=False)
    shop.engine.functions[NAME] = other
    await (abandoned(shop) if died.is_set() else called_again(shop, run))

    async def done() -> Any:
        told = await shop.run(run)
        return told["state"] == "completed" or any(one["kind"] == "manual" for one in told["waits"])

    await shop.until(done)
    assert await shop.orders("PO-1") + len(await shop.entries()) == 1


async def test_F_20_who_waits_for_a_person_is_not_called_by_a_worker_that_knows_less(
    shop: Shop, warm: Warm, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.deploy(MANUAL)
    other = await warm(shop)
    monkeypatch.setattr(opening, "FRESH_SECONDS", 0.0)  # of the first one; the other has read what it knows
    await shop.enter()
    run = await shop.order("PO-1")
    await shop.waits(run, "manual", tending=False)
    shop.engine.functions[NAME] = other
    await called_again(shop, run)
    await shop.waits(run, "manual")
    assert (await shop.orders("PO-1"), len(await shop.entries())) == (0, 1)


@pytest.mark.usefixtures("at_once")
async def test_row_66_what_was_given_up_goes_to_the_system_when_its_run_is_retried(shop: Shop) -> None:
    """A person gave it up, its run failed; left, and retried, the system does it: no run is lost by it."""
    await shop.deploy(MANUAL)
    await shop.enter()
    run = await shop.order("PO-1")
    await shop.waits(run, "manual")
    assert (await shop.act(await shop.entry("open"), "give-up", words="a wrong address")).status == 200
    assert (await shop.ended(run))["state"] == "faulted"
    kept = await shop.order("PO-2")
    await shop.waits(kept, "manual")
    await shop.by_hand("PO-2")
    assert (await shop.person.post(f"/v1/runs/{run}/retry", {})).status < 300
    await shop.waits(run, "playbook")
    entries = {one["run"]: one for one in await shop.entries()}
    assert [(entries[one]["state"], entries[one]["resolution"]) for one in (run, kept)] == [
        ("queued", "queued"),
        ("answered", None),
    ]
    (audited,) = (await shop.other.get(f"{PREFIX}/audit?action=run.retried")).json["items"]
    assert audited["after"]["entries"] == [entries[run]["id"]]
    await shop.move("reconcile")
    await shop.ended(kept)

    async def looked() -> Any:
        return [one for one in await shop.entries("&open=true") if one["found"]]

    (missing,) = await shop.until(looked)
    decision = {"decision": "posted-by-hand", "version": missing["version"], "reason": "it is there as SO-9"}
    assert (await shop.person.post(f"/v1/entries/{missing['id']}/reconcile", decision)).status == 200
    assert (await shop.move("leave")).status == 200
    assert (await shop.ended(run))["state"] == "completed"
    assert [await shop.orders(one) for one in ("PO-1", "PO-2")] == [1, 0]


@pytest.mark.usefixtures("at_once")
async def test_row_66_a_file_that_got_no_name_is_dropped_and_never_said_to_be_posted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its run would fail although the system had it; dropped, and the run retried, the system does it.

    Nobody drops it while a worker may still be giving it its name: a minute long, and while the run is in its hands.
    """
    await shop.deploy({"operations": {CREATE: {"way": "file"}}})
    await shop.enter()
    died = dies_once(monkeypatch, "drop.prepared")
    run = await shop.order("PO-1")
    await asyncio.wait_for(died.wait(), PATIENCE)
    entry = await shop.entry("prepared")
    await shop.move("reconcile")
    decision = {"decision": "posted-by-hand", "version": entry["version"], "reason": "somebody said so"}
    path = f"/v1/entries/{entry['id']}/reconcile"
    assert (await shop.person.post(path, decision)).problem == "entry-stands"
    drop = decision | {"decision": "drop"}
    assert (await shop.person.post(path, drop)).problem == "entry-stands", "the run is in a worker's hands"
    assert (await shop.person.post(f"/v1/runs/{run}/suspend", {})).status < 300
    await abandoned(shop)
    await suspended(shop, run)
    assert (await shop.person.post(path, drop)).problem == "entry-stands", "a worker that stalls may go on"
    await a_minute_later(shop)
    assert (await shop.person.post(path, drop)).status == 200
    assert (await shop.person.post(f"/v1/runs/{run}/resume", {})).status < 300
    assert (await shop.ended(run))["state"] == "faulted"
    assert (await shop.move("leave")).status == 200
    assert (await shop.person.post(f"/v1/runs/{run}/retry", {})).status < 300
    assert (await shop.ended(run))["state"] == "completed"
    assert (await shop.orders("PO-1"), shop.files()) == (1, [])
