"""Comparing with a system that is back (row 119, F-20): nothing is posted beside itself, nobody waits for others."""

from __future__ import annotations

import asyncio
import shutil
from typing import Any

import pytest

from infra import ids
from infra.embedded.stack import Endpoints, Stack
from infra.ids import TenantId
from services.connectors.reconciling import Reconciler
from services.engine import entries, entry_acts, playbooks
from services.engine.entry_acts import Act
from tests.patience import PATIENCE
from tests.services.api.routes.playbooks.continuing import CREATE, MANUAL, Shop, dies_once, sold
from tests.superuser import connected

pytestmark = pytest.mark.usefixtures("at_once")

_LONG_AGO = "UPDATE app.entry SET posting_at = posting_at - interval '1 hour', look_at = clock_timestamp()"


async def changed(shop: Shop, statement: str, *given: Any) -> None:
    """As time, or another worker, would change the entries."""
    async with shop.engine.worker.tenant(shop.tenant) as connection:
        await connection.execute(statement, *given)


async def the_row(shop: Shop) -> Any:
    async with shop.engine.app.tenant(shop.tenant) as connection:
        return await connection.fetchrow(
            "SELECT *, look_at > clock_timestamp() + interval '1 minute' AS rests FROM app.entry"
        )


async def looked_for(shop: Shop, found: str) -> Any:
    """The one entry, once this was found."""

    async def looked() -> Any:
        return [one for one in await shop.entries("&open=true") if one["found"] and not one["posting"]]

    (entry,) = await shop.until(looked)
    assert entry["found"] == found
    return entry


async def closed(shop: Shop) -> bool:
    return not await shop.entries("&open=true")


async def post_now(shop: Shop, entry: Any) -> None:
    decision = {"decision": "post-now", "version": entry["version"], "reason": "it was written on paper"}
    assert (await shop.person.post(f"/v1/entries/{entry['id']}/reconcile", decision)).status == 200


