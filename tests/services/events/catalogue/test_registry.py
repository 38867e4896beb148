"""The event types that everybody knows, and how their schemas grow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from services.events.catalogue import release
from services.events.catalogue.registry import RELEASED, find, released_schemas, types
from template_library.schemas import check

ORDERS = (
    "captured changed validated held released allocated backordered substituted pick_released picked packed shipped "
    "delivered invoiced cancelled returned closed"
)
NAMES = {
    "order": ORDERS,
    "shipment": "dispatched delayed delivered",
    "inventory": "changed counted adjusted drift_detected",
    "invoice": "ready posted disputed credited",
    "payment": "received",
    "return": "requested authorised received dispositioned credited",
    "customer": "requested approved created updated",
    "item": "updated",
    "price": "updated",
    "supplier": "*",
    "po": "suggested approved sent acknowledged received matched",
    "claim": "*",
    "exception": "opened assigned resolved",
    "hold": "raised cleared",  # beside the standard's: what keeps an order is heard by other systems (ADR 0104)
    "task": "*",
    "connection": "down recovered",
}


def _apart(schema: dict[str, Any]) -> dict[str, Any]:
    """A copy in which nothing is the same object twice."""
    copied: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(schema))
    return copied


def test_the_types_are_those_of_the_standard_and_no_others() -> None:
    assert set(types()) == {f"{record}.{name}" for record, names in NAMES.items() for name in names.split()}


def test_each_has_a_released_schema_that_is_the_present_one() -> None:
    # After a change of types.yaml: `python -m services.events.catalogue.release`, which refuses one that would break.
    present = {name: one.schema for name, one in types().items()}
    assert release.following(released_schemas(), present) == released_schemas()
    assert RELEASED.read_text() == release.written(released_schemas())
    for name, one in types().items():
        jsonschema_rs.meta.validate(one.schema)
        assert one.version >= 1, name
        assert one.seconds > 0
        assert one.publisher


def test_every_version_could_take_the_place_of_the_one_before() -> None:
    for name, versions in released_schemas().items():
        assert sorted(map(int, versions)) == list(range(1, len(versions) + 1)), name
        for number in range(1, len(versions)):
            release.following({name: {"1": versions[str(number)]}}, {name: versions[str(number + 1)]})


def test_an_incompatible_change_is_refused_with_the_path_that_breaks() -> None:
    present: dict[str, Any] = {name: _apart(one.schema) for name, one in types().items()}
    present["order.held"]["properties"]["number"]["maxLength"] = 10
    present["order.held"]["required"] = ["number", "reason"]
    del present["item.updated"]
    with pytest.raises(release.Refused) as refused:
        release.following(released_schemas(), present)
    lines = str(refused.value).splitlines()
    assert lines[0] == "item.updated: is gone"
    assert lines[1].startswith("order.held: /properties/number/maxLength was 512 and would be 10")
    assert lines[2].startswith("order.held: /required would demand `reason`")


def test_a_compatible_change_is_the_next_version() -> None:
    present: dict[str, Any] = {name: _apart(one.schema) for name, one in types().items()}
    present["order.held"]["properties"]["hold"] = {"type": "string"}
    after = release.following(released_schemas(), present)
    assert set(after["order.held"]) == {"1", "2"}
    assert after["order.held"]["1"] == released_schemas()["order.held"]["1"]
    assert set(after["order.captured"]) == {"1"}


def test_a_family_stands_for_its_types_and_a_type_for_itself() -> None:
    supplier, order = find("supplier.approved"), find("order.held")
    assert supplier is not None
    assert supplier.name == "supplier.*"
    assert order is not None
    assert (order.name, order.state) == ("order.held", "held")
    assert find("order.lost") is None
    assert find("supplier") is None
    assert find("") is None


def test_the_example_and_the_templates_samples_are_of_their_schemas() -> None:
    root = Path(__file__).parents[4]
    files = [root / "docs/examples/order.json", *root.glob("template_library/templates/*/*/sample.json")]
    assert len(files) > 2
    for file in files:
        event = msgspec.json.decode(file.read_bytes())
        known = find(event["type"])
        assert known is not None
        assert check(known.schema, event["data"]) == [], file


def test_an_event_of_an_order_names_the_state_of_its_type() -> None:
    held = types()["order.held"].schema
    assert check(held, {"number": "1", "state": "held"}) == []
    assert [one.pointer for one in check(held, {"number": "1", "state": "released"})] == ["/state"]
    assert check(types()["order.substituted"].schema, {"number": "1", "state": "picked"}) == []
