"""Runs that wait go on under another revision: planned in a preview, moved once, and nothing is done a second time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra import crash_points, ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from infra.ids import TenantId
from services.engine.faults import standard
from services.engine.functions import Later
from services.events.cloud_event import read
from tests.patience import PATIENCE
from tests.services.api.parties import Parties, id_of, make_key
from tests.services.engine.running import Engine, at_work, order
from tests.superuser import connected
from tests.world import World, deploy

HEAD = "document: {dsl: '1.0.3', namespace: tests, name: orders, version: '%s'}\ninput: {from: '${ .[0].data }'}\n"
CALL = "{call: 'connector:1.0.0@default', with: {connection: erp, operation: %s, input: {value: '${ .value }'}}}"
APPROVE = "{listen: {to: {one: {with: {type: approved}}}, read: data}, output: {as: '${ .[0] }'}}"
TASKS = f"""
  - long: {{if: '${{ .value == 9 }}', wait: {{hours: 1}}}}
  - bill: {CALL % "bill"}
  - approve: {APPROVE}
  - ship: {CALL % "ship"}
"""
OLD = HEAD % "1.0.0" + "do:" + TASKS
NEW = (
    HEAD % "1.1.0"
    + "do:\n  - first: {set: '${ . }'}"
    + TASKS.replace("wait: {hours: 1}", "set: '${ . }'").replace("  - ship", f"  - weigh: {CALL % 'weigh'}\n  - ship")
)
BINDINGS = {"erp": UUID(int=7)}


@pytest.fixture
async def engine(app_database: Database, worker_database: Database) -> AsyncIterator[Engine]:
    async with at_work(app_database, worker_database) as engine:
        yield engine


class Case:
    """Six orders of acme's: four wait for approval, one of them suspended; one for its ERP, one for an hour."""

    def __init__(self, parties: Parties, engine: Engine) -> None:
        self.parties, self.engine = parties, engine
        self.tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
        self.deployment: UUID

    @property
    def path(self) -> str:
        return f"/v1/deployments/{ids.show('dep', self.deployment)}/migrations"

    async def begin(self) -> Case:
        outside = self.engine.outside
        busy = standard("communication", "away", "")
        outside.answers["bill"] = [Later(reason="busy", ref="con_x", error=busy, seconds=60.0, parked=True)]
        self.deployment = await deploy(self.engine.app, self.tenant, OLD, event_type="order", bindings=BINDINGS)
        for number, value in enumerate((1, 9, 3, 4, 5, 6)):
            await self.engine.intake.receive(self.tenant, order(number, value), "key")
            await self.waiting(number + 1)
        runs = [run["id"] for run in (await self.parties.acme.get("/v1/runs")).json["items"]]
        assert (await self.parties.acme.post(f"/v1/runs/{runs[0]}/suspend")).json["state"] == "suspended"
        await self.revise(2, NEW)
        return self

    async def revise(self, revision: int, document: str) -> None:
        version = ids.new()
        async with self.engine.app.tenant(self.tenant) as connection:
            await connection.execute(
                "INSERT INTO app.workflow_version "
                "(tenant_id, workflow_version_id, namespace, name, version, document, digest) "
                "VALUES ($1, $2, 'tests', 'orders', $3, $4, $5)",
                *(self.tenant, version, f"1.{revision}.0", document, hashlib.sha256(document.encode()).digest()),
            )
            await connection.execute(
                "INSERT INTO app.deployment_revision "
                "(tenant_id, deployment_id, revision, workflow_version_id, parameters, bindings) "
                "VALUES ($1, $2, $3, $4, '{}', $5)",
                *(self.tenant, self.deployment, revision, version, msgspec.json.encode(BINDINGS).decode()),
            )

    async def waiting(self, count: int) -> None:
        query = "SELECT count(*) FROM app.run WHERE state = 'waiting' AND lane IS NULL"
        async with asyncio.timeout(PATIENCE):
            while await self.value(query) < count:
                await asyncio.sleep(0.01)

    async def value(self, query: str) -> Any:
        async with self.engine.worker.tenant(self.tenant) as connection:
            return await connection.fetchval(query)

    async def preview(self, **more: Any) -> Any:
        body = {"preview": True, "from_revision": 1, "to_revision": 2, **more}
        answer = await self.parties.acme.post(self.path, body)
        assert answer.status == 200, answer.json
        return answer.json

    async def send(self, token: str) -> list[str]:
        answer = await self.parties.acme.post(self.path, {"token": token})
        assert answer.status == 200, answer.json
        return [run["outcome"] for run in answer.json["runs"]]

    async def approve(self) -> None:
        named = {"specversion": "1.0", "id": "a-1", "source": "/desk", "type": "approved"}
        event = read(
            {"content-type": "application/cloudevents+json"}, msgspec.json.encode({**named, "data": {"value": 7}})
        )
        await self.engine.intake.receive(self.tenant, event, "key")


