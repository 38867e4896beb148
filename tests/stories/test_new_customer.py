"""Story 2: a new customer is approved in the CRM, and is one account everywhere.

The ERP's answer to "create" is lost after it opened the account, the worker is killed in that moment, and worker and
API restart while people decide.

What the CRM and the shop tell of the customer later are events that the test sends, and what warehouse and shop answer
when they are told it says over the API: no simulator of theirs listens.

Not asserted, as it comes later: that a *write* of the shop's address is queued, since no rule on writes knows single
fields; and onboarding time, which is no figure of the product.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

import msgspec
import pytest

from infra import clock
from tests.portal.site import Site
from tests.services.webhooks.receiver import Receiver, receiving, verifies
from tests.stories.town import Town, place

pytestmark = [pytest.mark.faults]
TEMPLATE: Final = "customer-onboarding"
ROLES: Final = ("data-steward", "compliance-officer", "tax-desk", "credit-manager")
MATRIX: Final = (
    {
        "name": "small-limits-go-by-themselves",
        "decision": "customer.credit",
        "amount": {"currency": "USD", "to": 500_000},
        "approver_role": "credit-manager",
        "approvals": 0,
    },
    {"name": "licences", "decision": "customer.licence", "approver_role": "compliance-officer"},
)
APPROVED: Final = {
    "customer": "A-8",
    "segment": "contractor",
    "exemption": {"jurisdiction": "US-IL", "number": "R-8"},
    "restricted": ["refrigerant"],
    "requested_limit": {"amount": 300_000, "currency": "USD"},
}
LICENCE: Final = {"number": "EPA-608-1", "expires_on": "2028-06-30"}
LIVES: Final = {"street": "8 Cold Road", "city": "Springfield", "region": "IL", "postal_code": "62707", "country": "US"}
MOVED: Final = {**LIVES, "street": "80 Warm Road"}


@pytest.fixture
async def town(site: Site) -> AsyncIterator[Town]:
    town = await Town.founded(site, "example-parts", ROLES, MATRIX)
    for system in ("crm", "credit", "tax", "erp"):
        await town.connect(system, "bureau" if system == "credit" else system)
    await town.deploy(TEMPLATE, "crm", "credit", "tax", "erp")
    event = {"type": {"value": "customer.requested"}, "id": {"pointer": "/customer"}}
    await town.listen("approved", "crm", event)
    await town.map("crm-customers", "shop-customers")
    steward = {"owner": "role:data-steward", "deputy": "role:tax-desk"}
    await town.put("/v1/owners", {"kind": "data", "subject": "customer", **steward})
    yield town
    town.stop()


async def told(town: Town, receiver: Receiver) -> str:
    """Have somebody's system told of new customers; the secret that it is signed with."""
    made = await town.post("/v1/webhook-endpoints", {"url": receiver.url, "types": ["customer.created"]})
    secret: str = made["secret"]
    return secret


async def test_story_2_a_new_customer_is_one_account_and_everybody_is_told_once(town: Town) -> None:
    async with receiving() as warehouse, receiving() as shop:
        secrets = [await told(town, one) for one in (warehouse, shop)]
        before = await town.state("erp")
        # What the ERP is asked for: who is alike, twice; whether it was opened; and to open it, whose answer is lost.
        await town.fails("erp", next=["none", "none", "none", "cut-after-accept"])
        town.start_doomed(f"call.answered~{place(TEMPLATE, 'open-account')}")
        assert [await town.webhook("approved", APPROVED) for _ in range(2)] == [202, 200], "the CRM tells it twice"
        run = await town.run(TEMPLATE, "A-8")
        await town.people["compliance-officer"].decide("licence-review", run, "accept", LICENCE)
        await town.dies_at("call.answered")
        filing = await town.people["tax-desk"].task("compliance-file", run)
        await town.restart_api()
        await town.restart_worker()
        await the_proofs_are_somebodys(town, filing)
        output = await town.ended(run)
        await one_account(town, before, output)
        await it_was_read_back(town, run)
        for receiver, secret, system in zip((warehouse, shop), secrets, ("warehouse", "shop"), strict=True):
            await heard(town, receiver, secret, output["customer"])
            await answers_with_its_id(town, receiver, system)
        await its_ids_are_one_entity(town, run, output)
        await an_address_of_the_shop_is_the_stewards(town, output)
        await a_probable_duplicate_waits(town)
        await duplicates_are_a_figure(town)
        assert [one["id"] for one in await town.runs(TEMPLATE, "A-8")] == [run]
        assert [len(one.got) for one in (warehouse, shop)] == [1, 1], "each is told once"


