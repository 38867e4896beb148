"""`docs/partner/calendars.md` works as it stands there."""

from __future__ import annotations

import json
import re
from typing import Any

from msgspec.structs import replace

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.deadlines import plan
from services.deadlines.function import NAME, CalendarFunction
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Answer, Call
from services.engine.memory import Skipping, run_workflow
from template_library.dsl import parse, reader
from tests.house.tree import ROOT
from tests.services.api.parties import Parties

PAGE = (ROOT / "docs/partner/calendars.md").read_text(encoding="utf-8")
BODIES = [json.loads(one) for one in re.findall(r"-d '(\{.*?\})'\n", PAGE, re.DOTALL)]
DEADLINE, WORKFLOW = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


async def test_what_the_page_sends_is_taken_and_a_run_of_its_workflow_gives_up_in_business_time(
    parties: Parties, worker_database: Database
) -> None:
    acme, tenant = parties.acme, TenantId(ids.read("ten", parties.ids["acme:live"]))
    assert (await acme.send("PUT", "/v1/calendars/warehouse-north", BODIES[0])).status == 200
    found = await acme.post("/v1/calendars/warehouse-north/preview", BODIES[1])
    assert [one["local"] for one in found.json["durations"]] == [
        "2026-12-23T19:00:00+01:00", "2026-12-29T09:00:00+01:00",
    ]  # fmt: skip
    listed = re.findall(r'curl -sS "\$API(/v1/deadlines\?[^"]+)"', PAGE)
    assert (await acme.get(listed[0])).json == {"items": [], "next": None}
    asked: Any = reader.read(DEADLINE, filename="page").value
    assert [one.do for one in plan.read(asked["deadline"]).steps] == ["warn", "due", "reassign", "auto_decide"]
    assert (await acme.post("/v1/workflows", {"document": WORKFLOW})).status == 201
    calendar = CalendarFunction(worker_database)

    async def of_acme(call: Call) -> Answer:
        return await calendar(replace(call, tenant=tenant))

    async with ExpressionPool(size=1) as pool:
        clock = Skipping()
        began, functions = clock.now(), {NAME: of_acme}
        report = await run_workflow(
            parse(WORKFLOW), {}, functions=functions, evaluator=Expressions(pool), run=ids.new(), clock=clock
        )
    assert report.error is not None
    assert (report.status, report.error.type.rpartition("/")[2]) == ("faulted", "timeout")
    assert clock.now() - began >= 4 * 3_600_000, "four hours of open time"
