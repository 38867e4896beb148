"""A workflow of a real n8n is called once by its key, and what it calls back ends the run that waits for it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra import clock
from services.connectors.simulators.http import Answered
from services.engine.functions import Done, Failed, Later, Unknown
from services.inbound.verification import Verification, is_verified
from tests.counterparts.calling import Caller
from tests.counterparts.n8n.install import SECRET, TOKEN
from tests.counterparts.proxy import Fault, Proxy
from tests.faults.plant import PATIENT, Plant
from tests.faults.test_listening import created, send
from tests.patience import PATIENCE
from tests.services.connectors.declared.other import Other

CALL, CHECK = "n8n.workflows.call", "n8n.server.check"
VERIFICATION = Verification(style="hmac-sha256", header="X-Signature")
NAME = "${ $workflow.input[0].data.name }"
CALLED_BACK = {"type": "n8n.workflow.called-back", "subject": NAME}
ASKING: dict[str, Any] = {
    "document": {"dsl": "1.0.3", "namespace": "tests", "version": "1.0.0", "name": "asking"},
    "schedule": {"on": {"one": {"with": {"type": "begin"}}}},
    "do": [
        {
            # Who only begins to listen behind the call may come too late for a quick answer.
            "both": {
                "fork": {
                    "branches": [
                        {"hear": {"listen": {"to": {"one": {"with": CALLED_BACK}}}}},
                        {"ask": {"call": "connector:1.0.0@default", "with": {"connection": "n8n", "operation": CALL}}},
                    ]
                }
            }
        },
    ],
}


@pytest.mark.certifies("n8n")
async def test_a_workflow_s_answer_comes_back(caller: Caller) -> None:
    answer = await caller.done(CALL, {"workflow": "doubling", "data": {"n": 21}}, "key-of-the-call")
    assert answer == {"answer": {"text": '{"n":21,"key":"key-of-the-call"}'}}
    assert await caller.done(CHECK, {}) == {"status": "ok"}


@pytest.mark.certifies("n8n")
async def test_S_72_each_mistake_says_what_to_change_and_no_secret(caller: Caller) -> None:
    gone = await caller.call(CALL, {"workflow": "gone"})
    assert isinstance(gone, Failed), gone
    assert "No active workflow listens at this path" in gone.error.detail
    caller.change(secrets={"token": "another-token"})
    refused = await caller.call(CALL, {"workflow": "doubling"})
    assert isinstance(refused, Failed), refused
    assert "the secret `token`" in refused.error.detail
    assert not {TOKEN, "another-token"} & set(refused.error.detail.split())


@pytest.mark.certifies("n8n")
@pytest.mark.parametrize("fault", ["lost", "answer-lost", "abandoned"])
async def test_F_03_a_call_whose_answer_is_lost_is_done_under_one_key(
    caller: Caller, proxy: Proxy, fault: Fault
) -> None:
    async with Other(Answered(200, b"{}")).running() as side:
        data = {"order": "SO-1", "total": 1, "callback": side.url}
        proxy.once("calling-back", fault)
        assert isinstance(await caller.call(CALL, {"workflow": "calling-back", "data": data}, fault), Later)
        await proxy.settle()
        assert isinstance(await caller.through(CALL, {"workflow": "calling-back", "data": data}, fault), Done)
        await _heard(side, 1 if fault == "lost" else 2)
        assert {msgspec.json.decode(one.body)["id"] for one in side.asked} == {fault}
        proxy.once("doubling", fault)
        caller.change(calls="once-or-ask")
        assert isinstance(await caller.call(CALL, {"workflow": "doubling"}), Unknown)


@pytest.mark.certifies("n8n")
async def test_F_03_a_workflow_that_ended_half_way_is_run_again_or_asked_about_and_never_lost(caller: Caller) -> None:
    async with Other(Answered(500), Answered(200, b"{}")).running() as side:
        data = {"order": "SO-3", "total": 1, "callback": side.url}
        given = {"workflow": "handing-on", "data": data}
        assert isinstance(await caller.call(CALL, given, "half-way"), Later)
        assert isinstance(await caller.through(CALL, given, "half-way"), Done)
        assert [msgspec.json.decode(one.body)["id"] for one in side.asked] == ["half-way"] * 2
    async with Other(Answered(500)).running() as side:
        caller.change(calls="once-or-ask")
        given = {"workflow": "handing-on", "data": {**data, "callback": side.url}}
        assert isinstance(await caller.call(CALL, given, "parked"), Unknown)


@pytest.mark.certifies("n8n")
async def test_F_03_a_workflow_that_notes_keys_loses_what_ended_behind_the_note_and_is_parked(caller: Caller) -> None:
    """What the manifest warns of holds: so such a workflow is called by `once-or-ask`, and its end is a question."""
    async with Other(Answered(500), Answered(200, b"{}")).running() as side:
        given = {"workflow": "forgetting", "data": {"order": "SO-4", "total": 1, "callback": side.url}}
        caller.change(calls="once-or-ask")
        assert isinstance(await caller.call(CALL, given, "noted"), Unknown)
        await caller.call(CALL, given, "noted")
        assert len(side.asked) == 1


async def _heard(side: Other, count: int) -> None:
    until = time.monotonic() + PATIENCE
    while len(side.asked) < count:
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


@pytest.mark.certifies("webhook")
@pytest.mark.parametrize("key", ["right", "wrong"])
async def test_what_it_signs_is_verified(caller: Caller, key: str) -> None:
    async with Other(Answered(200, b"{}")).running() as side:
        data = {"order": "SO-2", "total": 1, "callback": side.url}
        await caller.done(CALL, {"workflow": "calling-back", "data": data}, f"signed-{key}")
        await _heard(side, 1)
        given = [SECRET.encode() if key == "right" else b"another-secret-of-somebody"]
        headers = [(name.encode(), value.encode()) for name, value in side.last.headers.items()]
        assert is_verified(VERIFICATION, given, headers, side.last.body, clock.now().timestamp()) is (key == "right")


@pytest.mark.certifies("webhook")
async def test_what_it_calls_back_ends_the_run_that_waits(port: int, tmp_path: Path) -> None:
    async with Plant(tmp_path / "plant", settings=PATIENT) as plant:
        settings = {"base_url": f"http://127.0.0.1:{port}", "allow_http": True}
        body = {"name": "n8n", "connector": "n8n", "settings": settings, "secrets": {"token": TOKEN}}
        connection = (await created(plant, "/v1/connections", body))["id"]
        new = {"name": "n8n", "connection": connection, "trigger": "callback", "secret": SECRET}
        hook = await created(plant, "/v1/inbound-webhooks", new)
        ask = ASKING["do"][0]["both"]["fork"]["branches"][1]["ask"]
        data = {"order": NAME, "total": 42, "callback": plant.api_url + hook["path"]}
        ask["with"]["input"] = {"workflow": "calling-back", "data": data}
        made = await created(plant, "/v1/workflows", {"document": msgspec.json.encode(ASKING).decode()})
        deployment = {"name": "asking", "workflow": made["id"], "bindings": {"n8n": connection}}
        await created(plant, "/v1/deployments", deployment)
        plant.start_worker()
        for name in ("SO-1", "SO-2"):
            await send(plant, "begin", name, {"name": name})
        await plant.all_ended(2, 240)
        rows = await plant.query("SELECT state, error::text AS error, output::text AS output FROM app.run")
        assert {row["state"] for row in rows} == {"completed"}, [row["error"] for row in rows]
        heard = sorted(msgspec.json.decode(row["output"])[0][0]["subject"] for row in rows)
        assert heard == ["SO-1", "SO-2"]
        assert all(msgspec.json.decode(row["output"])[0][0]["approved"] for row in rows)
