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
    """Where values of a field are found: among the client's records, or by an operation of a connection.

    Attributes:
        record: a kind of record, such as `customer`; what is kept is the number that `system` knows it by, or without
            one the number that people know it by. An answer that is none of these is refused (ADR 0131).
        capability: in place of it an operation that reads, such as `crm.customers.search`, on whatever connection
            offers it.
        query: member of its input that takes what somebody types.
        items, value, title: JSON pointers (RFC 6901): the list in its output; in each one of that, what is kept, and
            what is shown.
    """

    record: Annotated[str, Meta(max_length=63, pattern=r"^[a-z0-9](-?[a-z0-9]){0,62}$")] | None = None
    system: Annotated[str, Meta(min_length=1, max_length=63)] | None = None
    capability: Annotated[str, Meta(max_length=100, pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")] | None = None
    query: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    items: Annotated[str, Meta(max_length=200)] = "/items"
    value: Annotated[str, Meta(max_length=200, pattern="^/")] | None = None
    title: Annotated[str, Meta(max_length=200, pattern="^/")] | None = None

    def __post_init__(self) -> None:
        """Raises ValueError, which the reader turns into its own error."""
        if (self.record is None) == (self.capability is None):
            raise ValueError("a look-up names a `record`, or a `capability`: one of the two")
        given = (self.query, self.value, self.title)
        if self.record is not None and (any(one is not None for one in given) or self.items != "/items"):
            raise ValueError("a look-up of a record takes a `system` besides, and nothing else")
        if self.capability is not None and (None in given or self.system is not None):
            raise ValueError("a look-up by a capability needs `query`, `value` and `title`, and takes no `system`")


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