@pytest.mark.parametrize("mode", ["keyed", "check-then-write", "once-or-ask"])
@pytest.mark.parametrize("point", ["entry.posting", "entry.posted"])
async def test_F_03_reconciling_again_while_an_entry_is_posted_posts_it_once(
    shop: Shop, mode: str, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker dies before or behind the call; late looks, and a second `reconcile`, change nothing of that."""
    await shop.deploy(MANUAL, settings={"orders": mode})
    await shop.enter()
    run = await shop.order("PO-1")
    await shop.by_hand("PO-1")
    await shop.ended(run)
    await shop.move("reconcile")
    entry = await looked_for(shop, "missing")
    worker, tenant = shop.engine.worker, shop.tenant
    seen = await entries.read(worker, tenant, ids.read("ent", entry["id"]))
    assert seen is not None
    died = dies_once(monkeypatch, point)
    await post_now(shop, entry)
    await entries.found(worker, tenant, seen, "missing")
    assert (await the_row(shop))["posting"] == "wanted", "a look that began before the decision"
    await shop.tend()
    await asyncio.wait_for(died.wait(), PATIENCE)
    row = await the_row(shop)
    assert (row["posting"], row["rests"]) == ("sent", True)
    assert await entries.posting(worker, tenant, seen) is None, "who saw it before does not post it"
    await entries.look_again(worker, tenant, seen, "late")
    assert (await shop.move("reconcile")).status == 200
    assert (await the_row(shop))["rests"], "nobody takes it up while the first may be about it"
    if mode != "keyed":
        await changed(shop, "UPDATE app.entry SET look_at = clock_timestamp(), posting_at = clock_timestamp()")

        async def rested() -> Any:
            return "may be about it" in ((await the_row(shop))["found_why"] or "")

        await shop.until(rested)
        assert (await the_row(shop))["posting"] == "sent"
    await changed(shop, _LONG_AGO)
    if mode == "once-or-ask" and point == "entry.posting":
        await post_now(shop, await looked_for(shop, "missing"))
    if mode == "once-or-ask" and point == "entry.posted":
        assert (await looked_for(shop, "different"))["resolution"] is None, "a person is asked"
    else:
        await shop.until(lambda: closed(shop))
    assert (await shop.simulator.state())["orders"] == 1


async def test_row_119_an_answer_that_crosses_the_move_is_looked_for(shop: Shop) -> None:
    """Neither sees the other before it is committed."""
    await shop.deploy(MANUAL)
    await shop.enter()
    await shop.order("PO-1")
    taken = (await shop.act(await shop.entry("open"), "take")).json
    wanted = Act(action="answer", actor=taken["taken_by"], seen=taken["version"], answer=sold("PO-1"))
    async with shop.engine.app.tenant(shop.tenant) as transaction:
        await entry_acts.act(transaction, TenantId(shop.tenant), ids.read("ent", taken["id"]), wanted)
        assert (await shop.move("reconcile")).json["state"] == "reconciling"
    await looked_for(shop, "missing")


async def test_row_119_moves_call_what_waits_a_part_at_a_time(shop: Shop, stack: Stack, endpoints: Endpoints) -> None:
    """However many wait, a move is one row; those with the earliest promise come first, and all of them come."""
    await shop.deploy({})
    await shop.enter()
    runs = [await shop.order(f"PO-{number}") for number in range(3)]
    for run in runs:
        await shop.waits(run, "playbook", tending=False)
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as administrator:
        promise = "UPDATE app.run SET deadline = clock_timestamp() + make_interval(hours => $2) WHERE run_id = $1"
        for run, hours in ((runs[1], 2), (runs[2], 1)):
            await administrator.execute(promise, ids.read("run", run), hours)
    await shop.move("reconcile")
    assert (await shop.move("leave")).status == 200

    async def waiting() -> list[str]:
        async with shop.engine.app.tenant(shop.tenant) as connection:
            found = await connection.fetch(
                "SELECT run_id FROM app.run WHERE due_at > clock_timestamp() + interval '20 seconds' "
                "ORDER BY created_at"
            )
        return [ids.show("run", one["run_id"]) for one in found]

    assert await waiting() == runs
    async with shop.engine.worker.doors() as doors:
        assert await doors.fetchval("SELECT app.spread_playbook(2)") == ids.read("con", shop.erp)
        assert await doors.fetchval("SELECT app.spread_playbook(2)") is None, "and others' come between"
    assert await waiting() == runs[:1], "it promised nothing"
    async with shop.engine.app.tenant(shop.tenant) as connection:
        called = await connection.fetch("SELECT run_id FROM app.run ORDER BY due_at")
    assert [ids.show("run", one["run_id"]) for one in called] == [runs[2], runs[1], runs[0]]
    for run in runs:
        await shop.ended(run)


async def test_A_13_a_system_that_hangs_keeps_no_other_from_being_asked(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.deploy(MANUAL)
    await shop.enter()
    spare = ids.read("con", (await shop.connect("spare", {})).json["id"])
    for number in range(7):
        await shop.waits(await shop.order(f"PO-{number}"), "manual")
    answered = (
        "UPDATE app.entry SET state = 'answered', answered_by = 'x', answered_at = clock_timestamp(), "
        "look_at = clock_timestamp() - interval '1 hour'"
    )
    await changed(shop, answered)
    last = (
        "UPDATE app.entry SET connection_id = $1, look_at = clock_timestamp() "
        "WHERE entry_id = (SELECT e.entry_id FROM app.entry e ORDER BY e.entry_id DESC LIMIT 1)"
    )
    await changed(shop, last, spare)
    erp = ids.read("con", shop.erp)
    looks = await playbooks.tend(shop.engine.worker, 5)
    assert sorted(one.connection == spare for one in looks) == [False] * 4 + [True]
    await changed(shop, "UPDATE app.entry SET look_at = clock_timestamp()")
    looks = await playbooks.tend(shop.engine.worker, 20, [erp] * 3)
    assert sorted(one.connection == spare for one in looks) == [False, True]
    await changed(shop, "UPDATE app.entry SET look_at = clock_timestamp()")
    asked: list[Any] = []

    async def hang(_: Reconciler, look: Any) -> None:
        asked.append(look.connection)
        await asyncio.Event().wait()

    monkeypatch.setattr(Reconciler, "_look", hang)
    for _ in range(2):
        await asyncio.wait_for(shop.reconciler.tend(), PATIENCE)
        await asyncio.sleep(0)
    assert sorted(one == spare for one in asked) == [False] * 4 + [True]


async def test_F_03_a_file_that_is_gone_before_it_has_its_name_is_nobodys_answer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its run waits and says why; it is not given up while a worker may give the file its name."""
    await shop.deploy({"operations": {CREATE: {"way": "file", "answer": sold("PO-1")}}})
    await shop.enter()
    died = dies_once(monkeypatch, "drop.prepared")
    run = await shop.order("PO-1")
    await asyncio.wait_for(died.wait(), PATIENCE)
    await asyncio.sleep(0)
    for folder in shop.drops.glob("ten_*"):
        shutil.rmtree(folder)
    async with shop.engine.app.tenant(shop.tenant) as connection:
        row = await connection.fetchrow("SELECT tenant_id, run_id, fence FROM app.run")
    async with shop.engine.worker.doors() as doors:
        await doors.execute("SELECT app.release_runs($1, $2, $3)", [row["tenant_id"]], [row["run_id"]], [row["fence"]])
    told = await shop.waits(run, "playbook")
    assert "not in the folder of drops" in str(told["waits"])
    entry = await shop.entry("prepared")
    await shop.move("reconcile")
    decision = {"decision": "drop", "version": entry["version"], "reason": "nobody has it"}
    path = f"/v1/entries/{entry['id']}/reconcile"
    assert (await shop.person.post(path, decision)).problem == "entry-stands"
    await changed(shop, "UPDATE app.entry SET prepared_at = prepared_at - interval '1 hour'")
    decided = await shop.person.post(path, decision)
    assert (decided.status, decided.json["resolution"], shop.files()) == (200, "dropped", [])


async def test_S_05_lists_of_entries_hold_no_values_and_words_are_for_who_sees_them_whole(shop: Shop) -> None:
    await shop.deploy(MANUAL)
    await shop.enter()
    await shop.order("PO-1")
    taken = (await shop.act(await shop.entry("open"), "take")).json
    answered = await shop.act(taken, "answer", answer=sold("PO-1"), words="canary-by-phone")
    path = f"/v1/entries/{answered.json['id']}"
    assert (answered.json["note"], answered.json["answer"]["number"]) == ("canary-by-phone", "SO-BY-HAND")
    (listed,) = await shop.entries()
    assert (listed["request"], listed["answer"], listed["found_answer"]) == (None, None, None)
    assert listed["note"] == "canary-by-phone"
    for permissions in (["runs:read", "payloads:masked"], ["runs:read"]):
        key = await shop.person.post("/v1/keys", {"name": "reader", "permissions": permissions})
        assert key.status == 201, key.body
        reader = shop.person.having(key.json["key"])
        one, many = await reader.get(path), await reader.get("/v1/entries")
        assert (one.status, many.status) == (200, 200)
        assert b"canary" not in one.body + many.body
        assert one.json["note"] is None
