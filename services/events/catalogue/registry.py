"""The event types that everybody knows: read from `types.yaml`, each with its schema in the version that is released.

A schema is known by `urn:event-schema:TYPE:VERSION`, which an event names in its attribute `dataschema`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from template_library.order_states import NEXT

SCHEMA_URN: Final = "urn:event-schema:"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
FAMILY: Final = ".*"
_FOLDER: Final = Path(__file__).parent
_TYPES: Final = _FOLDER / "types.yaml"
RELEASED: Final = _FOLDER / "released.json"
"""Every version of every schema that was ever released, by type and version; `release` writes it."""


class EventType(msgspec.Struct, frozen=True, kw_only=True):
    """One type, or one family of them, whose `name` ends in `.*`.

    Attributes:
        record: what it tells about, such as `order`.
        publisher: who sends it in a usual landscape.
        state: of an order from then on; None: it stays in its own.
        seconds: from when it occurred until it should be published.
    """

    name: str
    title: str
    record: str
    publisher: str
    seconds: int
    state: str | None
    version: int
    schema: dict[str, Any]


@cache
def types() -> dict[str, EventType]:
    """All of them by name."""
    released = {name: max(map(int, versions)) for name, versions in released_schemas().items()}
    return {
        name: EventType(name=name, version=released.get(name, 0), **_members(name, told))
        for name, told in _told()["types"].items()
    }


@cache
def released_schemas() -> dict[str, dict[str, dict[str, Any]]]:
    """Schemas by type and version, as they were released."""
    if not RELEASED.exists():
        return {}
    read: dict[str, dict[str, dict[str, Any]]] = msgspec.json.decode(RELEASED.read_bytes())
    return read


def find(name: str) -> EventType | None:
    """The type of this name, else the family that it is of; None: nobody but its sender knows it."""
    known = types()
    family, dot, _ = name.partition(".")
    return known.get(name) or (known.get(family + FAMILY) if dot else None)


def urn(name: str, version: int) -> str:
    return f"{SCHEMA_URN}{name}:{version}"


@cache
def _told() -> Any:
    return yaml.safe_load(_TYPES.read_text())


def _members(name: str, told: dict[str, Any]) -> dict[str, Any]:
    record = _told()["records"][told["record"]]
    state = told.get("state")
    properties = dict(record["properties"])
    if told["record"] == "order":
        properties["state"] = {"const": state} if state else {"enum": sorted(NEXT)}
    schema = {
        "$schema": DIALECT,
        "title": name,
        "description": told["title"],
        "type": "object",
        "required": record["required"],
        "properties": properties,
    }
    return {
        "title": told["title"],
        "record": told["record"],
        "publisher": told["publisher"],
        "seconds": told["seconds"],
        "state": state,
        "schema": schema,
    }
