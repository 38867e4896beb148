"""Whose of several connections a call goes to where it names several records (ADR 0083)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from infra.database import Database
from services.connectors import choices
from services.connectors.choices import Choices
from services.connectors.sdk.errors import Refusal
from services.records.keys import Key
from tenants.connections.rules import When
from tests.services.connectors.test_choosing import Yard, a_call
from tests.world import make_tenant


@pytest.fixture
async def yard(app_database: Database, worker_database: Database) -> Yard:
    return Yard(app_database, worker_database, await make_tenant(app_database))


async def test_of_several_records_the_first_counts_whose_owner_a_rule_names(yard: Yard) -> None:
    """An order that the old ERP has stays there, though both know its customer; one that only the shop has does not."""
    await yard.connect("erp-old", "erp-new")
    await yard.make(("erp-new", When(owner=("erp-new",))), ("erp-old", When(owner=("erp-old",))))
    await yard.know("customer", Key("erp-new", "C-1"), Key("erp-old", "C-1"))
    await yard.know("sales-order", Key("erp-old", "SO-1"))
    await yard.know("sales-order", Key("shop", "SO-2"))
    call, found = await a_call(yard), Choices(yard.worker)

    async def chosen(order: str | None) -> str:
        records = [{"kind": "sales-order", "id": order}, {"kind": "customer", "id": "C-1"}, None]
        one = choices.wanted(replace(call, arguments={**call.arguments, "for": {"record": records}}))
        assert one is not None
        return yard.names[await found.choose(call, one)]

    assert [await chosen(one) for one in ("SO-1", "SO-2", None)] == ["erp-old", "erp-new", "erp-new"]
    async with yard.app.tenant(yard.world.tenant_id) as connection:
        kept = await choices.of_run(connection, yard.world.tenant_id, call.run)
    assert [len(one.facts.records) for one in kept] == [2, 2, 1]
    with pytest.raises(Refusal, match="`for` of the call cannot be read"):
        choices.wanted(replace(call, arguments={**call.arguments, "for": {"record": [{"kind": "customer"}]}}))


async def test_whose_an_ambiguous_record_is_matters_only_where_the_owner_chooses(yard: Yard) -> None:
    """After an acquisition both ERPs have a customer C-1, and the company says which is meant."""
    await yard.connect("erp-west", "erp-east")
    await yard.make(("erp-west", When(company=("100",))), ("erp-east", When(owner=("erp-east",))))
    await yard.know("customer", Key("erp-east", "C-1"))
    await yard.know("customer", Key("erp-west", "C-1"))
    call, found = await a_call(yard), Choices(yard.worker)

    async def chosen(company: str | None, customer: str | None) -> str:
        facts = {"company": company, "record": {"kind": "customer", "id": customer}}
        one = choices.wanted(replace(call, arguments={**call.arguments, "for": facts}))
        assert one is not None
        return yard.names[await found.choose(call, one)]

    assert await chosen("100", "C-1") == "erp-west"
    with pytest.raises(Refusal, match="is another one in each of several systems"):
        await chosen("200", "C-1")
    with pytest.raises(Refusal, match="says no company and no record"):
        await chosen(None, None)
