"""JSON Schema over settings and parameters: everything that is wrong and where, and the defaults that are filled in."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from template_library.dsl.schemas import Validator, compile_schema, rule_of, words

MOST: Final = 50


class Breach(msgspec.Struct, frozen=True):
    """One broken rule. `pointer` (RFC 6901) leads to the value, or to the object around it."""

    pointer: str
    detail: str


def check(schema: Mapping[str, Any], value: Any, *, hidden: bool = False) -> list[Breach]:
    """The rules of `schema` that `value` breaks, at most 50. `hidden` keeps the value out of the words.

    Raises:
        SchemaError: `schema` is no JSON Schema, or refers outside itself.
    """
    return breaches(compile_schema(dict(schema)), value, hidden=hidden, schema=schema)


def breaches(
    validator: Validator, value: Any, *, hidden: bool = False, schema: Mapping[str, Any] | None = None
) -> list[Breach]:
    """As `check`, with a schema that was compiled before; where that is given, too, the words name its shapes whole."""
    found: list[Breach] = []
    for error in validator.iter_errors(value):
        found.append(Breach(pointer(error.instance_path), rule_of(error) if hidden else words(error, schema)))
        if len(found) == MOST:
            break
    return found


def with_defaults(schema: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    """`value` and, for each absent top-level property that has one, the schema's `default`."""
    filled = dict(value)
    for name, rule in schema.get("properties", {}).items():
        if name not in filled and isinstance(rule, Mapping) and "default" in rule:
            filled[name] = copy.deepcopy(rule["default"])
    return filled


def pointer(path: Iterable[str | int]) -> str:
    """RFC 6901."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
