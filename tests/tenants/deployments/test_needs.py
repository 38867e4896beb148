"""Which connections a document uses: found wherever they stand, refused where an expression chooses (S-38)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from template_library.dsl import parse
from template_library.manifest import ConnectionNeed, Manifest
from tenants.deployments import needs


def document(*tasks: dict[str, Any], **use: Any) -> str:
    head = {"dsl": "1.0.3", "namespace": "tests", "name": "needs", "version": "1.0.0"}
    whole: dict[str, Any] = {"document": head, "do": list(tasks)}
    if use:
        whole["use"] = use
    return msgspec.json.encode(whole).decode()


def call(connection: Any, operation: Any = "erp.customers.credit") -> dict[str, Any]:
    return {"call": "connector:1.0.0@default", "with": {"connection": connection, "operation": operation}}


def test_operations_are_joined_by_connection() -> None:
    text = document({"a": call("erp")}, {"b": call("erp", "erp.items.availability")}, {"c": call("shop", "shop.read")})
    found, uncertain = needs.find(parse(text))
    assert {name: sorted(need.operations) for name, need in found.items()} == {
        "erp": ["erp.customers.credit", "erp.items.availability"],
        "shop": ["shop.read"],
    }
    assert uncertain == []


@pytest.mark.parametrize(
    "text",
    [
        document({"a": {"do": [{"b": {"do": [{"c": call("hidden")}]}}]}}),
        document({"a": {"call": "mine"}}, functions={"mine": call("hidden")}),
        document({"a": {"call": "mine"}}, functions={"mine": {"do": [{"b": call("hidden")}]}}),
        document({"a": {"set": {"x": 1}, "then": "end"}}, {"b": {"if": "${ false }", **call("hidden")}}),
    ],
)
def test_S_38_a_connection_is_found_wherever_it_stands(text: str) -> None:
    assert list(needs.find(parse(text))[0]) == ["hidden"]


@pytest.mark.parametrize("member", ["connection", "operation"])
def test_S_38_no_expression_chooses_a_connection_or_an_operation(member: str) -> None:
    task = call("erp")
    task["with"][member] = "${ .choice }"
    found, uncertain = needs.find(parse(document({"a": {"do": [{"b": task}]}})))
    assert found == {}
    assert [one.pointer for one in uncertain] == [f"/do/0/a/do/0/b/with/{member}"]


def test_a_missing_connection_is_named() -> None:
    text = document({"a": {"call": "connector:1.0.0@default", "with": {"operation": "x.y"}}})
    assert [one.pointer for one in needs.find(parse(text))[1]] == ["/do/0/a/with/connection"]


def test_a_manifest_adds_to_what_the_document_uses() -> None:
    found, _ = needs.find(parse(document({"a": call("erp")})))
    manifest = Manifest(
        name="t", version="1.0.0", title="T", summary="T", connections={"erp": ConnectionNeed(("erp.more",))}
    )
    assert needs.join(found, manifest)["erp"].operations == {"erp.customers.credit", "erp.more"}
    assert needs.join(found, None)["erp"].operations == {"erp.customers.credit"}


def test_a_connection_whose_ids_are_linked_is_bound_though_nothing_is_called_of_it() -> None:
    keys = [{"connection": name, "id": "C-1"} for name in ("erp", "crm")]
    linked = {"call": "cross-reference:1.0.0@default", "with": {"do": "link", "kind": "customer", "keys": keys}}
    found, uncertain = needs.find(parse(document({"a": call("erp")}, {"b": {"do": [{"c": linked}]}})))
    assert {name: sorted(need.operations) for name, need in found.items()} == {
        "crm": [],
        "erp": ["erp.customers.credit"],
    }
    assert uncertain == []
