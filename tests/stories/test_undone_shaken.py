"""F-01 of compensation: what a failed run did is undone once, with API and workers killed in between (ADR 0138)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from tests.faults.plant import end
from tests.portal.site import Site
from tests.stories.shaken import Shaken
from tests.stories.test_desk_shaken import AUDITED, MATRIX, TIGHT

pytestmark = [pytest.mark.faults]
HEAD: Final = "document: {dsl: 1.0.3, namespace: tests, name: %s, version: 1.0.0%s}\n"
SELL: Final = """
  - sell:
      call: connector:1.0.0@default
      with:
        connection: erp
        operation: erp.sales-orders.create
        input:
          reference: %s
          customer: TIGHT-001
          currency: USD
          lines: [{item: SKU-1, quantity: 10, unit_price: {amount: 1299, currency: USD}}]
"""
BOOKED: Final = (
    HEAD % ("booked", ", metadata: {compensation: {workflow: {name: unbooked}}}")
    + "schedule: {on: {one: {with: {type: booked}}}}\ndo:\n  - begin: {set: {number: SO-21}}"
    + SELL % "SO-21"
    + "  - fail: {raise: {error: {type: https://example.com/errors/odd, status: 400, title: Odd}}}\n"
)
UNBOOKED: Final = (
    HEAD % ("unbooked", "")
    + "do:\n  - keep: {set: {back: '${ .completed.begin.number + \"-BACK\" }', sold: '${ .completed.sell.reference }'},"
    + " export: {as: '${ . }'}}"
    + SELL % "'${ .back }'"
    + "  - tell: {set: {back: '${ $context.back }', sold: '${ $context.sold }'}}\n"
)


@pytest.fixture(scope="module")
async def town(site: Site) -> AsyncIterator[Shaken]:
    async with Shaken.living(site, "sample-undone", MATRIX) as town:
        yield town


async def test_F_01_what_a_run_did_is_undone_once_from_the_desk_whoever_dies(town: Shaken) -> None:
    await town.connect("erp")
    terms = {"terms": "NET15", "credit_limit": 100_000_000}
    raised = await town.site.request("PUT", f"{town.systems['erp']}/accounts/{TIGHT}/terms", terms)
    assert raised.status == 200, raised.body
    await town.post("/v1/workflows", {"document": UNBOOKED})
    made = await town.post("/v1/workflows", {"document": BOOKED})
    bound = {"name": "booked", "workflow": made["id"], "bindings": {"erp": town.connections["erp"]}}
    await town.post("/v1/deployments", bound)
    before = (await town.state("erp"))["orders"]
    await town.worker_dies_at("end.before", town.send("booked", "booked-1", {}))
    run = await town.began("booked")

    async def stands() -> Any:
        return (await town.get(f"/v1/exceptions?run={run}"))["items"]

    (one,) = await town.until(stands, "what failed is to stand on the desk")
    assert "compensate" in one["actions"]
    assert (await town.state("erp"))["orders"] == before + 1
    path, wish = f"/v1/exceptions/{one['id']}", {"action": "compensate", "words": "They called it off.", "seen": 0}

    async def told() -> None:
        """To an API that dies wherever it is, and to the next one."""
        asked = asyncio.create_task(town.site.request("POST", f"{path}/act", wish, key=town.key))
        await asyncio.sleep(0.01)
        end(town.site.api)
        await asyncio.gather(asked, return_exceptions=True)
        town.site.start_api()
        await town.site.answers(town.site.api_url + "/health/ready")
        await town.post(f"{path}/act", wish)

    await town.worker_dies_at("call.answered~/do/1/sell", told())
    await town.dies()
    assert (await town.post(f"{path}/act", wish))["changes"] == 1, "told as the first"
    failed = await town.get(f"/v1/runs/{run}")
    assert (failed["state"], failed["compensates"]) == ("faulted", None)
    output = await town.ended(failed["compensated_by"])
    assert output["back"] == "SO-21-BACK"
    assert output["sold"] == "SO-21", "what the system had answered the run that failed"
    closed = await town.get(path)
    assert (closed["state"], closed["outcome"], closed["changes"]) == ("discarded", "compensated", 1)
    other = {**wish, "words": "Once more."}
    refused = await town.site.request("POST", f"{path}/act", other, key=town.key)
    assert refused.status == 409, "twice is refused"
    assert (await town.state("erp"))["orders"] == before + 2, "what was sold, and what gives it back"
    assert len(await town.runs("booked")) == len(await town.runs("unbooked")) == 1
    counts = [await town.count(AUDITED, f"run.{act}", run) for act in ("started", "faulted", "compensated")]
    assert counts == [1, 1, 1]
    assert await town.count(AUDITED, "exception.compensated", one["id"]) == 1
