"""Schemas of OpenAPI → JSON Schema 2020-12 without references; what would not end is left open."""

from __future__ import annotations

from typing import Any, Final

from services.connectors.openapi.reading import OpenApi

_MOST: Final = 2_000
_DEEPEST: Final = 16
_OTHER: Final = frozenset(
    {"discriminator", "xml", "externalDocs", "example", "examples", "deprecated", "nullable", "readOnly", "writeOnly"}
    | {"$schema", "$id", "$anchor", "$dynamicAnchor", "$comment"}
)
"""Members that say nothing of what is valid; `examples` have to do without their values."""
_OF_ONE: Final = frozenset({"items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else"})
_OF_MANY: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_OF_NAMED: Final = frozenset({"properties", "patternProperties", "dependentSchemas"})
_BOUNDS: Final = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}


class Schemas:
    """`opened`: whether a schema was left open, as it is recursive or too large."""

    def __init__(self, document: OpenApi) -> None:
        self._document = document
        self._left = _MOST
        self.opened = False

    def converted(self, given: Any, *, hidden: str) -> Any:
        """`hidden`: readOnly for what is sent, writeOnly for what is answered: members that nobody has to give."""
        self._left = _MOST
        return self._schema(given, hidden, ())

    def _schema(self, given: Any, hidden: str, above: tuple[str, ...]) -> Any:
        if isinstance(given, bool):
            return given
        self._left -= 1
        reference = given.get("$ref") if isinstance(given, dict) else None
        if self._left < 0 or len(above) > _DEEPEST or (reference is not None and reference in above):
            self.opened = True
            return {}
        if isinstance(reference, str):
            beside = {name: value for name, value in given.items() if name != "$ref"}
            found = self._schema(self._document.at({"$ref": reference}), hidden, (*above, reference))
            if self._document.is_old or not beside or not isinstance(found, dict):
                return found
            return {**found, **self._schema(beside, hidden, above)}
        return self._members(given, hidden, (*above, "")) if isinstance(given, dict) else {}

    def _members(self, given: dict[str, Any], hidden: str, above: tuple[str, ...]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in given.items():
            if name in _OTHER or name.startswith("x-"):
                continue
            if name in _OF_ONE:
                made[name] = self._schema(value, hidden, above)
            elif name in _OF_MANY and isinstance(value, list):
                made[name] = [self._schema(one, hidden, above) for one in value]
            elif name in _OF_NAMED and isinstance(value, dict):
                made[name] = {key: self._schema(one, hidden, above) for key, one in value.items()}
            else:
                made[name] = value
        self._required(given, made, hidden)
        if self._document.is_old:
            _modern(given, made)
        return made

    def _required(self, given: dict[str, Any], made: dict[str, Any], hidden: str) -> None:
        properties = given.get("properties")
        if not isinstance(made.get("required"), list) or not isinstance(properties, dict):
            return
        out = {name for name, one in properties.items() if _says(self._document.at(one), hidden)}
        made["required"] = [name for name in made["required"] if name not in out]


def _says(schema: Any, member: str) -> bool:
    return isinstance(schema, dict) and schema.get(member) is True


def _modern(given: dict[str, Any], made: dict[str, Any]) -> None:
    """What 3.0 says in words of its own (JSON Schema, draft 5)."""
    if given.get("nullable") is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        if isinstance(made.get("enum"), list) and None not in made["enum"]:
            made["enum"] = [*made["enum"], None]
    for exclusive, bound in _BOUNDS.items():
        if made.get(exclusive) is True and bound in made:
            made[exclusive] = made.pop(bound)
        elif isinstance(made.get(exclusive), bool):
            del made[exclusive]
