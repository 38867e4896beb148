"""What keeps a mapping from being used, found without running it (ADR 0080)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from services.events.catalogue.registry import FAMILY, find
from services.records.keys import SYSTEM
from services.records.mapping.document import ORDER, Mapping, default_identity
from services.records.references import KINDS
from template_library import status_maps
from template_library.dsl.tokens import scan
from template_library.records import registry
from template_library.schemas import pointer
from template_library.values import units

Fault = tuple[str, str]
"""A JSON pointer into the document, and what is wrong there."""
_POINTER: Final = re.compile(r"(/([^~/\x00-\x1f\x7f]|~[01])*)+")
_MADE_HERE: Final = frozenset({"entity", "state"})


def faults(mapping: Mapping) -> list[Fault]:
    """All of them, in the order of the document."""
    if mapping.version not in registry.names().get(mapping.record, ()):
        return [("/record", f"there is no record {mapping.record!r} of version {mapping.version}")]
    return [
        *_of_names(mapping),
        *_of_connections(mapping),
        *_of_events(mapping),
        *_of_programs(mapping),
        *_of_values(mapping),
    ]


def _of_names(mapping: Mapping) -> Iterator[Fault]:
    if SYSTEM.fullmatch(mapping.system) is None:
        yield "/system", "name a system as its connection is: lower case, digits, - _ ."
    if not mapping.identity and not default_identity(mapping.record):
        yield "/identity", "this record has no id of its own: name the members that make one"
    for place, one in enumerate(mapping.identity):
        if _POINTER.fullmatch(one) is None:
            yield f"/identity/{place}", "is no JSON pointer into the record, such as /item/id"
    for kind, system in mapping.names.items():
        if kind not in KINDS:
            yield pointer(["names", kind]), f"records name {', '.join(sorted(KINDS))}"
        if SYSTEM.fullmatch(system) is None:
            yield pointer(["names", kind]), "name a system as its connection is: lower case, digits, - _ ."
    if mapping.at and _POINTER.fullmatch(mapping.at) is None:
        yield "/at", "is no JSON pointer into the data, such as /updated_at"
    names = [example.name for example in mapping.examples]
    if len(set(names)) < len(names):
        yield "/examples", "two of them have one name"


def _of_connections(mapping: Mapping) -> Iterator[Fault]:
    for name, system in mapping.connections.items():
        if SYSTEM.fullmatch(name) is None:
            yield pointer(["connections", name]), "is no name of a connection"
        if system is not None and SYSTEM.fullmatch(system) is None:
            yield pointer(["connections", name]), "name a system as its connection is: lower case, digits, - _ ."


def _of_events(mapping: Mapping) -> Iterator[Fault]:
    for kind, becomes in mapping.events.items():
        if becomes is None:
            continue
        known = find(becomes)
        if mapping.record == ORDER:
            yield pointer(["events", kind]), "null is what stands here: a sales order's event is that of its state"
        elif known is None or becomes.endswith(FAMILY):
            yield pointer(["events", kind]), f"the catalogue has no type {becomes!r}"
        elif known.record == "order":
            yield pointer(["events", kind]), "events of orders are made of sales orders alone"


def _of_programs(mapping: Mapping) -> Iterator[Fault]:
    for name, variables in (("program", {"event"}), ("also", {"event", "data"}), ("tell", {"event", "data"})):
        found = scan(getattr(mapping, name))
        for word in found.forbidden:
            yield f"/{name}", f"{word.text} may not be used"
        for variable in found.free:
            if variable.text not in variables:
                yield f"/{name}", f"${variable.text} is not known; ${' and $'.join(sorted(variables))} are"


def _of_values(mapping: Mapping) -> Iterator[Fault]:
    schema = registry.schema(mapping.record, mapping.version)
    members = schema["properties"]
    for place, name in enumerate(mapping.leads):
        if name not in members or name in _MADE_HERE:
            yield f"/leads/{place}", f"the record has no member {name!r} that a system could lead"
    for place, name in enumerate(mapping.only):
        if name not in members or name == "entity":
            yield f"/only/{place}", f"the record has no member {name!r} that could be taken"
    if mapping.only and mapping.record != ORDER and any(mapping.events.values()):
        yield "/only", "an event of the catalogue needs the whole record: leave `only` out, or make its events null"
    for name in mapping.always:
        if name not in members:
            yield f"/always/{name}", "is no member of the record"
    yield from _of_units(mapping)
    yield from _of_statuses(mapping)


def _of_units(mapping: Mapping) -> Iterator[Fault]:
    for theirs, ours in mapping.units.items():
        if not units.is_unit(ours):
            yield pointer(["units", theirs]), f"{ours!r} is no unit of the list"
    if mapping.base_units and "lines" not in registry.schema(mapping.record, mapping.version)["properties"]:
        yield "/base_units", "the record has no lines"
    if mapping.base_unit is not None and not units.is_unit(mapping.base_unit):
        yield "/base_unit", f"{mapping.base_unit!r} is no unit of the list"
    if mapping.base_unit is not None and not mapping.base_units:
        yield "/base_unit", "nothing is converted: base_units is empty"


def _of_statuses(mapping: Mapping) -> Iterator[Fault]:
    if mapping.statuses is not None:
        if mapping.record != ORDER:
            yield "/statuses", "only a sales order has states of orders"
        for sentence in status_maps.faults(mapping.statuses):
            yield "/statuses", sentence
