"""Large requests and answers of entries are values of their run: stored once, read whole, never guessed (F-26)."""

from __future__ import annotations

from typing import Any

import pytest

from infra import ids
from infra.embedded.stack import Endpoints, Stack
from services.connectors import playbook
from services.engine import entries
from services.engine.payloads import LARGE
from tests.services.api.routes.playbooks.continuing import MANUAL, Shop
from tests.superuser import connected

pytestmark = pytest.mark.usefixtures("at_once")

WORDS = "gift wrap, " * 4_000
NUMBER = "SO-" + "7" * 40_000
_SIZES = (
    "SELECT octet_length(request::text) AS request, octet_length(answer::text) AS answer, "
    "octet_length(found_answer::text) AS found_answer FROM app.entry"
)


async def rows(shop: Shop, query: str) -> list[Any]:
    async with shop.engine.app.tenant(shop.tenant) as connection:
        return list(await connection.fetch(query))


async def read(shop: Shop, which: str = "") -> Any:
    """The one entry, read alone."""
    (listed,) = await shop.entries(which)
    return (await shop.person.get(f"/v1/entries/{listed['id']}")).json


async def looked_for(shop: Shop) -> Any:
    async def looked() -> Any:
        return [one for one in await shop.entries("&open=true") if one["found"]]

    await shop.until(looked)
    return await read(shop)


async def test_a_large_request_and_answer_are_stored_once_and_read_whole(shop: Shop) -> None:
    """By who does it, by the run that goes on, and by the reconciler that compares it and has it posted."""
    assert min(len(WORDS), len(NUMBER)) > LARGE
    await shop.deploy(MANUAL)
    await shop.enter()
    run = await shop.order("PO-1", WORDS)
    entry = await shop.entry("open")
    assert (entry["request"]["lines"][0]["description"], entry["unreadable"]) == (WORDS, None)
    assert [one["size"] for one in await rows(shop, "SELECT size FROM app.payload")] == [len(WORDS) + 2], "of its run"
    answered = await shop.by_hand("PO-1", NUMBER)
    assert answered["answer"]["number"] == NUMBER
    (sizes,) = await rows(shop, _SIZES)
    assert max(sizes["request"], sizes["answer"]) < LARGE
    assert (await shop.ended(run))["output"]["number"] == NUMBER
    assert len(await rows(shop, "SELECT FROM app.payload")) == 2, "the run's output is what was answered"
    await shop.move("reconcile")
    missing = await looked_for(shop)
    assert (missing["found"], missing["answer"]["number"]) == ("missing", NUMBER)
    decision = {"decision": "post-now", "version": missing["version"], "reason": "it was written on paper"}
    assert (await shop.person.post(f"/v1/entries/{missing['id']}/reconcile", decision)).status == 200

    async def closed() -> Any:
        return not await shop.entries("&open=true")

    await shop.until(closed)
    posted = await read(shop)
    assert (posted["resolution"], await shop.orders("PO-1")) == ("posted", 1)
    assert posted["request"] == missing["request"]


async def test_what_was_found_is_stored_with_the_change_that_tells_it_and_with_no_other(shop: Shop) -> None:
    await shop.deploy(MANUAL)
    await shop.enter()
    await shop.order("PO-1")
    entry = ids.read("ent", (await shop.entry("open"))["id"])
    await shop.by_hand("PO-1")
    worker, tenant = shop.engine.worker, shop.tenant
    seen = await entries.read(worker, tenant, entry)
    assert seen is not None
    await entries.found(worker, tenant, seen, "different", answer={"number": NUMBER})
    (sizes,) = await rows(shop, _SIZES)
    assert sizes["found_answer"] < LARGE
    assert (await read(shop))["found_answer"] == {"number": NUMBER}
    await entries.found(worker, tenant, seen, "different", answer={"number": NUMBER + "8"})
    assert len(await rows(shop, "SELECT FROM app.payload")) == 1, "it was seen before: nothing is stored of it"
    now = await entries.read(worker, tenant, entry)
    assert now is not None
    await entries.posted(worker, tenant, now, {"number": NUMBER + "9"})
    assert (await read(shop))["found_answer"] == {"number": NUMBER + "9"}


async def test_F_26_an_answer_that_is_lost_is_waited_for_and_else_a_persons(
    shop: Shop, stack: Stack, endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is made up for it, and the system's own call is not made beside it; put back, its run goes on."""
    monkeypatch.setattr(playbook, "_FILE_SECONDS", 0.1)
    database = endpoints.database_url.rpartition("/")[2]
    await shop.deploy(MANUAL)
    await shop.enter()
    run = await shop.order("PO-1")
    await shop.by_hand("PO-1", NUMBER)
    async with connected(stack, database) as administrator:
        await administrator.execute("CREATE TEMPORARY TABLE aside AS SELECT * FROM app.payload")
        await administrator.execute("DELETE FROM app.payload")
        told = await shop.waits(run, "playbook")
        assert "the values of its entry cannot be read: the stored value" in str(told["waits"])
        entry = await read(shop)
        assert (entry["answer"], entry["request"], entry["state"]) == (None, None, "answered")
        assert entry["unreadable"].endswith("is missing")
        await administrator.execute("INSERT INTO app.payload SELECT * FROM aside")
        assert (await shop.ended(run))["output"]["number"] == NUMBER
        await administrator.execute("DELETE FROM app.payload")
    await shop.move("reconcile")
    lost = await looked_for(shop)
    assert lost["found"] == "cannot-tell"
    assert lost["found_why"] == lost["unreadable"]
    decision = {"decision": "posted-by-hand", "version": lost["version"], "reason": "I looked it up"}
    decided = await shop.person.post(f"/v1/entries/{lost['id']}/reconcile", decision)
    assert (decided.status, decided.json["resolution"]) == (200, "posted-by-hand")
    assert ((await shop.move("leave")).status, await shop.orders("PO-1")) == (200, 0)
