"""Continuity playbooks (rows 66 and 119, F-20): entered, by hand or by file, reconciled, left; nothing twice (F-03)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from infra import clock
from services.connectors.breakers import IN_A_ROW
from services.engine.world import check_world
from tests.patience import PATIENCE
from tests.services.api.routes.conftest import PREFIX
from tests.services.api.routes.playbooks.continuing import CREATE, MANUAL, Shop, abandoned, dies_once, sold

pytestmark = pytest.mark.usefixtures("at_once")

FILE: dict[str, Any] = {"operations": {CREATE: {"way": "file"}}}


async def test_row_119_by_hand_and_once_until_every_entry_is_reconciled(shop: Shop) -> None:
    """F-20: two people, wrong answers, a ledger that knows who did it, and a playbook that is not left too early."""
    await shop.deploy(MANUAL)
    await shop.enter()
    run = await shop.order("PO-1")
    await shop.waits(run, "manual")
    (parked,) = (await shop.person.get("/v1/exceptions?category=parked")).json["items"]
    assert (parked["run"], parked["cause"]) == (run, "manual")
    entry = await shop.entry("open")
    assert (entry["run"], entry["operation"], entry["request"]["reference"]) == (run, CREATE, "PO-1")
    assert "number" in entry["schema"]["required"]
    assert (await shop.rival.get(f"/v1/entries/{entry['id']}")).status == 404
    assert (await shop.act(entry, "answer", answer=sold("PO-1"))).problem == "entry-stands", "take it first"
    taken = await shop.act(entry, "take")
    assert (taken.json["state"], (await shop.act(entry, "take", shop.other)).problem) == ("taken", "entry-changed")
    wrong = await shop.act(taken.json, "answer", answer={"number": 7})
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/answer")
    assert (await shop.act(taken.json, "answer", shop.other, answer=sold("PO-1"))).problem == "entry-stands"
    answered = await shop.act(taken.json, "answer", answer=sold("PO-1"), words="by phone")
    assert (answered.json["state"], answered.json["note"]) == ("answered", "by phone")
    assert (await shop.ended(run))["output"]["number"] == "SO-BY-HAND"
    assert (await shop.person.get("/v1/exceptions")).json["items"] == []
    (effect,) = (await shop.person.get(f"/v1/runs/{run}/effects")).json["items"]
    assert (effect["status"], effect["settled_by"]) == ("confirmed", answered.json["answered_by"])
    assert await shop.orders("PO-1") == 0
    early = await shop.move("leave")
    assert (early.status, early.problem) == (409, "playbook-stands")
    await shop.move("reconcile")
    early = await shop.move("leave")
    assert (early.problem, "1 entries" in early.json["detail"]) == ("entries-open", True)

    async def looked() -> Any:
        return [one for one in await shop.entries("&open=true") if one["found"]]

    (missing,) = await shop.until(looked)
    assert missing["found"] == "missing"
    decision = {"decision": "post-now", "version": missing["version"], "reason": "it was written on paper"}
    assert (await shop.person.post(f"/v1/entries/{missing['id']}/reconcile", decision)).status == 200

    async def closed() -> Any:
        return not await shop.entries("&open=true")

    await shop.until(closed)
    (entry,) = await shop.entries()
    assert (entry["resolution"], await shop.orders("PO-1")) == ("posted", 1)
    assert (await shop.move("leave")).json["state"] == "normal"
    assert (await shop.ended(await shop.order("PO-2")))["output"]["number"] != "SO-BY-HAND"
    assert await shop.orders("PO-2") == 1
    told = [one["kind"] for one in (await shop.person.get("/v1/notices")).json["items"]]
    assert told == ["playbook.left", "playbook.reconciling", "playbook.entered"]
    audited = {one["action"] for one in (await shop.other.get(f"{PREFIX}/audit")).json["items"]}
    assert await check_world(shop.engine.worker, clock.now() - timedelta(hours=1), 30) == []
    assert {"playbook.entered", "playbook.left", "entry.taken", "entry.answered", "entry.reconciled"} <= audited


async def test_row_119_what_is_found_the_same_needs_nobody_and_what_differs_somebody(shop: Shop) -> None:
    await shop.deploy(MANUAL)
    await shop.enter()
    numbers = []
    for reference in ("PO-1", "PO-2"):
        order: dict[str, Any] = {"customer": "ACME-001", "currency": "USD", "reference": reference}
        order |= {"lines": [{"item": "SKU-1", "quantity": "10", "unit_price": 1299}]}
        headers = {"Idempotency-Key": f"by-hand-{reference}", "Content-Type": "application/json"}
        numbers.append((await shop.simulator.send("POST", "/orders", order, **headers))[1]["number"])
        run = await shop.order(reference)
        await shop.by_hand(reference, numbers[-1] if reference == "PO-1" else "SO-WRONG")
        await shop.ended(run)
    idle = await shop.order("PO-3")
    await shop.waits(idle, "manual")
    await shop.move("reconcile")
    await shop.waits(idle, "playbook")

    async def looked() -> Any:
        listed = [one["id"] for one in await shop.entries() if one["found"]]
        found = [(await shop.person.get(f"/v1/entries/{one}")).json for one in listed]
        return {one["request"]["reference"]: one for one in found} if len(found) == 2 else None

    found = await shop.until(looked)
    assert (found["PO-1"]["resolution"], found["PO-2"]["resolution"]) == ("same", None)
    assert (found["PO-2"]["found"], found["PO-2"]["found_answer"]["number"]) == ("different", numbers[1])
    path = f"/v1/entries/{found['PO-2']['id']}/reconcile"
    seen = {"version": found["PO-2"]["version"], "reason": "a typing mistake"}
    assert (await shop.person.post(path, seen | {"decision": "post-now"})).problem == "entry-stands"
    assert (await shop.person.post(path, seen | {"decision": "posted-by-hand"})).status == 200
    assert (await shop.move("leave")).json["open"] == 0
    await shop.ended(idle)
    assert [await shop.orders(one) for one in ("PO-1", "PO-2", "PO-3")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("point", "way"),
    [("entry.noted", "manual"), ("drop.written", "file"), ("drop.prepared", "file"), ("drop.placed", "file")],
)
async def test_F_03_a_worker_that_dies_between_the_entry_and_its_checkpoint(
    shop: Shop, point: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One entry, one file, one result: whoever takes the run up goes on with the entry where it stands."""
    await shop.deploy({"operations": {CREATE: {"way": way}}})
    await shop.enter()
    died = dies_once(monkeypatch, point)
    run = await shop.order("PO-1")
    await asyncio.wait_for(died.wait(), PATIENCE)
    await abandoned(shop)
    await shop.waits(run, "manual")
    (entry,) = await shop.entries()
    assert entry["state"] == "open"
    if way == "file":
        (file,) = shop.files()
        dropped = msgspec.json.decode(file.read_bytes())
        assert (dropped["key"], dropped["input"]["reference"], dropped["run"]) == (entry["effect"], "PO-1", run)
        assert file.name == f"{entry['effect']}.json"
        file.unlink()
        await shop.act(entry, "answer", answer=sold("PO-1"))
    else:
        await shop.by_hand("PO-1")
    assert (await shop.ended(run))["output"]["number"] == "SO-BY-HAND"
    assert (shop.files(), await shop.orders("PO-1"), len(await shop.entries())) == ([], 0, 1)


