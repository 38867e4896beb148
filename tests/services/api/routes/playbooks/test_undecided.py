"""What reconciliation finds missing, different or cannot tell is an exception until it is decided (row 119, F-03)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from infra import clock, ids
from infra.embedded.stack import Endpoints, Stack
from services.engine import entries
from services.engine.world import check_world
from tests.services.api.routes.playbooks.continuing import CREATE, MANUAL, Shop
from tests.superuser import connected

pytestmark = pytest.mark.usefixtures("at_once")

FOUND = {"missing": "does not have it", "different": "has it differently", "cannot-tell": "nobody can tell"}


async def open_exceptions(shop: Shop, only: str = "") -> list[Any]:
    return list((await shop.person.get(f"/v1/exceptions?category=uncertain{only}")).json["items"])


async def exception(shop: Shop) -> Any:
    async def look() -> Any:
        return await open_exceptions(shop)

    (found,) = await shop.until(look)
    return found


async def broken(shop: Shop) -> list[str]:
    since = clock.now() - timedelta(hours=1)
    return [one.words for one in await check_world(shop.engine.worker, since, 30)]


async def reconciled(shop: Shop, found: str = "missing") -> Any:
    """Done by hand, and not as the system has it; its exception."""
    await shop.deploy(MANUAL)
    await shop.enter()
    run = await shop.order("PO-1")
    if found == "different":
        order = {"customer": "ACME-001", "currency": "USD", "reference": "PO-1"}
        lines = [{"item": "SKU-1", "quantity": "10", "unit_price": 1299}]
        headers = {"Idempotency-Key": "by-hand", "Content-Type": "application/json"}
        await shop.simulator.send("POST", "/orders", {**order, "lines": lines}, **headers)
    await shop.by_hand("PO-1")
    await shop.ended(run)
    async with shop.engine.worker.tenant(shop.tenant) as connection:
        await connection.execute(
            "UPDATE app.entry SET value_amount = 12990, value_currency = 'USD', deadline = '2030-01-01T00:00:00Z'"
        )
    if found == "cannot-tell":
        (listed,) = await shop.entries()
        seen = await entries.read(shop.engine.worker, shop.tenant, ids.read("ent", listed["id"]))
        assert seen is not None
        await entries.found(shop.engine.worker, shop.tenant, seen, "cannot-tell", why="canary-words-of-the-system")
    else:
        await shop.move("reconcile")
    return await exception(shop)


async def decide(shop: Shop, decision: str) -> Any:
    (entry,) = await shop.entries("&open=true")
    body = {"decision": decision, "version": entry["version"], "reason": "it was looked for by phone"}
    assert (await shop.person.post(f"/v1/entries/{entry['id']}/reconcile", body)).status == 200
    return entry


@pytest.mark.parametrize("found", FOUND)
async def test_row_119_an_entry_that_is_not_reconciled_is_an_exception_with_what_it_holds_up(
    shop: Shop, found: str
) -> None:
    row = await reconciled(shop, found)
    (entry,) = await shop.entries("&open=true")
    assert (row["category"], row["cause"], row["entry"]) == ("uncertain", "reconciliation", entry["id"])
    assert (row["run"], row["run_state"], row["connection"]) == (entry["run"], "completed", shop.erp)
    assert (row["value"], row["deadline"]) == ({"amount": 12_990, "currency": "USD"}, "2030-01-01T00:00:00Z")
    assert (row["owner"], row["deployment_name"], row["reference"]) == (None, "sells", entry["reference"])
    assert row["title"].startswith(f"{CREATE} was done by hand, and ")
    assert FOUND[found] in row["title"]
    for only in ("&cause=reconciliation", f"&connection={shop.erp}", f"&run={row['run']}", "&least_value=12990"):
        assert await open_exceptions(shop, only) == [row], only
    for nothing in ("&cause=parked", "&owner=role:erp", "&deadline_before=2029-01-01T00:00:00Z", "&least_value=12991"):
        assert await open_exceptions(shop, nothing) == [], nothing
    (group,) = (await shop.person.get("/v1/exceptions/summary")).json["items"]
    assert (group["category"], group["connection"], group["value"]) == ("uncertain", shop.erp, 12_990)
    assert await broken(shop) == []


async def test_row_119_it_is_owned_seen_again_and_gone_once_its_entry_is_decided(shop: Shop) -> None:
    row = await reconciled(shop)
    path = f"/v1/exceptions/{row['id']}"
    owned = await shop.person.post(f"{path}/act", {"action": "assign", "owner": "role:erp", "seen": row["changes"]})
    assert owned.json["owner"] == "role:erp"
    for action in ("cancel", "discard", "retry", "resume"):
        words = {"words": "no"} if action == "discard" else {}
        answer = await shop.person.post(f"{path}/act", {"action": action, **words})
        assert (answer.status, answer.problem) == (409, "exception-takes-another-action"), action
    for action in ("cancel", "discard"):
        words = {"words": "no"} if action == "discard" else {}
        wanted = {"preview": True, "action": action, "filter": {}, **words}
        assert (await shop.person.post("/v1/exceptions/act", wanted)).json["count"] == 0, action
    await shop.move("reconcile")

    async def seen_again() -> Any:
        return [one for one in await open_exceptions(shop) if one["times"] == 2]

    (again,) = await shop.until(seen_again)
    assert (again["id"], again["owner"], again["opened_at"]) == (row["id"], "role:erp", row["opened_at"])
    await decide(shop, "posted-by-hand")
    assert await open_exceptions(shop) == []
    closed = (await shop.person.get(path)).json
    me = (await shop.person.get(f"/v1/entries/{row['entry']}")).json["resolved_by"]
    assert (closed["state"], closed["outcome"], closed["closed_by"]) == ("resolved", "decided", me)
    assert (await shop.move("leave")).status == 200
    assert await broken(shop) == []


async def test_F_03_a_post_that_comes_to_nothing_is_another_exception_of_the_same_owner(shop: Shop) -> None:
    row = await reconciled(shop)
    act = {"action": "assign", "owner": "role:erp", "seen": row["changes"]}
    assert (await shop.person.post(f"/v1/exceptions/{row['id']}/act", act)).status == 200
    await decide(shop, "post-now")
    assert await open_exceptions(shop) == [], "somebody has decided"
    assert await broken(shop) == []
    worker, tenant = shop.engine.worker, shop.tenant
    seen = await entries.read(worker, tenant, ids.read("ent", row["entry"]))
    assert seen is not None
    noted = await entries.posting(worker, tenant, seen)
    assert noted is not None
    await entries.found(worker, tenant, noted, "cannot-tell", why="posting it: it answered with status 422")
    other = await exception(shop)
    assert (other["id"] != row["id"], other["owner"]) == (True, "role:erp")
    assert "422" not in other["title"], "words of the other system may be anybody's data"
    await entries.posted(worker, tenant, seen, {"number": "SO-1"})
    assert await open_exceptions(shop) == []
    assert await broken(shop) == []


@pytest.mark.parametrize("side", ["exception", "entry"])
async def test_the_check_names_an_entry_that_nobody_sees_and_an_exception_of_none(
    shop: Shop, side: str, stack: Stack, endpoints: Endpoints
) -> None:
    await reconciled(shop)
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(
            "DELETE FROM app.exception" if side == "exception" else "UPDATE app.entry SET posting = 'sent'"
        )
    (words,) = await broken(shop)
    assert words == (
        f"its entry {(await shop.entries())[0]['id']} is to be decided, and no exception says so"
        if side == "exception"
        else "an exception says that an entry of it is to be decided, and none is"
    )
