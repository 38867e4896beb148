"""A partner's own kinds of exceptions go with its document: published, deployed, promoted, shown with their runbook."""

from __future__ import annotations

from typing import Any

import pytest

from infra.database import Database
from infra.ids import TenantId
from services.engine.claims import Claims
from tests.services.exceptions.standing import fault
from tests.services.portal.staff import chief
from tests.services.portal.visitors import House, Visitor
from tests.world import start_runs, write

TEST, LIVE = "/v1/clients/acme/test", "/v1/clients/acme/live"
TEXT = """
document:
  dsl: 1.0.3
  namespace: own
  name: credit-release
  version: %s
  metadata:
    exceptions:
      customer-unknown:
        title: The ERP does not know the customer
        category: failed
        owner: credit-clerk
        within: PT4H
        runbook: |
          # The ERP does not know the customer

          1. Search it by tax number.
schedule: { on: { one: { with: { type: order.captured } } } }
do:
  - refuse:
      raise: { error: { type: 'https://own.example/errors/%s', status: 422, title: The customer is not known } }
"""
KIND = "customer-unknown"


@pytest.fixture
async def boss(house: House, app_database: Database) -> Visitor:
    return await chief(house, app_database)


async def test_a_kind_of_ones_own_is_at_the_desk_wherever_its_document_went(
    house: House, boss: Visitor, app_database: Database, worker_database: Database
) -> None:
    north = house.operator.having(house.keys["north"])
    published = await north.post(f"{TEST}/workflows", {"document": TEXT % ("1.0.0", KIND)})
    assert published.status == 201, published.body
    wanted: dict[str, Any] = {"name": "credit", "workflow": published.json["id"], "bindings": {}}
    made = await north.post(f"{TEST}/deployments", wanted)
    assert made.status == 201, made.body
    told = {"from": {"environment": "test", "deployment": "credit"}, "note": "tried"}
    proposed = await north.post(f"{LIVE}/promotions", told)
    assert proposed.status == 201, proposed.body
    at = f"/v1/promotions/{proposed.json['id']}/approve"
    assert (await boss.send("POST", at, {"note": "as agreed"})).status == 200
    tenant = TenantId(house.ids["acme"])
    await start_runs(app_database, tenant, 1)
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    assert await write(worker_database, fault(claim, f"https://own.example/errors/{KIND}")) == ["committed"]
    (one,) = (await boss.get("/v1/exceptions?kind=customer-unknown")).json["items"]
    assert (one["kind"], one["kind_title"]) == (KIND, "The ERP does not know the customer")
    assert one["template"] is None
    shown = (await boss.get(f"/v1/exceptions/{one['id']}")).json
    assert shown["runbook"] == "# The ERP does not know the customer\n\n1. Search it by tax number.\n"


async def test_a_kind_that_the_document_does_not_declare_is_refused_as_it_is_published(house: House) -> None:
    north = house.operator.having(house.keys["north"])
    refused = await north.post(f"{TEST}/workflows", {"document": TEXT % ("1.0.0", "customer-unknow")})
    assert (refused.status, refused.problem) == (422, "invalid-document")
    (error,) = refused.json["errors"]
    assert error["pointer"] == "/do/0/refuse/raise/error"
    assert "`customer-unknow` is none of the kinds of exceptions" in error["detail"]
    assert "did you mean `customer-unknown`" in error["detail"]
