"""A value that a schema takes: its example, default, first choice, or the smallest of its type."""

from __future__ import annotations

from typing import Any, Final

from template_library import schemas
from template_library.dsl.schemas import SchemaError

_TEXTS: Final = {
    "date": "2026-11-02",
    "date-time": "2026-11-02T10:00:00Z",
    "email": "orders@acme.example",
    "uri": "https://acme.example/",
    "uuid": "6f1c2a6e-0d4e-4c53-9a51-3f1d8e0a7b11",
}


def sample(schema: Any) -> Any:
    """Raises LookupError: none was found that the schema takes."""
    found = _sample(schema, 0)
    try:
        wrong = schemas.check(schema, found) if isinstance(schema, dict) else []
    except SchemaError as error:
        raise LookupError(str(error)) from error
    if wrong:
        raise LookupError(wrong[0].detail)
    return found


def _sample(schema: Any, depth: int) -> Any:  # noqa: PLR0911 (one return a kind)
    if not isinstance(schema, dict) or not schema:
        return {}
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if schema.get("enum"):
        return schema["enum"][0]
    if isinstance(schema.get("allOf"), list):
        parts = [_sample(one, depth + 1) for one in schema["allOf"]]
        return {name: one for part in parts if isinstance(part, dict) for name, one in part.items()}
    for name in ("oneOf", "anyOf"):
        if isinstance(schema.get(name), list) and schema[name]:
            return _sample(schema[name][0], depth + 1)
    kind = schema.get("type", "object" if "properties" in schema else None)
    kind = next((one for one in kind if one != "null"), "null") if isinstance(kind, list) else kind
    if kind == "object":
        known = schema.get("properties", {})
        return {name: _sample(known.get(name), depth + 1) for name in schema.get("required", [])}
    if kind == "array":
        return [_sample(schema.get("items"), depth + 1) for _ in range(schema.get("minItems", 0))]
    return _plain(kind, schema)


def _plain(kind: Any, schema: dict[str, Any]) -> Any:
    if kind in {"integer", "number"}:
        return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    if kind == "boolean":
        return True
    if kind == "string":
        text = _TEXTS.get(str(schema.get("format")), "example")
        return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", len(text) + 1000)]
    return None if kind == "null" else {}
