"""A form as its author writes it: a profile of JSON Schema 2020-12, and what no schema says of a field (ADR 0101)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

PARTS: Final = "urn:record-schema:parts:1#/$defs/"
"""What fields may refer to: the parts that records share, such as money."""
MEMBERS: Final = frozenset({"money", "unsigned_money", "quantity", "signed_quantity"})
"""Parts that are objects, shown as one field."""
TEXTS: Final = frozenset(
    {"id", "text", "note", "day", "instant", "clock_time", "decimal", "signed_decimal", "percent", "currency", "unit"}
    | {"country"}
)
"""Parts that are texts, each with a way to enter it."""

_Role = Annotated[str, Meta(max_length=63)]
_Words = Annotated[str, Meta(min_length=1, max_length=200)]


class LookUp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where values of a field are found: an operation that reads, on whatever connection offers it.

    Attributes:
        capability: such as `crm.customers.search`.
        query: member of its input that takes what somebody types.
        items, value, title: JSON pointers (RFC 6901): the list in its output; in each one of that, what is kept, and
            what is shown.
    """

    capability: Annotated[str, Meta(max_length=100, pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]
    query: Annotated[str, Meta(min_length=1, max_length=64)]
    items: Annotated[str, Meta(max_length=200)] = "/items"
    value: Annotated[str, Meta(max_length=200, pattern="^/")]
    title: Annotated[str, Meta(max_length=200, pattern="^/")]


class Field(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of a field beside its schema.

    Attributes:
        read, write: slugs of roles; None: whoever has the task. Who may not read a field does not learn that it is
            there.
        unit: shown behind it, such as `days`.
        required_for: outcomes for which it has to be filled in.
    """

    read: list[_Role] | None = None
    write: list[_Role] | None = None
    unit: _Words | None = None
    look_up: LookUp | None = None
    required_for: list[Annotated[str, Meta(min_length=1, max_length=63)]] = []


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fields under one heading, in this order."""

    title: _Words
    fields: list[str]


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`groups`: every field once; without them the fields come in the schema's order."""

    schema: dict[str, Any]
    fields: dict[str, Field] = {}
    groups: list[Group] = []


def part_of(rule: Mapping[str, Any]) -> str | None:
    """The part that a field's schema refers to."""
    reference = rule.get("$ref")
    return reference.removeprefix(PARTS) if isinstance(reference, str) and reference.startswith(PARTS) else None