async def test_F_20_another_address_of_the_same_system_takes_keyed_writes(shop: Shop) -> None:
    spare = await shop.connect("spare", {})
    ways = {"operations": {CREATE: {"way": "connection"}}, "same_system": True}
    gone = {"base_url": "http://127.0.0.1:9"}
    await shop.deploy(ways, fallback=spare.json["id"], settings=gone)
    await shop.enter()
    run = await shop.order("PO-1")
    assert (await shop.ended(run))["output"]["state"] == "confirmed"
    (entry,) = await shop.entries("&open=true")
    assert (entry["way"], entry["state"], entry["answered_by"]) == ("connection", "answered", "fallback")
    settings = {"base_url": shop.simulator.url, "timeout_seconds": 1, "allow_http": True}
    await shop.person.send(
        "PATCH", f"/v1/connections/{shop.erp}", {"settings": settings, "secrets": {"token": "canary-simulator-token"}}
    )
    await shop.move("reconcile")

    async def closed() -> Any:
        return not await shop.entries("&open=true")

    await shop.until(closed)
    assert (await shop.entries())[0]["resolution"] == "same"
    assert ((await shop.move("leave")).json["state"], await shop.orders("PO-1")) == ("normal", 1)


async def test_F_20_it_is_entered_by_itself_and_holds_while_the_system_flickers(shop: Shop) -> None:
    """Runs that waited for the connection take the fallback; what may have reached the system waits for it (F-03)."""
    await shop.deploy(MANUAL | {"enters_after_minutes": 0})
    await shop.simulator.faults(next=["cut-after-accept"], unavailable=1.0)
    sent = [await shop.order(f"PO-{number}") for number in range(IN_A_ROW + 1)]

    async def away() -> Any:
        return (await shop.person.get(f"/v1/connections/{shop.erp}/outage")).json["outage"]

    await shop.until(away, tending=False)
    between = await shop.order("PO-between")
    await shop.waits(between, "connection", tending=False)
    await shop.waits(between, "manual")
    playbook = (await shop.person.get(f"/v1/connections/{shop.erp}/playbook")).json
    assert (playbook["state"], playbook["entered_by"]) == ("entered", "engine")
    await shop.simulator.faults()
    late = await shop.order("PO-late")
    await shop.waits(late, "manual")
    given = {one["run"] for one in await shop.entries()}
    # One of those that came together may have stood behind the breaker.
    assert given - set(sent[1:]) == {between, late}
    assert len(given) <= 3
    await shop.move("reconcile")
    assert (await shop.move("leave")).status == 200
    for run in [*sent, between, late]:
        await shop.ended(run)
    references = [*(f"PO-{number}" for number in range(IN_A_ROW + 1)), "PO-between", "PO-late"]
    assert [await shop.orders(one) for one in references] == [1] * len(references)


