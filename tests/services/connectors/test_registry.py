from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from services.connectors.builtin import all_connectors
from services.connectors.builtin.http import Http
from services.connectors.builtin.tryton.rights import RIGHTS
from services.connectors.capabilities.contracts import ACCOUNT, BILLING, CREATE_ORDER, INVOICES, MATCH, SHIPMENTS
from services.connectors.registry import Registry
from services.connectors.sdk.context import Context
from services.connectors.sdk.manifest import Operation


def test_both_erps_offer_the_same_operations_and_tryton_is_watched_too() -> None:
    registry = Registry(all_connectors())
    simulated, tryton = (
        {one.name: (one.input, one.output) for one in connector.manifest.operations}
        for name in ("erp-simulator", "tryton")
        if (connector := registry.connector(name)) is not None
    )
    both = simulated.keys() & tryton.keys()
    assert both >= {"erp.customers.credit", "erp.items.availability", CREATE_ORDER, *BILLING, ACCOUNT, MATCH}
    assert {name: simulated[name] for name in both} == {name: tryton[name] for name in both}
    assert tryton.keys() - both == {SHIPMENTS, INVOICES, RIGHTS}


def test_every_schema_is_a_valid_json_schema() -> None:
    for connector in all_connectors():
        for schema in [
            connector.manifest.settings,
            *(part for one in connector.manifest.operations for part in (one.input, one.output)),
        ]:
            assert jsonschema_rs.meta.is_valid(schema)


def test_F_03_an_operation_that_is_repeated_by_call_needs_a_connector_that_tells() -> None:
    class Silent:
        manifest = Http.manifest

        async def call(self, operation: str, values: Any, context: Context) -> Any:
            raise NotImplementedError

    with pytest.raises(ValueError, match=r"http\.request"):
        Registry([Silent()])


def test_F_03_only_what_is_looked_for_before_each_write_may_even_out_two_writes() -> None:
    with pytest.raises(ValueError, match="evens out"):
        Operation(name="write", title="", mode="keyed", input={}, output={}, evens_out=True)
    created = {one: Registry(all_connectors()).operation(one, CREATE_ORDER) for one in ("tryton", "erp-simulator")}
    evens_out = {name: checked is not None and checked.operation.evens_out for name, checked in created.items()}
    assert evens_out == {"tryton": True, "erp-simulator": False}


def test_two_connectors_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="http"):
        Registry([Http(), Http()])


def test_unknown_names_are_none() -> None:
    registry = Registry(all_connectors())
    assert "nothing" not in registry
    assert registry.connector("nothing") is None
    assert registry.operation("tryton", "nothing") is None
