"""What a failed run did is undone by the workflow that its document declares (ADR 0138): real runs, from the desk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.database import Database
from services.engine.world import check_world
from services.exceptions.categories import NO_COMPENSATION
from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties, make_key
from tests.services.api.routes.test_exceptions import listed
from tests.services.engine.running import Engine, at_work
from tests.services.exceptions.standing import LONG_AGO

UNDO = {"action": "compensate", "words": "The customer has cancelled."}
HEAD = "document: {dsl: '1.0.3', namespace: tests, name: %s, version: %s%s}\n"
DECLARED = ", metadata: {compensation: {workflow: {name: release}}}"
BEGINS = "schedule: {on: {one: {with: {type: %s}}}}\n"
FAILS = """
do:
  - reserve: {set: {reserved: 5}}
  - book: {set: {booked: '${ .reserved + 1 }'}}
  - each:
      for: {in: '[1, 2]', each: item}
      do: [{line: {set: {line: '${ $item }'}}}]
  - fail: {raise: {error: {type: 'https://own.example/no', status: 400, title: No truck}}}
"""
RELEASE = """
do:
  - release: {set: {run: '${ .run }', title: '${ .error.title }', did: '${ .completed }', of: '${ .input[0].data.n }'}}
"""
WRONG = "do:\n  - release: {set: {wrong: true}}\n"


@pytest.fixture
async def engine(app_database: Database, worker_database: Database) -> AsyncIterator[Engine]:
    async with at_work(app_database, worker_database) as engine:
        yield engine


async def publish(caller: Caller, document: str) -> str:
    made = await caller.post("/v1/workflows", {"document": document})
    assert made.status == 201, made.json
    return str(made.json["id"])


async def deploy(caller: Caller, name: str, document: str) -> Answer:
    return await caller.post("/v1/deployments", {"name": name, "workflow": await publish(caller, document)})


@pytest.fixture
async def desk(parties: Parties, engine: Engine) -> list[Any]:
    """Two failed runs of a workflow that declares what undoes it, and one of another."""
    await publish(parties.acme, HEAD % ("release", "1.0.0", "") + RELEASE)
    for name, declared in (("order", DECLARED), ("plain", "")):
        document = HEAD % (name, "1.0.0", declared) + BEGINS % name + FAILS
        assert (await deploy(parties.acme, name, document)).status == 201
    # Published behind the deployment: what undoes a run is pinned with it.
    await publish(parties.acme, HEAD % ("release", "2.0.0", "") + WRONG)
    for number, kind in enumerate(("order", "order", "plain")):
        attributes = {"specversion": "1.0", "id": f"{number}", "source": "/shop", "type": kind}
        body = {**attributes, "subject": f"SO-{number}", "data": {"n": number}}
        sent = await parties.acme.post("/v1/events", body, headers={"content-type": "application/cloudevents+json"})
        assert sent.status == 202, sent.json
    engine.loop.wake()
    while len(found := await listed(parties.acme)) < 3:
        await asyncio.sleep(0.05)
    return sorted(found, key=lambda one: one["business_key"])


async def act(caller: Caller, exception: str, body: Any) -> Answer:
    return await caller.post(f"/v1/exceptions/{exception}/act", body)


async def undoing(parties: Parties) -> list[Any]:
    runs = (await parties.acme.get("/v1/runs")).json["items"]
    return [one for one in runs if one["workflow"]["name"] == "release"]


async def test_the_declared_workflow_undoes_it_with_what_the_run_did(
    parties: Parties, desk: list[Any], worker_database: Database, engine: Engine
) -> None:
    first, _, plain = desk
    assert [("compensate" in one["actions"]) for one in (first, plain)] == [True, False]
    assert (await act(parties.acme, first["id"], {"action": "compensate"})).status == 422, "without a reason"
    refused = await act(parties.acme, plain["id"], UNDO)
    assert (refused.status, refused.problem) == (409, "not-to-be-compensated")
    done = await act(parties.acme, first["id"], {**UNDO, "seen": 0})
    assert done.status == 200, done.json
    found = done.json
    assert (found["state"], found["outcome"], found["reason"]) == ("discarded", "compensated", UNDO["words"])
    assert (found["run_state"], found["changes"], found["actions"]) == ("faulted", 1, [])
    engine.loop.wake()
    failed = (await parties.acme.get(f"/v1/runs/{first['run']}")).json
    by = (await parties.acme.get(f"/v1/runs/{failed['compensated_by']}?wait=20")).json
    assert (by["state"], by["compensates"], by["business_key"]) == ("completed", first["run"], "SO-0"), by["error"]
    assert (by["deployment"], by["revision"], by["workflow"]["version"]) == (failed["deployment"], 1, "1.0.0")
    did = {"reserve": {"reserved": 5}, "book": {"booked": 6}, "line": {"line": 2}, "each": {"line": 2}}
    assert by["output"] == {"run": first["run"], "title": "No truck", "did": did, "of": 0}
    assert (failed["compensates"], by["compensated_by"]) == (None, None)
    told = (await parties.acme.get("/v1/audit?action=exception.compensated")).json["items"]
    assert [(one["target"], one["after"]["reason"], one["after"]["run"]) for one in told] == [
        (first["id"], UNDO["words"], by["id"])
    ]
    told = (await parties.acme.get("/v1/audit?action=run.compensated")).json["items"]
    assert [(one["target"], one["after"]) for one in told] == [(first["run"], {"by": by["id"]})]
    history = (await parties.acme.get(f"/v1/exceptions/{first['id']}")).json["history"]
    assert [(one["action"], one["words"]) for one in history] == [("opened", None), ("compensated", UNDO["words"])]
    assert await check_world(worker_database, LONG_AGO, 30.0) == []


async def test_what_is_undone_is_neither_undone_again_nor_tried_again(parties: Parties, desk: list[Any]) -> None:
    first = desk[0]
    assert (await act(parties.acme, first["id"], UNDO)).status == 200
    assert (await act(parties.acme, first["id"], UNDO)).json["changes"] == 1, "the same again changes nothing"
    assert (await act(parties.acme, first["id"], {"action": "retry"})).problem == "exception-closed"
    retried = await parties.acme.post(f"/v1/runs/{first['run']}/retry", {})
    assert (retried.status, retried.problem) == (409, "run-not-faulted")
    assert "compensated" in retried.json["detail"]
    assert len(await undoing(parties)) == 1


async def test_what_is_undone_is_not_among_those_that_are_tried_again_together(
    parties: Parties, desk: list[Any]
) -> None:
    first, second, plain = desk
    wish = {"preview": True, "filter": {}}
    before = (await parties.acme.post("/v1/runs/redrive", wish)).json
    assert {one["id"] for one in before["runs"]} == {first["run"], second["run"], plain["run"]}
    assert (await act(parties.acme, first["id"], UNDO)).status == 200
    for only in ({}, {"error": "https://own.example/no"}):
        found = (await parties.acme.post("/v1/runs/redrive", {"preview": True, "filter": only})).json
        assert {one["id"] for one in found["runs"]} == {second["run"], plain["run"]}
    done = (await parties.acme.post("/v1/runs/redrive", {"token": before["token"]})).json["runs"]
    became = {one["id"]: one["outcome"] for one in done}
    assert became == {first["run"]: "changed", second["run"]: "retried", plain["run"]: "retried"}


async def test_of_many_at_once_one_undoes_it(parties: Parties, desk: list[Any]) -> None:
    first = desk[0]
    wishes = [UNDO, {**UNDO, "words": "Two."}, {"action": "discard", "words": "Three."}, {"action": "retry"}, UNDO]
    answers = await asyncio.gather(*(act(parties.acme, first["id"], one) for one in wishes))
    assert min(one.status for one in answers) == 200
    assert {one.status for one in answers} <= {200, 409}
    closed = [one.json["outcome"] for one in answers if one.status == 200]
    assert len(set(closed)) == 1
    assert len(await undoing(parties)) == (1 if closed[0] == "compensated" else 0)


async def test_two_who_undo_it_at_once_begin_one_run(parties: Parties, desk: list[Any]) -> None:
    for one in desk[:2]:
        wishes = [{**UNDO, "words": f"{number}."} for number in range(4)]
        answers = await asyncio.gather(*(act(parties.acme, one["id"], wish) for wish in wishes))
        assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
    assert len(await undoing(parties)) == 2


@pytest.mark.usefixtures("desk")
async def test_many_are_undone_as_a_preview_showed_them(parties: Parties) -> None:
    asked = {"preview": True, "filter": {}, **UNDO}
    seen = (await parties.acme.post("/v1/exceptions/act", asked)).json
    assert [(one["outcome"], one["ends_run"], one["why"]) for one in seen["foreseen"]] == [
        ("compensated", False, None),
        ("compensated", False, None),
        (None, False, NO_COMPENSATION),
    ]
    assert (seen["count"], seen["covered"], seen["refused"]) == (2, 2, 1)
    assert await undoing(parties) == [], "a preview undoes nothing"
    for _ in range(2):
        done = (await parties.acme.post("/v1/exceptions/act", {"token": seen["token"]})).json["done"]
        assert [one["outcome"] for one in done] == ["compensated", "compensated"]
    assert len(await undoing(parties)) == 2


async def test_S_02_who_may_not_act_on_the_desk_undoes_nothing_and_others_ids_are_nobodys(
    parties: Parties, desk: list[Any]
) -> None:
    first = desk[0]
    reader = parties.nobody.having(await make_key(parties.acme, permissions=["runs:read"]))
    assert (await act(reader, first["id"], UNDO)).status == 403
    for stranger in (parties.sibling, parties.foreign):
        assert (await act(stranger, first["id"], UNDO)).status == 404
        told = await stranger.post("/v1/exceptions/act", {"preview": True, "filter": {"ids": [first["id"]]}, **UNDO})
        assert told.json["covered"] == 0
    assert await undoing(parties) == []


async def test_what_nobody_published_undoes_nothing(parties: Parties) -> None:
    document = HEAD % ("order", "1.0.0", DECLARED) + BEGINS % "order" + FAILS
    refused = await deploy(parties.acme, "order", document)
    assert refused.status == 422
    assert "tests/release:latest" in refused.json["detail"]
