"""What a mapping says: which events it takes, and how one becomes a record (ADR 0080). Data; nothing runs here."""

from __future__ import annotations

from collections.abc import Mapping as Members
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from template_library.records import registry
from template_library.status_maps import StatusMap

ORDER: Final = "sales-order"
"""The record that has states of orders."""
Program = Annotated[str, Meta(max_length=16_384)]
Name = Annotated[str, Meta(min_length=1, max_length=512)]
Member = Annotated[str, Meta(min_length=1, max_length=63)]
Pointer = Annotated[str, Meta(max_length=256)]
Events = Annotated[
    dict[Name, str | None],
    Meta(
        min_length=1,
        max_length=50,
        description="Types that come in, each with the type of the catalogue that it becomes. Null: none; of a sales"
        " order that of its state.",
        examples=[{"shop.order.placed": None}],
    ),
]
Units = Annotated[
    dict[Member, str], Meta(max_length=200, description="Codes of UN/ECE Recommendation 20 by what the system has.")
]
Leads = Annotated[
    list[Member], Meta(max_length=50, description="Members whose system of record this is, such as `lines`.")
]
Names = Annotated[
    dict[Member, Member],
    Meta(
        max_length=10,
        description="By a record that this one names: the system whose ids these are, where it is another one. An ERP"
        " that has a shop's orders by the shop's numbers names those. By the mapping's own record: that system's, too.",
        examples=[{"sales-order": "shop"}],
    ),
]
Only = Annotated[
    list[Member],
    Meta(
        max_length=50,
        description="Members that are taken of the record beside its id, such as `state`; of the rest this system says"
        " nothing. Empty: all.",
        examples=[["state"]],
    ),
]
Connections = Annotated[
    dict[Member, Member | None],
    Meta(
        max_length=50,
        description="By each connection that tells of this: the system whose ids its are; null: nothing is taken of it."
        " What comes of no connection is `system`'s.",
        examples=[{"wms-east": "wms-east", "wms-west": "wms-west"}],
    ),
]
BaseUnits = Annotated[
    list[Member],
    Meta(
        max_length=10,
        description="Quantities of lines that are converted into the base unit of their item; `unit_price/per`: what"
        " a price is for.",
        examples=[["quantity", "unit_price/per"]],
    ),
]
BaseUnit = Annotated[
    Member, Meta(description="Base unit of items of which nobody has said another; without it each has to be said.")
]


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """An event, and the record that has to come of it."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    data: Any
    attributes: Annotated[dict[str, Any], Meta(max_length=20, description="Of the event: type, time.")] = {}
    units: Annotated[
        list[dict[str, Any]], Meta(max_length=20, description="Records `unit-of-measure` that it converts by.")
    ] = []
    record: Annotated[Any, Meta(description="What it becomes; null: nothing is taken.")] = None
    tells: Annotated[Any, Meta(description="Data of the event that follows; null: whatever they are.")] = None


Examples = Annotated[list[Example], Meta(min_length=1, max_length=50)]


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """From the events of one system to one kind of record."""

    record: Annotated[Member, Meta(examples=[ORDER])]
    version: Annotated[int, Meta(ge=1, le=1000, description="Of the record's schema.")] = 1
    system: Annotated[Member, Meta(description="As the cross-reference has it.", examples=["shop"])]
    connections: Connections = {}
    events: Events
    program: Annotated[
        Program,
        Meta(
            min_length=1, description="jq: of the event's data makes the record, or null. `$event` has the attributes."
        ),
    ]
    identity: Annotated[
        list[Pointer], Meta(max_length=4, description="Members of the record that are its id there; else number or id.")
    ] = []
    at: Annotated[
        Pointer,
        Meta(description="Pointer into the data: when it was so. Empty: the event's `time`, else when it came."),
    ] = ""
    names: Names = {}
    only: Only = []
    statuses: StatusMap | None = None
    units: Units = {}
    base_units: BaseUnits = []
    base_unit: BaseUnit | None = None
    leads: Leads = []
    also: Annotated[
        Program, Meta(description="jq on the record, behind `program`. `$event`, and `$data` as it came.")
    ] = ""
    tell: Annotated[
        Program,
        Meta(description="jq on the record: the data of the event that follows. Empty: the members that it has of it."),
    ] = ""
    always: Annotated[
        dict[Member, Any], Meta(max_length=50, description="Members that have this value, whatever came.")
    ] = {}
    examples: Examples

    def systems(self) -> list[str]:
        """Whose ids its records may have: that of senders that are no connection, and those of its connections."""
        return sorted({self.system, *(one for one in self.connections.values() if one is not None)})

    def identity_of(self, record: Members[str, Any]) -> str:
        """The record's id in its system; several parts with a slash between them."""
        return " / ".join(str(found_at(record, one)) for one in self.identity or [default_identity(self.record)])


class Overlay(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What is otherwise for one client: lies over a released version of the partner's mapping of the same name."""

    base: Annotated[int, Meta(ge=1, description="Version of the partner's mapping.")]
    system: Member | None = None
    connections: Connections | None = None
    events: Events | None = None
    also: Annotated[Program, Meta(description="jq on the record that the partner's programs made.")] = ""
    tell: Annotated[Program, Meta(description="In place of the partner's.")] = ""
    always: Annotated[dict[Member, Any], Meta(max_length=50)] = {}
    statuses: Annotated[
        dict[Member, str | None],
        Meta(max_length=200, description="Statuses that the partner's map lacks, or has otherwise."),
    ] = {}
    units: Units = {}
    base_units: BaseUnits | None = None
    base_unit: BaseUnit | None = None
    leads: Leads | None = None
    examples: Examples


Document = Mapping | Overlay


def read(document: Any) -> Document:
    """What is kept as JSON. Raises msgspec.ValidationError."""
    if isinstance(document, dict) and "base" in document:
        return msgspec.convert(document, Overlay)
    return msgspec.convert(document, Mapping)


def laid_over(base: Mapping, own: Overlay) -> Mapping:
    """Both in one. Programs follow each other: the partner's `program` and `also`, then the client's `also`."""
    changed: dict[str, Any] = {
        "also": " | ".join(f"({one}\n)" for one in (base.also, own.also) if one),
        "always": {**base.always, **own.always},
        "units": {**base.units, **own.units},
        "examples": own.examples,
    }
    for name in ("system", "connections", "events", "tell", "base_units", "base_unit", "leads"):
        given = getattr(own, name)
        if given is not None and given != "":
            changed[name] = given
    if own.statuses:
        before = base.statuses or StatusMap(statuses=(), states={})
        listed = tuple(dict.fromkeys([*before.statuses, *own.statuses]))
        changed["statuses"] = StatusMap(statuses=listed, states={**before.states, **own.statuses})
    return msgspec.structs.replace(base, **changed)


def default_identity(record: str) -> str:
    """The member that a record is known by, as a pointer; empty where it has none."""
    required = registry.schema(record, registry.newest(record)).get("required", ())
    return next((f"/{one}" for one in ("number", "id") if one in required), "")


def found_at(value: Any, pointer: str) -> Any:
    """What is there (RFC 6901); None where nothing is."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict):
            value = value.get(name)
        else:
            return None
    return value