async def the_proofs_are_somebodys(town: Town, filing: dict[str, Any]) -> None:
    """The compliance task has an owner and a due date, and is decided by its role."""
    assert (filing["role"], filing["yours"]) == ("tax-desk", True)
    assert datetime.fromisoformat(filing["due"]) > clock.now()
    assert filing["shown"]["certificate"] == "TX-A8"
    seen = await town.people["data-steward"].ask("GET", f"/v1/tasks/{filing['id']}")
    assert seen.status == 404, "it is no business of another role's"
    said = await town.people["tax-desk"].complete(filing, "filed", {"renew_on": "2028-04-30"})
    assert said.status == 200, said.json


async def one_account(town: Town, before: dict[str, Any], output: dict[str, Any]) -> None:
    """Checked for tax and credit, opened once, and each system knows the other's number of it."""
    state = await town.state("erp")
    assert state["accounts"] == before["accounts"] + 1
    opened = state["opened"]["A-8"]
    assert (opened["code"], opened["tax_status"]) == (output["customer"], "TX-A8")
    assert (opened["terms"], opened["credit_limit"]) == ("NET30", 300_000)
    assert (await town.state("crm"))["revisions"]["A-8"] == 2
    assert (await town.state("credit"))["charged"] == 1
    assert (output["created"], output["exempt"], output["licence"]) == (True, True, "accept")


async def it_was_read_back(town: Town, run: str) -> None:
    """Nobody sent "create" again: the ledger knows that the account was found by its tax number."""
    effects = (await town.get(f"/v1/runs/{run}/effects"))["items"]
    (created,) = [one for one in effects if one["operation"] == "erp.customers.create"]
    assert (created["status"], created["settled_by"]) == ("confirmed", "read-back")


async def heard(town: Town, receiver: Receiver, secret: str, customer: str) -> None:
    async def came() -> bool:
        return bool(receiver.got)

    await town.until(came, "the webhook is to come")
    (got,) = receiver.got
    assert verifies(got, secret) == 1
    assert customer.encode() in got.body


async def answers_with_its_id(town: Town, receiver: Receiver, system: str) -> None:
    """As a system does that was told: by the entity in the message it says what the customer's number is there."""
    (got,) = receiver.got
    entity = msgspec.json.decode(got.body)["data"]["entity"]
    await town.post(f"/v1/entities/{entity}/keys", {"system": system, "value": f"{system}-8"})


async def its_ids_are_one_entity(town: Town, run: str, output: dict[str, Any]) -> None:
    """The cross-reference has each system's id: the run's links once each, though its worker died, and the others'."""
    found = (await town.get(f"/v1/entities?kind=customer&system=crm&value={APPROVED['customer']}"))["items"]
    (entity,) = found
    assert entity["id"] == output["entity"]
    assert {one["system"]: one["value"] for one in entity["keys"]} == {
        "crm": APPROVED["customer"],
        "erp": output["customer"],
        "shop": "shop-8",
        "warehouse": "warehouse-8",
    }
    lines = (await town.get(f"/v1/entities/{entity['id']}/history"))["items"][::-1]
    assert [(one["what"], one["keys"][0]["system"]) for one in lines] == [
        ("created", "erp"),
        ("linked", "crm"),
        ("linked", "warehouse"),
        ("linked", "shop"),
    ]
    assert [one["by"] for one in lines[:2]] == [f"run:{run}"] * 2


