"""What a deployment is made of: the same of two clients has the same digest, and what differs is seen."""

from __future__ import annotations

from typing import Any

from tests.services.api.parties import Parties
from tests.services.api.routes.test_readiness import ERP

BODY: dict[str, Any] = {"name": "orders", "template": {"name": "order-release", "version": "1.2.0"}}


async def materials(caller: Any, prefix: str, connection: str, **parameters: Any) -> Any:
    body = {**BODY, "bindings": {"erp": connection}, "parameters": parameters}
    made = await caller.post(f"{prefix}/deployments", body)
    assert made.status == 201, made.body
    answer = await caller.get(f"{prefix}/deployments/{made.json['id']}/materials")
    assert answer.status == 200, answer.body
    return answer.json


async def test_two_clients_are_compared_by_what_their_deployments_are_made_of(parties: Parties) -> None:
    found = []
    for prefix in ("/v1/clients/acme/test", "/v1/clients/sibling/test"):
        made = await parties.north.post(f"{prefix}/connections", ERP)
        assert made.status == 201, made.body
        found.append(await materials(parties.north, prefix, made.json["id"], credit_tolerance_percent=5))
    first, second = found
    assert first == second
    assert (first["template"]["name"], first["template"]["version"]) == ("order-release", "1.2.0")
    assert len(first["template"]["digest"]) == len(first["workflow"]["digest"]) == 64
    forms = ["complete-order", "duplicate-order", "price-mismatch", "short-stock"]
    assert [one["name"] for one in first["forms"]] == forms
    (erp,) = first["connectors"]
    assert (erp["name"], erp["connector"], erp["level"]) == ("erp", "erp-simulator", "simulated")
    assert {"credit-manager", "pricing-desk"} <= {one["name"] for one in first["roles"]}
    assert [one["level"] for one in first["rules"]] == ["operator", "partner", "client"]
    calendar = {"time_zone": "UTC", "default": True, "week": {"monday": [{"opens": "08:00", "closes": "17:00"}]}}
    assert (await parties.north.send("PUT", "/v1/clients/acme/test/calendars/office", calendar)).status in {200, 201}
    deployments = (await parties.north.get("/v1/clients/acme/test/deployments")).json["items"]
    again = await parties.north.get(f"/v1/clients/acme/test/deployments/{deployments[0]['id']}/materials")
    assert again.json["calendars"] == [{"name": "office", "version": 1}]
    assert again.json["digest"] != first["digest"]
