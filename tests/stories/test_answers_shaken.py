"""F-01 where people answer by mail: links, decisions and notices outlive who dies, and nothing is told twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from tests.portal.site import Site
from tests.stories.shaken import Shaken
from tests.stories.somebody import Said

pytestmark = [pytest.mark.faults]
SUPPLIER, BUYER, CLERK = "orders@parts.example", "buyer@shop.example", "clerk@sample-letters.example"
HEAD: Final = (
    "document: {dsl: 1.0.3, namespace: tests, name: %s, version: 1.0.0}\nschedule: {on: {one: {with: {type: %s}}}}"
)
OUTSIDE: Final = """
do:
  - ask:
      call: human-task:1.0.0@default
      with:
        task: delivery-date
        title: When does order 10482 arrive?
        outside: {email: orders@parts.example, name: Example Parts}
        shown: {order: "10482"}
        outcomes: [confirm, cannot-deliver]
        form: {schema: {type: object, properties: {days: {type: integer, minimum: 1, title: Days}}, required: [days]}}
"""
INSIDE: Final = """
do:
  - ask:
      call: human-task:1.0.0@default
      with: {task: release, title: Release 10482, role: clerk, outcomes: [approve, reject]}
"""
NOTICE: Final = """
do:
  - tell:
      call: notice:1.0.0@default
      with:
        milestone: delayed
        to: {email: buyer@shop.example, name: Nina}
        about: {kind: sales-order, key: SO-1}
        promise: {was: '2030-01-01', now: '2030-01-04'}
        notice: {name: delay, subject: {en: It comes later}, text: {en: 'Where it is: {{ status }}'}}
"""
PDF: Final = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
DECISIONS: Final = "SELECT count(*)::int AS n FROM app.audit WHERE tenant_id = $1 AND action = $2 AND target = $3"


@pytest.fixture(scope="module")
async def town(site: Site) -> AsyncIterator[Shaken]:
    async with Shaken.living(site, "sample-letters", []) as town:
        yield town


def document(name: str, body: str) -> str:
    return HEAD % (name, name) + body


async def decide(town: Shaken, token: str, asked: dict[str, Any], outcome: str, **values: Any) -> Said:
    body = {"outcome": outcome, "version": asked["version"], "saw": asked["saw"], "values": values}
    return await town.by_link("POST", "/portal/link/decide", token, body)


async def looked(town: Shaken, token: str, path: str = "/portal/link") -> Any:
    said = await town.by_link("GET", path, token)
    assert said.status == 200, said.json
    return said.json


async def test_F_01_who_is_asked_outside_gets_one_link_sends_one_file_and_answers_once(town: Shaken) -> None:
    await town.make(document("outside", OUTSIDE), "outside")
    await town.worker_dies_at("task.mailed", town.send("outside", "outside-1", {}))
    token = await town.token(SUPPLIER)
    run = await town.began("outside")
    asked = (await looked(town, token))["asked"]
    sent = await town.by_link("POST", "/portal/link/documents?name=confirmation.pdf", token, PDF)
    assert sent.status == 201, sent.json
    await town.dies()
    seen = await looked(town, token)
    assert [one["name"] for one in seen["documents"]] == ["confirmation.pdf"]
    version = seen["asked"]
    assert (version["shown"], asked["shown"]) == ({"order": "10482"},) * 2
    await town.api_dies_at("task.decided", decide(town, token, version, "confirm", days=3))
    again = await decide(town, token, version, "confirm", days=3)
    assert (again.status, again.json) == (200, {"outcome": "confirm", "complete": True}), again.json
    other = await decide(town, token, version, "cannot-deliver", days=3)
    assert (other.status, other.problem) == (404, "link-over")
    output = await town.ended(run)
    assert (output["outcome"], output["values"]) == ("confirm", {"days": 3})
    assert output["by"].startswith("outside:lnk_")
    assert await town.count(DECISIONS, "task.completed", output["task"]) == 1
    assert (await town.by_link("GET", "/portal/link", token)).json["state"] == "decided"
    assert len(town.got(SUPPLIER)) == 1, "one mail, however often somebody died"


async def test_F_01_a_decision_from_mail_is_one_decision_and_the_mail_is_one(town: Shaken) -> None:
    clerk = town.people["clerk"]
    assert (await clerk.ask("POST", "/v1/task-mail", {"choice": "each"})).status == 200
    await town.make(document("inside", INSIDE), "inside")
    await town.worker_dies_at("task.mailed", town.send("inside", "inside-1", {}))
    token = await town.token(CLERK)
    run = await town.began("inside")
    await town.dies()
    asked = (await looked(town, token))["asked"]
    assert (await clerk.task("release", run))["state"] == "offered", "whoever looks decides nothing"
    await town.api_dies_at("task.decided", decide(town, token, asked, "approve"))
    again = await decide(town, token, asked, "approve")
    assert (again.status, again.json) == (200, {"outcome": "approve", "complete": True}), again.json
    assert (await decide(town, token, asked, "reject")).problem == "link-over"
    output = await town.ended(run)
    assert (output["outcome"], len(output["approvals"])) == ("approve", 1)
    assert await town.count(DECISIONS, "task.completed", output["task"]) == 1
    touches = await town.rows("SELECT source FROM app.touch WHERE tenant_id = $1")
    assert [one["source"] for one in touches] == ["mail"]
    assert len(town.got(CLERK)) == 1


async def test_F_01_a_customer_is_told_once_and_the_status_page_is_there_after_it(town: Shaken) -> None:
    await town.make(document("telling", NOTICE), "telling")
    await town.worker_dies_at("call.answered~/do/0/tell", town.send("telling", "telling-1", {}))
    output = await town.ended(await town.began("telling"))
    assert (output["sent"], output["why"]) == (True, None)
    token = await town.token(BUYER)
    before = await looked(town, token, "/portal/status")
    await town.dies()
    after = await looked(town, token, "/portal/status")
    assert {**before, "as_of": None} == {**after, "as_of": None}
    assert [(one["what"], one["was"], one["now"]) for one in after["steps"]] == [
        ("delayed", "2030-01-01", "2030-01-04")
    ]
    (told,) = (await town.get("/v1/customer-notices?about=sales-order:SO-1"))["items"]
    assert told["id"] == output["notice"]
    assert await town.count(DECISIONS, "notice.sent", output["notice"]) == 1
    assert len(town.got(BUYER)) == 1
    wish = {"about": "sales-order:SO-1", "reason": "sent to the wrong person"}
    assert await town.post("/v1/customer-notices/withdraw-links", wish) == {"withdrawn": 1}
    await town.dies()
    assert (await town.by_link("GET", "/portal/status", token)).problem == "link-over"
    assert await town.post("/v1/customer-notices/withdraw-links", wish) == {"withdrawn": 0}
