"""The little that has to be known of a schema: the names of an object's members. Each is looked at once."""

from __future__ import annotations

from typing import Any, Final

from services.protocols.resources.references import follow

_SCHEMAS: Final = 200


def members(document: Any, schema: Any) -> tuple[frozenset[str], frozenset[str]]:
    """Names of the members of `schema` and its parts, and those among them that are files."""
    names: set[str] = set()
    files: set[str] = set()
    waiting, seen = [schema], set[int]()
    while waiting and len(seen) < _SCHEMAS:
        one = follow(document, waiting.pop())
        if not isinstance(one, dict) or id(one) in seen:
            continue
        seen.add(id(one))
        properties = one.get("properties")
        for name, given in properties.items() if isinstance(properties, dict) else ():
            names.add(name)
            if _is_file(given):
                files.add(name)
        for word in ("allOf", "oneOf", "anyOf"):
            parts = one.get(word)
            waiting += parts if isinstance(parts, list) else []
    return frozenset(names), frozenset(files)


def _is_file(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    if isinstance(schema.get("items"), dict):
        schema = schema["items"]
    return schema.get("format") == "binary" or "contentMediaType" in schema
