"""What a workflow may say of ids that are of one thing."""

from __future__ import annotations

from typing import Any

import pytest

from template_library import cross_references
from template_library.cross_references import NAME, Key, Wanted
from template_library.dsl import Workflow, parse

ERP = {"connection": "erp", "id": "C-1"}
LINK = {"do": "link", "kind": "customer", "keys": [ERP]}


def document(call: str, arguments: str) -> Workflow:
    return parse(
        "document: {dsl: '1.0.3', namespace: tests, name: linking, version: 1.0.0}\n"
        f"do:\n  - ids:\n      call: {call}\n      with: {arguments}\n"
    )


def test_keys_are_said_once_numbers_by_their_digits_and_what_has_no_id_not_at_all() -> None:
    keys = [ERP, {"system": "shop", "id": 77}, ERP, {"connection": "crm", "id": None}, {"system": "wms", "id": ""}]
    expected = (Key("C-1", "erp", None), Key("77", None, "shop"))
    assert cross_references.read({**LINK, "keys": keys, "key": None}) == Wanted("link", "customer", expected)
    found = cross_references.read({"do": "find", "kind": "item", "key": {"system": "shop", "id": "7"}})
    assert found == Wanted("find", "item", (Key("7", None, "shop"),))


@pytest.mark.parametrize(
    "arguments",
    [
        {**LINK, "do": "merge"},
        {**LINK, "kind": "person"},
        {**LINK, "keys": []},
        {**LINK, "keys": [{"connection": "crm", "id": None}]},
        {**LINK, "keys": [{"id": "C-1"}]},
        {**LINK, "keys": [{**ERP, "system": "erp"}]},
        {**LINK, "keys": [{"system": "The ERP", "id": "C-1"}]},
        {**LINK, "keys": [{**ERP, "id": " C-1"}]},
        {**LINK, "keys": [{**ERP, "id": "C\x001"}]},
        {**LINK, "keys": [{**ERP, "id": "x" * 201}]},
        {**LINK, "keys": [{**ERP, "id": True}]},
        {**LINK, "keys": [{**ERP, "id": 1.5}]},
        {**LINK, "keys": [{**ERP, "id": str(number)} for number in range(21)]},
        {**LINK, "key": ERP},
        {**LINK, "reason": "because"},
        {"do": "find", "kind": "customer"},
        {"do": "find", "kind": "customer", "keys": [ERP]},
        {"do": "find", "kind": "customer", "key": {"connection": "erp", "id": None}},
    ],
)
def test_a_call_that_says_it_wrong_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the words are msgspec's, or of the case)
        cross_references.read(arguments)


@pytest.mark.parametrize(
    ("call", "arguments", "pointers"),
    [
        (NAME, "{do: link, kind: customer, keys: [{connection: erp, id: '${ .n }'}]}", []),
        (NAME, "{do: link, kind: customer, keys: [{system: '${ .s }', id: a}]}", []),
        (NAME, "{do: find, kind: '${ .kind }', key: {system: shop, id: a}}", []),
        (NAME, "{do: '${ .do }'}", ["do"]),
        (NAME, "{do: merge}", ["do"]),
        (NAME, "{do: link, keys: [{system: shop, id: a}]}", [""]),
        (NAME, "{do: link, kind: person, keys: [{system: shop, id: a}]}", ["kind"]),
        (NAME, "{do: link, kind: customer}", [""]),
        (NAME, "{do: link, kind: customer, keys: '${ .keys }'}", ["keys"]),
        (NAME, "{do: link, kind: customer, keys: []}", ["keys"]),
        (NAME, "{do: link, kind: customer, keys: [{connection: '${ .c }', id: a}]}", ["keys/0/connection"]),
        (NAME, "{do: link, kind: customer, keys: [{connection: The ERP, id: a}]}", ["keys/0/connection"]),
        (NAME, "{do: link, kind: customer, keys: [{system: The ERP, id: a}]}", ["keys/0/system"]),
        (NAME, "{do: link, kind: customer, keys: [{connection: erp, system: erp, id: a}]}", ["keys/0"]),
        (NAME, "{do: link, kind: customer, keys: [{connection: erp}, {id: a}]}", ["keys/0", "keys/1"]),
        (NAME, "{do: link, kind: customer, keys: [{system: shop, id: a, 'x/y': b}]}", ["keys/0/x~1y"]),
        (NAME, "{do: link, kind: customer, keys: [{system: shop, id: a}], key: {system: shop, id: a}}", ["key"]),
        (NAME, "{do: find, kind: customer, key: {id: a}}", ["key"]),
    ],
)
def test_what_is_written_down_is_checked_as_it_is_published(call: str, arguments: str, pointers: list[str]) -> None:
    found = [one.pointer for one in cross_references.faults(document(call, arguments))]
    assert found == [f"/do/0/ids/with/{one}".rstrip("/") for one in pointers]


def test_there_is_one_version_of_the_call() -> None:
    (fault,) = cross_references.faults(document("cross-reference:2.0.0@default", "{do: link}"))
    assert (fault.pointer, NAME in fault.detail) == ("/do/0/ids/call", True)


def test_connections_are_those_whose_ids_are_named_and_no_systems() -> None:
    keys = "[{connection: erp, id: '${ .n }'}, {connection: crm, id: a}, {system: shop, id: a}]"
    assert cross_references.connections(document(NAME, f"{{do: link, kind: customer, keys: {keys}}}")) == {"erp", "crm"}
    key = "{do: find, kind: customer, key: {connection: wms, id: a}}"
    assert cross_references.connections(document(NAME, key)) == {"wms"}
