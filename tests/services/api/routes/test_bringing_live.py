"""A partner brings a client live by the API: connection, workflow, deployment; and what is refused on the way."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.asgi import Answer, Caller
from tests.services.api.routes.conftest import PREFIX, Cast

TOKEN = "simulator-token-canary-4711"  # noqa: S105 - what must never show
ERP: dict[str, Any] = {
    "name": "erp",
    "connector": "erp-simulator",
    "settings": {"base_url": "http://127.0.0.1:9", "allow_http": True},
    "secrets": {"token": TOKEN},
}


async def connect(caller: Caller, name: str = "erp", prefix: str = "/v1", **more: Any) -> str:
    answer = await caller.post(f"{prefix}/connections", {**ERP, "name": name, **more})
    assert answer.status == 201, answer.body
    key: str = answer.json["id"]
    return key


def document(version: str = "1.0.0", **head: Any) -> dict[str, str]:
    described = {"dsl": "1.0.3", "namespace": "tests", "name": "greet", "version": version, **head}
    return {
        "document": msgspec.json.encode({"document": described, "do": [{"a": {"set": {"ok": "${ .x }"}}}]}).decode()
    }


def pointers(answer: Answer) -> list[str]:
    assert answer.status == 422, answer.body
    return sorted(error["pointer"] for error in answer.json["errors"])


async def test_a_template_goes_live_on_a_connection(cast: Cast) -> None:
    listed = await cast.partner.get("/v1/templates?name=order-release")
    assert [one["version"] for one in listed.json["items"]] == ["1.0.0", "1.1.0", "1.2.0"]
    template = (await cast.partner.get("/v1/templates/order-release")).json
    assert template["connections"]["erp"]["operations"][0] == "erp.customers.credit"
    assert template["parameters"]["type"] == "object"
    erp = await connect(cast.partner, prefix=PREFIX)
    made = await cast.partner.post(
        f"{PREFIX}/deployments",
        {"name": "orders", "template": {"name": "order-release"}, "bindings": {"erp": erp}},
    )
    assert made.status == 201, made.body
    assert made.json["trigger"] == {"type": "order.captured"}
    assert made.json["workflow"]["template"] == "order-release@1.2.0"
    assert made.json["bindings"] == {"erp": erp}
    shown = await cast.client.get(f"/v1/deployments/{made.json['id']}")
    assert shown.json == made.json
    revised = await cast.client.send(
        "PATCH", f"/v1/deployments/{made.json['id']}", {"parameters": {"credit_tolerance_percent": 5}}
    )
    assert (revised.json["revision"], revised.json["bindings"]) == (2, {"erp": erp})
    disabled = await cast.client.post(f"/v1/deployments/{made.json['id']}/disable")
    assert (disabled.status, disabled.json["status"]) == (200, "disabled")
    assert (await cast.client.get("/v1/deployments?status=active")).json["items"] == []
    actions = [one["action"] for one in (await cast.client.get("/v1/audit")).json["items"]]
    assert actions[:5] == [
        "deployment.disabled",
        "deployment.revised",
        "deployment.created",
        "workflow.published",
        "connection.created",
    ]


async def test_S_70_no_answer_holds_a_secret(cast: Cast) -> None:
    erp = await connect(cast.client)
    answers = [
        await cast.client.get(f"/v1/connections/{erp}"),
        await cast.client.get("/v1/connections"),
        await cast.client.get("/v1/audit"),
        await cast.client.send("PATCH", f"/v1/connections/{erp}", {"secrets": {"token": TOKEN, "other": TOKEN}}),
        await cast.client.send("PATCH", f"/v1/connections/{erp}", {"secrets": {"token": TOKEN}}),
        await cast.client.post("/v1/connections", {**ERP, "connector": "none"}),
        await cast.client.post("/v1/connections", {**ERP, "secrets": {"token": [TOKEN]}}),
    ]
    assert [answer.status for answer in answers] == [200, 200, 200, 422, 200, 422, 422]
    assert all(TOKEN not in answer.body.decode() for answer in answers)
    token = answers[0].json["secrets"]["token"]
    assert (token["set"], token["last4"]) == (True, "4711")


async def test_who_may_not_change_a_connection_sees_neither_where_it_leads_nor_its_secrets(cast: Cast) -> None:
    """The portal of a client's people needs its name; an address inside the client's network is nothing for a page."""
    erp = await connect(cast.client)
    permissions = ["connections:read"]
    made = await cast.client.post("/v1/keys", {"name": "reader", "permissions": permissions})
    reader = cast.client.having(made.json["key"])
    whole = (await cast.client.get(f"/v1/connections/{erp}")).json
    assert whole["settings"]["base_url"] == ERP["settings"]["base_url"]
    seen = {name: value for name, value in whole.items() if name not in {"settings", "secrets"}}
    assert (await reader.get(f"/v1/connections/{erp}")).json == seen
    listed = await reader.get("/v1/connections")
    assert listed.json["items"] == [seen]
    assert b"4711" not in listed.body


async def test_another_erp_by_changing_the_connection_alone(cast: Cast) -> None:
    erp = await connect(cast.client)
    moved = await cast.client.send(
        "PATCH",
        f"/v1/connections/{erp}",
        {"settings": {"base_url": "http://127.0.0.1:8", "allow_http": True}, "secrets": {"token": TOKEN}},
    )
    assert (moved.status, moved.json["revision"]) == (200, 2)
    stray = {"settings": {"base_url": "https://evil.example"}}
    assert pointers(await cast.client.send("PATCH", f"/v1/connections/{erp}", stray)) == ["/secrets/token"]


async def test_S_67_unknown_members_are_refused(cast: Cast) -> None:
    for path, body in (
        ("/v1/connections", {**ERP, "tenant_id": "x"}),
        ("/v1/connections", {**ERP, "revision": 9}),
        ("/v1/workflows", {**document(), "verified": True}),
        ("/v1/deployments", {"name": "a", "workflow": "wfv_x", "status": "active"}),
    ):
        assert (await cast.client.post(path, body)).status == 422, body
    erp = await connect(cast.client)
    changed = await cast.client.send("PATCH", f"/v1/connections/{erp}", {"created_at": "2026-01-01T00:00:00Z"})
    assert pointers(changed) == ["/created_at"]


async def test_S_02_foreign_ids_read_as_unknown_ones(cast: Cast) -> None:
    foreign = await connect(cast.rival)
    unknown = foreign[:-6] + "zzzzz" + foreign[-1]
    body = {"name": "orders", "template": {"name": "order-release"}}
    answers = [
        (await cast.client.post("/v1/deployments", {**body, "bindings": {"erp": one}})).json["errors"]
        for one in (foreign, unknown, "con_nonsense", "'; --")
    ]
    assert all(answer == answers[0] for answer in answers)
    assert [error["pointer"] for error in answers[0]] == ["/bindings/erp"]
    for method, path in (("GET", ""), ("PATCH", ""), ("POST", "/disable")):
        answer = await cast.client.send(method, f"/v1/connections/{foreign}{path}", {} if method == "PATCH" else None)
        assert (answer.status, answer.problem) == (404, "not-found")
    workflow = (await cast.rival.post("/v1/workflows", document())).json["id"]
    assert (await cast.client.get(f"/v1/workflows/{workflow}")).status == 404
    assert pointers(await cast.client.post("/v1/deployments", {"name": "x", "workflow": workflow})) == ["/workflow"]
    assert (await cast.partner.get(f"{PREFIX}/connections/{foreign}")).status == 404


async def test_workflows_are_published_once(cast: Cast) -> None:
    first, again = [await cast.client.post("/v1/workflows", document()) for _ in range(2)]
    assert ([first.status, again.status], again.json) == ([201, 200], first.json)
    other = await cast.client.post("/v1/workflows", document(title="Changed"))
    assert (other.status, other.problem) == (409, "version-taken")
    detail = await cast.client.get(f"/v1/workflows/{first.json['id']}")
    assert detail.json["document"] == document()["document"]


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("", "/document"),
        ("do: []", ""),
        (document()["document"].replace("${ .x }", "${ .x | nonsense }"), "/do/0/a/set/ok"),
        (document()["document"].replace("${ .x }", "${ input }"), "/do/0/a/set/ok"),
    ],
)
async def test_a_bad_document_is_refused_where_it_is_bad(cast: Cast, text: str, pointer: str) -> None:
    assert pointer in pointers(await cast.client.post("/v1/workflows", {"document": text}))


async def test_lists_page_and_filter(cast: Cast) -> None:
    made = [await connect(cast.client, f"erp-{n}") for n in range(3)]
    first = (await cast.client.get("/v1/connections?limit=2")).json
    assert [one["id"] for one in first["items"]] == [made[2], made[1]]
    rest = (await cast.client.get(f"/v1/connections?limit=2&cursor={first['next']}")).json
    assert ([one["id"] for one in rest["items"]], rest["next"]) == ([made[0]], None)
    assert (await cast.rival.get(f"/v1/connections?limit=2&cursor={first['next']}")).problem == "bad-cursor"
    named = (await cast.client.get("/v1/connections?name=erp-1")).json["items"]
    assert [one["id"] for one in named] == [made[1]]
    assert (await cast.client.get("/v1/connections?colour=red")).problem == "unknown-parameter"
    for path in ("workflows", "deployments"):
        assert (await cast.client.get(f"/v1/{path}?limit=1")).json == {"items": [], "next": None}


async def test_usage_is_read_by_day_and_kind(cast: Cast) -> None:
    assert (await cast.partner.get(f"{PREFIX}/usage")).json == {"items": [], "next": None}
    answer = await cast.client.get("/v1/usage?from=2026-02-02&to=2026-02-01")
    assert (answer.status, answer.problem) == (400, "bad-period")
    assert (await cast.client.get("/v1/usage?from=yesterday")).status == 400
    assert (await cast.client.get("/v1/usage?from=2026-01-01&to=2026-01-31&kind=run")).status == 200


async def test_unknown_templates(cast: Cast) -> None:
    assert (await cast.client.get("/v1/templates/nothing")).status == 404
    assert (await cast.client.get("/v1/templates/order-release?version=9.0.0")).status == 404
    body = {"name": "a", "template": {"name": "order-release", "version": "9.0.0"}}
    assert pointers(await cast.client.post("/v1/deployments", body)) == ["/template"]
    assert pointers(await cast.client.post("/v1/deployments", {"name": "a"})) == ["/workflow"]
