"""F-01 where people decide: deadlines, holds and the exception desk, with workers and API killed in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from tests.portal.site import Site
from tests.stories.shaken import Shaken

pytestmark = [pytest.mark.faults]
TIGHT: Final = "TIGHT-001"
MATRIX: Final = [
    {"name": "credit", "decision": "credit.release", "approver_role": "manager"},
    {"name": "prices", "decision": "price.release", "approver_role": "finance"},
]
BEGINS: Final = (
    "document: {dsl: 1.0.3, namespace: tests, name: %s, version: 1.0.0}\nschedule: {on: {one: {with: {type: %s}}}}\n"
)
LATE: Final = """
do:
  - ask:
      call: human-task:1.0.0@default
      with:
        task: late
        title: Nobody decides this
        role: clerk
        outcomes: [approve, reject]
        refusals: [reject]
        deadline:
          warn: PT1S
          due: PT2S
          steps:
            - {after: PT3S, do: notify, role: finance}
            - {after: PT4S, do: reassign, role: manager}
            - {after: PT5S, do: auto_decide, outcome: reject}
"""
HELD: Final = """
do:
  - hold:
      call: holds:1.0.0@default
      with: {do: raise, order: SO-7, customer: C-7, type: credit, reason: limit-exceeded}
  - let-go:
      call: holds:1.0.0@default
      with: {do: wait, order: SO-7, customer: C-7}
"""
SOLD: Final = """
do:
  - sell:
      call: connector:1.0.0@default
      with:
        connection: erp
        operation: erp.sales-orders.create
        input:
          reference: SO-9
          customer: TIGHT-001
          currency: USD
          lines: [{item: SKU-1, quantity: 10, unit_price: {amount: 1299, currency: USD}}]
