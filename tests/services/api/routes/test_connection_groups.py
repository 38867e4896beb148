"""Connection groups over the API: tried, bound, changed, and what a run chose by them (ADR 0083)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.connectors import choices
from services.connectors.choices import Choices
from services.connectors.sdk.errors import Refusal
from services.engine.functions import Call
from tests.asgi import Caller
from tests.services.api.parties import Parties, make_key

ERP: dict[str, Any] = {
    "connector": "erp-simulator",
    "settings": {"base_url": "http://127.0.0.1:9", "allow_http": True},
    "secrets": {"token": "simulator-token"},
}
KEYS = [{"system": "west", "value": "C-1"}, {"system": "shop", "value": "77"}]


@pytest.fixture
async def ways(parties: Parties) -> dict[str, str]:
    """Ids of two ERPs and of the group that leads to them: by site to `east`, by who knows the customer to `west`."""
    made = {}
    for name in ("west", "east"):
        made[name] = (await parties.acme.post("/v1/connections", {**ERP, "name": name})).json["id"]
    rules = [
        {"connection": made["east"], "when": {"site": ["reno"]}},
        {"connection": made["west"], "when": {"owner": ["west"]}},
    ]
    answer = await parties.acme.post("/v1/connection-groups", {"name": "erps", "rules": rules})
    assert answer.status == 201, answer.body
    return {**made, "group": answer.json["id"]}


async def trial(caller: Caller, group: str, facts: dict[str, Any]) -> Any:
    return await caller.post(f"/v1/connection-groups/{group}/try", {"for": facts})


async def test_a_trial_says_where_a_call_would_go_and_for_whom_there_is_no_rule(
    parties: Parties, ways: dict[str, str]
) -> None:
    acme, group = parties.acme, ways["group"]
    assert (await acme.post("/v1/entities", {"kind": "customer", "keys": KEYS})).status == 201
    assert (await trial(acme, group, {"site": "reno"})).json == {
        "connection": ways["east"], "rule": 1, "owners": [], "missing": None,
    }  # fmt: skip
    known = {"record": {"kind": "customer", "system": "shop", "id": "77"}}
    assert (await trial(acme, group, known)).json == {
        "connection": ways["west"], "rule": 2, "owners": ["shop", "west"], "missing": None,
    }  # fmt: skip
    nobody = (await trial(acme, group, {"site": "austin"})).json
    assert (nobody["connection"], nobody["rule"]) == (None, None)
    assert nobody["missing"] == "site `austin`; the call says no record"
    wrong = await trial(acme, group, {"plant": "reno"})
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/for")


async def test_S_05_a_run_tells_what_it_chose_and_for_whom_alone_to_who_reads_payloads(
    parties: Parties, ways: dict[str, str], worker_database: Database
) -> None:
    acme = parties.acme
    body = {"name": "orders", "template": {"name": "order-release"}, "bindings": {"erp": ways["group"]}}
    made = await acme.post("/v1/deployments", body)
    assert (made.status, made.json["bindings"]) == (201, {"erp": ways["group"]}), made.body
    event = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.captured", "data": {}}
    headers = {"content-type": "application/cloudevents+json"}
    run = (await acme.post("/v1/events", event, headers=headers)).json["runs"][0]
    assert (await acme.get(f"/v1/runs/{run}/choices")).json == {"items": []}
    call = Call(
        function="connector:1.0.0@default",
        arguments={"connection": "erp", "operation": "erp.customers.credit", "for": {"site": "reno"}},
        reference="/do/0/credit",
        key="key",
        tenant=TenantId(ids.read("ten", parties.ids["acme:live"])),
        run=ids.read("run", run),
        groups={"erp": ids.read("grp", ways["group"])},
    )
    wanted = choices.wanted(call)
    assert wanted is not None
    await Choices(worker_database).choose(call, wanted)
    nobody = choices.wanted(replace(call, arguments={**call.arguments, "for": {"site": "canary-7213"}}))
    assert nobody is not None
    with pytest.raises(Refusal, match="is for site `canary-7213`") as told_of:
        await Choices(worker_database).choose(call, nobody)
    assert told_of.value.title == "The connection group `erps` has no rule for this call"
    path = f"/v1/connection-groups/{ways['group']}"
    changed = await acme.send("PATCH", path, {"rules": [{"connection": ways["west"]}]})
    assert (changed.status, changed.json["revision"]) == (200, 2), changed.body
    (chosen,) = (await acme.get(f"/v1/runs/{run}/choices")).json["items"]
    told = {name: chosen[name] for name in ("name", "facts", "connection", "group", "group_revision", "rule")}
    assert told == {
        "name": "erp", "facts": {"site": "reno"}, "connection": ways["east"], "group": ways["group"],
        "group_revision": 1, "rule": 1,
    }  # fmt: skip
    for permissions in (["runs:read"], ["runs:read", "payloads:masked"]):
        reader = parties.nobody.having(await make_key(acme, permissions=permissions))
        (shown,) = (await reader.get(f"/v1/runs/{run}/choices")).json["items"]
        assert shown == {**chosen, "facts": {"site": None}}
    assert (await acme.get(f"/v1/deployments/{made.json['id']}")).json["revision"] == 1
    refused = await acme.send("PATCH", path, {"rules": [{"connection": "con_nobody"}]})
    assert (refused.status, refused.json["errors"][0]["detail"]) == (422, "there is no such connection")