@pytest.fixture
async def case(parties: Parties, engine: Engine) -> Case:
    return await Case(parties, engine).begin()


async def test_F_03_runs_that_wait_are_planned_moved_and_end_as_runs_of_the_new_revision(case: Case) -> None:
    acme, outside = case.parties.acme, case.engine.outside
    seen = await case.preview()
    assert (seen["count"], seen["busy"], seen["examined"], seen["covered"], seen["token"]) == (6, 0, 6, 0, None)
    assert {one["reference"]: one["count"] for one in seen["refused"]} == {
        "/do/2/approve": 4,
        "/do/1/bill": 1,
        "/do/0/long": 1,
    }
    assert seen["suggested"] == {
        "/do/1/bill": "/do/2/bill",
        "/do/2/approve": "/do/3/approve",
        "/do/3/ship": "/do/5/ship",
    }
    seen = await case.preview(map=seen["suggested"])
    assert (seen["covered"], len(seen["runs"]), seen["next"]) == (5, 5, None)
    assert [(one["count"], one["detail"]) for one in seen["refused"]] == [
        (1, "the new revision has no task at /do/0/long")
    ]
    before = await case.value("SELECT count(*) FROM app.subscription")
    keys = {call.key for call in outside.calls}
    assert await case.send(seen["token"]) == ["migrated"] * 5
    assert await case.send(seen["token"]) == ["already"] * 5
    assert await case.value("SELECT count(*) FROM app.subscription") == before
    suspended = next(run["id"] for run in seen["runs"] if run["state"] == "suspended")
    assert (await acme.get(f"/v1/runs/{suspended}")).json["waiting_for"]["was"]["ref"] == "/do/3/approve"
    assert (await acme.post(f"/v1/runs/{suspended}/resume")).status == 200
    # The call that was put off is made again as it was: its key is known to the other side.
    parked = await case.value("SELECT run_id FROM app.run WHERE waiting_for ->> 'kind' = 'connection'")
    for verb in ("suspend", "resume"):
        assert (await acme.post(f"/v1/runs/{ids.show('run', parked)}/{verb}")).status == 200
    case.engine.loop.wake()
    await case.waiting(6)
    assert {call.key for call in outside.calls if call.arguments["operation"] == "bill"} == keys
    await case.approve()
    ended = await case.engine.ended(World(UUID(int=1), UUID(int=1), case.tenant), 5)
    assert [(run["state"], run["revision"], run["output"]) for run in ended] == [("completed", 2, '{"value":9}')] * 5
    await check_lifecycle(case, suspended)
    made = [call.arguments["operation"] for call in outside.calls]
    assert [made.count(name) for name in ("weigh", "ship")] == [5, 5]
    assert len({call.key for call in outside.calls}) == 5 + 5 + 5


async def check_lifecycle(case: Case, run: str) -> None:
    """A task that was moved ends where it is then; the run began as one of the version that it had."""
    told: list[Any] = []
    after: str | None = ""
    while after is not None:
        answer = await case.parties.acme.get(f"/v1/runs/{run}/lifecycle?limit=3{after}")
        told += answer.json
        following = answer.headers.get("link", "").partition("cursor=")[2].partition(">")[0]
        after = f"&cursor={following}" if following else None
    events = [(one["type"].split(".")[2:4], one["data"]) for one in told]
    assert [data["definition"]["version"] for kind, data in events if kind == ["workflow", "started"]] == ["1.0.0"]
    of_approve = [(kind[1], data["task"]) for kind, data in events if "approve" in data.get("task", "")]
    assert of_approve == [
        ("created", "/do/2/approve"),
        ("started", "/do/2/approve"),
        ("suspended", "/do/2/approve"),
        ("resumed", "/do/3/approve"),
        ("completed", "/do/3/approve"),
    ]