"""
FAILS: Final = """
do:
  - fail:
      raise: {error: {type: https://example.com/errors/odd, status: 400, title: Odd}}
"""
RATED: Final = (
    SOLD.replace("SO-9", "SO-11")
    + """
      metadata: {skip: {output: {sold: false, why: nobody may buy}}}
  - tell: {set: {told: '${ .sold }', why: '${ .why }'}}
"""
)
AUDITED: Final = "SELECT count(*)::int AS n FROM app.audit WHERE tenant_id = $1 AND action = $2 AND target = $3"


@pytest.fixture(scope="module")
async def town(site: Site) -> AsyncIterator[Shaken]:
    async with Shaken.living(site, "sample-desks", MATRIX) as town:
        yield town


def document(name: str, body: str) -> str:
    return BEGINS % (name, name) + body


async def test_F_01_each_step_of_a_deadline_is_done_once_and_in_its_order_whoever_dies(town: Shaken) -> None:
    await town.make(document("late", LATE), "late")
    # The first worker dies with a step done and not committed, the next one as it has committed a step.
    await town.worker_dies_at("deadline.acted~human-task", town.send("late", "late-1", {}))
    await town.worker_dies_at("deadline.committed~human-task", asyncio.sleep(0))
    await town.dies()
    run = await town.began("late")
    output = await town.ended(run)
    assert (output["outcome"], output["by"]) == ("reject", "deadline")
    task = await town.get(f"/v1/tasks/{output['task']}")
    acts = [(one["action"], (one["target"] or "").rpartition("-")[2]) for one in task["history"]]
    assert acts == [("offered", ""), *(("told", str(n)) for n in range(3)), ("reassigned", "3"), ("completed", "4")], (
        acts
    )
    query = "SELECT owner FROM app.notice WHERE tenant_id = $1 AND kind = 'task.due' ORDER BY notice_id"
    assert [one["owner"] for one in await town.rows(query)] == [
        "role:clerk",
        "role:clerk",
        "role:finance",
        "role:manager",
    ]
    assert await town.count(AUDITED, "task.completed", output["task"]) == 1


async def test_F_01_an_order_goes_once_when_its_last_hold_is_cleared(town: Shaken) -> None:
    await town.make(document("held", HELD), "held")
    await town.worker_dies_at("call.answered~/do/0/hold", town.send("held", "held-1", {}))
    wish = {"order": "SO-7", "customer": "C-7", "type": "price", "reason": "mismatch"}
    price = await town.post("/v1/holds", wish)
    await town.dies()
    again = await town.post("/v1/holds", wish)
    assert (again["hold"]["id"], price["raised"], again["raised"]) == (price["hold"]["id"], True, False)
    holds = {one["type"]: one for one in (await town.get("/v1/holds?order=SO-7"))["items"]}
    assert sorted(holds) == ["credit", "price"]
    run = await town.began("held")
    for type_, role in (("credit", "manager"), ("price", "finance")):
        assert (await town.get("/v1/holds/standing?order=SO-7"))["releasable"] is False
        assert (await town.get(f"/v1/runs/{run}"))["ended_at"] is None
        path, body = f"/v1/holds/{holds[type_]['id']}", {"why": "They paid.", "seen": holds[type_]["version"]}
        other = "finance" if role == "manager" else "manager"
        assert (await town.people[other].ask("POST", f"{path}/clear", body)).status == 403
        let = await town.people[role].ask("POST", f"{path}/clear", body)
        assert (let.status, let.json["status"]) == (200, "cleared"), let.json
        await town.dies()
        told = await town.people[role].ask("POST", f"{path}/clear", {**body, "seen": 2})
        assert (told.status, (await town.get(path))["version"]) == (200, 2), "told once more, and not done once more"
    output = await town.ended(run)
    assert (output["order"], output["releasable"], output["holds"]) == ("SO-7", True, [])
    for one in holds.values():
        counts = [await town.count(AUDITED, f"hold.{act}", one["id"]) for act in ("raised", "cleared")]
        assert counts == [1, 1], one["type"]


async def test_F_01_F_19_what_failed_is_retried_once_from_the_desk_and_sold_once(town: Shaken) -> None:
    await town.connect("erp")
    made = await town.post("/v1/workflows", {"document": document("sold", SOLD)})
    bound = {"name": "sold", "workflow": made["id"], "bindings": {"erp": town.connections["erp"]}}
    await town.post("/v1/deployments", bound)
    assert await town.send("sold", "sold-1", {}) == 202
    run = await town.began("sold")
    before = await town.state("erp")

    async def stands() -> Any:
        return (await town.get("/v1/exceptions?category=failed"))["items"]

    (one,) = await town.until(stands, "what failed is to stand on the desk")
    assert one["run"] == run
    await town.dies()
    (same,) = await stands()
    assert (same["id"], same["changes"]) == (one["id"], 0), "it is the same exception"
    terms = {"terms": "NET15", "credit_limit": 100_000_000}
    raised = await town.site.request("PUT", f"{town.systems['erp']}/accounts/{TIGHT}/terms", terms)
    assert raised.status == 200, raised.body
    path = f"/v1/exceptions/{one['id']}"
    await town.worker_dies_at("call.answered~/do/0/sell", town.post(f"{path}/act", {"action": "retry", "seen": 0}))
    await town.dies()
    assert (await town.post(f"{path}/act", {"action": "retry"}))["outcome"] == "retried", "the same again"
    await town.ended(run)
    assert (await town.state("erp"))["orders"] == before["orders"] + 1
    closed = await town.get(path)
    assert (closed["state"], closed["outcome"], closed["changes"]) == ("resolved", "retried", 1)
    assert await stands() == []
    assert await town.count(AUDITED, "run.retried", run) == 1
    assert len(await town.runs("sold")) == 1


async def test_F_01_F_19_what_the_desk_was_told_is_so_once_whoever_dies(town: Shaken) -> None:
    """Assigned, discarded, and many discarded by one token: sent again behind a death, each is told as the first."""
    await town.make(document("odd", FAILS), "odd")
    for number in range(4):
        assert await town.send("odd", f"odd-{number}", {}) == 202

    async def stand() -> Any:
        items = (await town.get("/v1/exceptions?category=failed&cause=https://example.com/errors/odd"))["items"]
        return items if len(items) == 4 else None

    first, second, *others = await town.until(stand, "all of them are to stand on the desk")
    assigned = {"action": "assign", "owner": "role:manager", "seen": 0}
    given_up = {"action": "discard", "words": "Sent twice", "seen": 0}
    # One is answered; the other one is wherever it is as the API dies.
    asked = [
        asyncio.create_task(town.site.request("POST", f"/v1/exceptions/{one['id']}/act", body, key=town.key))
        for one, body in ((first, assigned), (second, given_up))
    ]
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    await town.dies()
    await asyncio.gather(*asked, return_exceptions=True)
    for _ in range(2):
        owned = await town.post(f"/v1/exceptions/{first['id']}/act", assigned)
        assert (owned["state"], owned["owner"], owned["changes"]) == ("open", "role:manager", 1)
        gone = await town.post(f"/v1/exceptions/{second['id']}/act", given_up)
        assert (gone["state"], gone["reason"], gone["changes"]) == ("discarded", "Sent twice", 1)
    assert await town.count(AUDITED, "exception.assigned", first["id"]) == 1
    assert await town.count(AUDITED, "exception.discarded", second["id"]) == 1
    only = {"ids": [one["id"] for one in others]}
    wish = {"preview": True, "filter": only, "action": "discard", "words": "Of a test"}
    token = {"token": (await town.post("/v1/exceptions/act", wish))["token"]}
    for _ in range(2):
        await town.dies()
        done = (await town.post("/v1/exceptions/act", token))["done"]
        assert {one["id"]: one["outcome"] for one in done} == dict.fromkeys(only["ids"], "discarded")
    for one in others:
        assert await town.count(AUDITED, "exception.discarded", one["id"]) == 1
        seen = await town.get(f"/v1/exceptions/{one['id']}")
        assert [line["action"] for line in seen["history"]] == ["opened", "discarded"]


async def test_F_01_what_failed_is_skipped_once_from_the_desk_and_never_sold(town: Shaken) -> None:
    if "erp" not in town.connections:
        await town.connect("erp")
    terms = {"terms": "NET15", "credit_limit": 0}
    lowered = await town.site.request("PUT", f"{town.systems['erp']}/accounts/{TIGHT}/terms", terms)
    assert lowered.status == 200, lowered.body
    made = await town.post("/v1/workflows", {"document": document("rated", RATED)})
    bound = {"name": "rated", "workflow": made["id"], "bindings": {"erp": town.connections["erp"]}}
    await town.post("/v1/deployments", bound)
    before = await town.state("erp")
    assert await town.send("rated", "rated-1", {}) == 202
    run = await town.began("rated")

    async def stands() -> Any:
        return (await town.get(f"/v1/exceptions?run={run}"))["items"]

    (one,) = await town.until(stands, "what failed is to stand on the desk")
    assert "skip" in one["actions"]
    await town.dies()
    path, wish = f"/v1/exceptions/{one['id']}", {"action": "skip", "words": "They pay cash at the counter."}
    refused = await town.site.request("POST", f"{path}/act", {"action": "skip"}, key=town.key)
    assert refused.status == 422, "no reason"
    await town.worker_dies_at("end.before", town.post(f"{path}/act", {**wish, "seen": 0}))
    await town.dies()
    assert (await town.post(f"{path}/act", wish))["changes"] == 1, "the same again"
    assert await town.ended(run) == {"told": False, "why": "nobody may buy"}
    assert (await town.state("erp"))["orders"] == before["orders"], "nothing was sold"
    closed = await town.get(path)
    assert (closed["state"], closed["outcome"], closed["reason"]) == ("resolved", "skipped", wish["words"])
    assert await town.count(AUDITED, "exception.skipped", one["id"]) == 1
    assert await town.count(AUDITED, "run.retried", run) == 1
