"""What failed is skipped from the desk, where its document declares it (ADR 0133). Two of three may be."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from msgspec.structs import replace

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.engine import state
from services.engine.claims import Claim, Claims
from services.engine.journal import Checkpoint
from services.engine.state import Failure, RunDescriptor, Snapshot
from services.exceptions.categories import NO_SKIP
from tests.services.api.parties import Parties, make_key
from tests.services.api.routes.test_exceptions import listed
from tests.services.exceptions.standing import fault
from tests.world import deploy, start_runs, write

SKIP = {"action": "skip", "words": "The carrier has no rate today."}


def failed(claim: Claim, *, may: bool) -> Checkpoint:
    made = fault(claim)
    kept = Snapshot(run=RunDescriptor(id="run", tenant="ten"), failed=Failure(strand=0, takes_skip=may))
    error = json.loads(made.error or "") | ({"skippable": True} if may else {})
    return replace(made, error=json.dumps(error), snapshot=state.encode(kept))


@pytest.fixture
async def desk(parties: Parties, app_database: Database, worker_database: Database) -> None:
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    await deploy(app_database, tenant, "document: {}", event_type="order.captured")
    await start_runs(app_database, tenant, 3)
    for number, claim in enumerate(await Claims(worker_database, "w", 30).take(3)):
        assert await write(worker_database, failed(claim, may=number < 2)) == ["committed"]


async def act(caller: Any, exception: str, body: Any) -> Any:
    return await caller.post(f"/v1/exceptions/{exception}/act", body)


@pytest.mark.usefixtures("desk")
async def test_it_is_offered_where_it_is_declared_and_done_once_with_a_reason(parties: Parties) -> None:
    first, _, third = await listed(parties.acme)
    assert [("skip" in one["actions"]) for one in (first, third)] == [True, False]
    assert (await act(parties.acme, first["id"], {"action": "skip"})).status == 422, "without a reason"
    refused = await act(parties.acme, third["id"], SKIP)
    assert (refused.status, refused.problem) == (409, "not-to-be-skipped")
    skipped = await act(parties.acme, first["id"], {**SKIP, "seen": 0})
    assert skipped.status == 200, skipped.json
    found = skipped.json
    assert (found["state"], found["outcome"], found["reason"]) == ("resolved", "skipped", SKIP["words"])
    assert (found["actions"], found["changes"], found["run_state"]) == ([], 1, "running")
    assert (await act(parties.acme, first["id"], SKIP)).json["changes"] == 1, "the same again changes nothing"
    assert (await act(parties.acme, first["id"], {"action": "retry"})).problem == "exception-closed"
    lines = (await parties.acme.get(f"/v1/runs/{first['run']}/journal")).json["items"]
    assert [one["kind"] for one in lines][-1] == "run.retried"
    told = (await parties.acme.get("/v1/audit?action=exception.skipped")).json["items"]
    assert [(one["target"], one["after"]["reason"]) for one in told] == [(first["id"], SKIP["words"])]


@pytest.mark.usefixtures("desk")
async def test_many_are_skipped_as_a_preview_showed_them(parties: Parties) -> None:
    asked = {"preview": True, "filter": {}, **SKIP}
    seen = (await parties.acme.post("/v1/exceptions/act", asked)).json
    assert [(one["outcome"], one["ends_run"], one["why"]) for one in seen["foreseen"]] == [
        ("skipped", False, None),
        ("skipped", False, None),
        (None, False, NO_SKIP),
    ]
    assert (seen["count"], seen["covered"], seen["refused"]) == (2, 2, 1)
    done = (await parties.acme.post("/v1/exceptions/act", {"token": seen["token"]})).json["done"]
    assert [one["outcome"] for one in done] == ["skipped", "skipped"]
    again = (await parties.acme.post("/v1/exceptions/act", {"token": seen["token"]})).json["done"]
    assert {one["outcome"] for one in again} == {"skipped"}, "told once more, and not done once more"
    assert [one["changes"] for one in await listed(parties.acme, state="resolved")] == [1, 1]


@pytest.mark.usefixtures("desk")
async def test_of_two_one_skips_and_the_other_is_told(parties: Parties) -> None:
    first = (await listed(parties.acme))[0]
    wishes = ({**SKIP, "words": "One."}, {"action": "discard", "words": "Two."})
    answers = await asyncio.gather(*(act(parties.acme, first["id"], one) for one in wishes))
    assert sorted(one.status for one in answers) == [200, 409]
    assert (await parties.acme.get(f"/v1/exceptions/{first['id']}")).json["changes"] == 1


@pytest.mark.usefixtures("desk")
async def test_who_may_not_act_on_the_desk_skips_nothing_and_others_ids_are_nobodys(parties: Parties) -> None:
    first = (await listed(parties.acme))[0]
    reader = parties.nobody.having(await make_key(parties.acme, permissions=["runs:read"]))
    assert (await act(reader, first["id"], SKIP)).status == 403
    for stranger in (parties.sibling, parties.foreign):
        assert (await act(stranger, first["id"], SKIP)).status == 404
        told = await stranger.post("/v1/exceptions/act", {"preview": True, "filter": {"ids": [first["id"]]}, **SKIP})
        assert told.json["covered"] == 0
    assert (await parties.acme.get(f"/v1/exceptions/{first['id']}")).json["changes"] == 0