async def an_address_of_the_shop_is_the_stewards(town: Town, output: dict[str, Any]) -> None:
    """The CRM owns the address: another one of the shop's stands in the steward's queue, and in no system."""
    entity, systems = output["entity"], ("crm", "erp")
    before = [await town.state(one) for one in systems]
    await tells(town, "crm", "first", str(APPROVED["customer"]), LIVES)
    await known(town, entity, ["crm"], LIVES)
    await tells(town, "shop", "moved", "shop-8", MOVED)
    record = await known(town, entity, ["crm", "shop"], LIVES)
    assert record["conflicts"] == [{"path": "address/street", "leader": "crm", "system": "shop"}]
    (waiting,) = (await town.get("/v1/exceptions?cause=master-data"))["items"]
    assert (waiting["state"], waiting["category"], waiting["entity"]) == ("open", "data", "customer")
    assert waiting["owner"] == "role:data-steward"
    assert [await town.state(one) for one in systems] == before, "nothing is written into any system"
    # The steward has it changed where it belongs, and it is so.
    await tells(town, "crm", "second", str(APPROVED["customer"]), MOVED, day=17)
    record = await known(town, entity, ["crm", "shop"], MOVED)
    assert record["conflicts"] == []
    assert (await town.get(f"/v1/exceptions/{waiting['id']}"))["state"] == "resolved"


async def tells(town: Town, system: str, name: str, number: str, address: dict[str, str], day: int = 16) -> None:
    """A system tells of the customer, under its own number of it."""
    data = {"number": number, "name": "Tidy Cold Air", "at": f"2026-01-{day}T09:30:00Z", "address": address}
    assert await town.send(f"{system}.customer", f"{system}-{name}", data) == 202


async def known(town: Town, entity: str, systems: list[str], address: dict[str, str]) -> dict[str, Any]:
    """The record, as soon as these have spoken and this is the address."""

    async def found() -> dict[str, Any] | None:
        answer: dict[str, Any] = await town.get(f"/v1/entities/{entity}/record")
        said = (answer["record"] or {}).get("address")
        return answer if (answer["systems"], said) == (systems, address) else None

    record: dict[str, Any] = await town.until(found, f"{systems} are to have said {address}")
    return record


async def duplicates_are_a_figure(town: Town) -> None:
    """Of two requests that are done, one was a probable duplicate; each decision of a person is a touch, once."""
    (summary,) = (await town.get("/v1/touches/summary"))["items"]
    assert (summary["template"], summary["runs"]) == (TEMPLATE, 2)
    assert {one["step"]: one["touches"] for one in summary["steps"]} == {
        "licence-review": 1,
        "compliance-file": 1,
        "probable-duplicate": 1,
    }


async def a_probable_duplicate_waits(town: Town) -> None:
    """Nothing is written before the data steward has decided; then the account that is there is linked."""
    before = await town.state("erp")
    assert await town.webhook("approved", {"customer": "A-10", "segment": "contractor"}) == 202
    run = await town.run(TEMPLATE, "A-10")
    steward = town.people["data-steward"]
    task = await steward.task("probable-duplicate", run)
    await town.restart_worker()
    state = await town.state("erp")
    assert (state["accounts"], state["opened"]) == (before["accounts"], before["opened"])
    assert (await town.state("crm"))["revisions"]["A-10"] == 1
    assert task["shown"]["candidates"][0]["number"] == "ACME-001"
    said = await steward.complete(task, "same-customer", {"account": "ACME-001"})
    assert said.status == 200, said.json
    output = await town.ended(run)
    assert (output["created"], output["customer"]) == (False, "ACME-001")
    (entity,) = (await town.get("/v1/entities?kind=customer&system=erp&value=ACME-001"))["items"]
    assert [(one["system"], one["value"]) for one in entity["keys"]] == [("crm", "A-10"), ("erp", "ACME-001")]
    assert (await town.state("erp"))["accounts"] == before["accounts"]