async def test_row_66_a_file_with_a_declared_answer_and_what_is_given_back_or_up(shop: Shop) -> None:
    """The run goes on with what is declared; what is given back waits for the system, what is given up fails."""
    declared = sold("PO-1", "in a file")
    await shop.deploy({"operations": {CREATE: {"way": "file", "answer": declared}}})
    await shop.enter()
    run = await shop.order("PO-1")
    assert (await shop.ended(run))["output"] == declared
    (file,) = shop.files()
    assert msgspec.json.decode(file.read_bytes())["input"]["reference"] == "PO-1"
    await shop.person.send("PATCH", f"/v1/connections/{shop.erp}", {"playbook": MANUAL})
    back = await shop.order("PO-2")
    await shop.waits(back, "manual")
    entry = await shop.entry("open")
    assert (await shop.act(entry, "give-up")).status == 422, "it says why"
    assert (await shop.act(entry, "queue")).json["resolution"] == "queued"
    await shop.waits(back, "playbook")
    over = await shop.order("PO-3")
    await shop.waits(over, "manual")
    assert (await shop.act(await shop.entry("open"), "give-up", words="the customer called")).status == 200
    assert "the customer called" in (await shop.ended(over))["error"]["detail"]
    gone = await shop.order("PO-4")
    await shop.waits(gone, "manual")
    await shop.person.post(f"/v1/runs/{gone}/cancel", {})
    assert (await shop.act(await shop.entry("open"), "take")).problem == "entry-stands", "nobody waits for it"
    await shop.move("reconcile")

    async def looked() -> Any:
        return [one for one in await shop.entries("&open=true") if one["found"]]

    (missing,) = await shop.until(looked)
    decision = {"decision": "drop", "version": missing["version"], "reason": "the file was entered elsewhere"}
    assert (await shop.person.post(f"/v1/entries/{missing['id']}/reconcile", decision)).status == 200
    assert (await shop.move("leave")).status == 200
    await shop.ended(back)
    assert [await shop.orders(one) for one in ("PO-1", "PO-2", "PO-3")] == [0, 1, 0]
    assert shop.files() == [file]


async def test_row_66_a_declaration_that_an_operation_does_not_allow_is_refused(shop: Shop) -> None:
    credit, nothing = "erp.customers.credit", "erp.nothing"
    refused: list[tuple[dict[str, Any], str]] = [
        ({"operations": {nothing: {"way": "queue"}}}, f"/playbook/operations/{nothing}"),
        ({"operations": {credit: {"way": "file"}}}, f"/playbook/operations/{credit}/way"),
        ({"operations": {CREATE: {"way": "connection"}}}, f"/playbook/operations/{CREATE}/way"),
        ({"operations": {CREATE: {"way": "manual", "answer": {}}}}, f"/playbook/operations/{CREATE}/answer"),
        ({"operations": {CREATE: {"way": "file", "answer": {"number": 1}}}}, f"/playbook/operations/{CREATE}/answer"),
        ({"same_system": True}, "/playbook/same_system"),
    ]
    for playbook, pointer in refused:
        answer = await shop.connect("erp", playbook)
        assert (answer.status, answer.problem) == (422, "invalid-connection")
        assert answer.json["errors"][0]["pointer"].startswith(pointer), answer.json
    made = await shop.connect("erp", {"operations": {CREATE: {"way": "file", "answer": sold("x")}}})
    path = f"/v1/connections/{made.json['id']}"
    assert made.json["playbook"]["operations"][CREATE]["way"] == "file"
    swapped = await shop.person.send(
        "PATCH", path, {"connector": "http", "settings": {"base_url": "https://a.example"}}
    )
    assert swapped.json["errors"][0]["pointer"].startswith("/playbook/operations")
    for verb in ("reconcile", "leave"):
        answer = await shop.person.post(f"{path}/playbook/{verb}", {})
        assert answer.status == (409 if verb == "reconcile" else 200)
    assert (await shop.rival.get(f"{path}/playbook")).status == 404