async def test_F_19_each_move_has_its_line_and_its_record_in_one_commit_with_it(case: Case) -> None:
    pairs = {"/do/2/approve": "/do/3/approve"}
    seen = await case.preview(map=pairs)
    first, _, third, _ = (run["id"] for run in seen["runs"])
    assert (await case.parties.acme.post(f"/v1/runs/{first}/cancel")).status == 200
    crash_points.arm(f"!migration.moved~{third}")
    try:
        answer = await case.parties.acme.post(case.path, {"token": seen["token"]})
    finally:
        crash_points.arm("")
    assert answer.status == 500
    assert await case.value("SELECT count(*) FROM app.run WHERE revision = 2") == 0
    assert await case.value("SELECT count(*) FROM app.audit WHERE action LIKE '%.migrated'") == 0
    assert await case.send(seen["token"]) == ["changed", "migrated", "migrated", "migrated"]
    actor = f"key:{await id_of(case.parties.acme)}"
    line = (await case.parties.acme.get(f"/v1/runs/{third}/journal?limit=200")).json["items"][-1]
    assert line["kind"] == "run.migrated"
    assert line["data"] == {
        "actor": actor,
        "from": {"revision": 1, "version": "1.0.0"},
        "to": {"revision": 2, "version": "1.1.0"},
        "map": pairs,
        "moved": pairs,
    }
    records = (await case.parties.acme.get(f"/v1/audit?target={third}&action=run.migrated")).json["items"]
    assert [(one["actor"], one["after"]["to"]) for one in records] == [(actor, 2)]
    records = (await case.parties.acme.get("/v1/audit?action=runs.migrated")).json["items"]
    assert [one["after"] for one in records] == [{"from": 1, "to": 2, "changed": 1, "migrated": 3}]


async def test_S_01_a_plan_that_does_not_fit_and_a_token_of_others_are_refused(case: Case) -> None:
    acme = case.parties.acme
    await case.revise(3, NEW.replace("name: orders", "name: others"))
    for body, pointer in (
        ({"to_revision": 9}, "/to_revision"),
        ({"from_revision": 7}, "/from_revision"),
        ({"to_revision": 1}, "/to_revision"),
        ({"to_revision": 3}, "/to_revision"),
        ({"map": {"/do/8/none": "/do/1/long"}}, "/map/~1do~18~1none"),
        ({"map": {"/do/2/approve": "/do/5/ship"}}, "/map/~1do~12~1approve"),
        ({"after": "x"}, "/after"),
    ):
        given: dict[str, Any] = {"preview": True, "from_revision": 1, "to_revision": 2, **body}
        answer = await acme.post(case.path, given)
        assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, pointer), answer.json
    for wrong in ({}, {"preview": True}, {"token": "x", "preview": True}, {"token": "x", "from_revision": 1}):
        assert (await acme.post(case.path, wrong)).status == 422
    await refuse_strangers(case, case.parties)


async def refuse_strangers(case: Case, parties: Parties) -> None:
    token = (await case.preview(map={"/do/2/approve": "/do/3/approve"}))["token"]
    reader = parties.nobody.having(await make_key(parties.acme, permissions=["deployments:read", "runs:write"]))
    assert (await reader.post(case.path, {"token": token})).status == 403
    for stranger in (parties.sibling, parties.foreign, parties.acme_test):
        assert (await stranger.post(case.path, {"token": token})).status == 404
    other = await deploy(case.engine.app, case.tenant, OLD, event_type="else", bindings=BINDINGS)
    elsewhere = f"/v1/deployments/{ids.show('dep', other)}/migrations"
    assert (await parties.acme.post(elsewhere, {"token": token})).problem == "bad-cursor"
    for forged in (token[:-4], "x", "x.y", token.partition(".")[0] + ".AAAA"):
        assert (await parties.acme.post(case.path, {"token": forged})).problem == "bad-cursor"
    assert await case.value("SELECT count(*) FROM app.run WHERE revision = 2") == 0


async def test_F_01_a_run_whose_worker_died_with_it_in_hand_stays(
    case: Case, stack: Stack, endpoints: Endpoints
) -> None:
    """It may have made a call that its snapshot does not know; in the new revision that might have another key."""
    suggested = (await case.preview())["suggested"]
    seen = await case.preview(map=suggested)
    run = seen["runs"][0]["id"]
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute("UPDATE app.run SET suspect = true WHERE run_id = $1", ids.read("run", run))
    outcomes = await case.send(seen["token"])
    assert (outcomes[0], outcomes.count("migrated")) == ("refused", 4)
    again = await case.preview(map=suggested)
    (stays,) = [one for one in again["refused"] if one["reference"] == ""]
    assert (stays["count"], stays["examples"]) == (1, [run])
    assert "its worker died" in stays["detail"]
