"""JSON Schemas of documents. They reach no network, and their patterns match in linear time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import jsonschema_rs

Validator = jsonschema_rs.Validator
Formats = Mapping[str, Callable[[str], bool]]
"""What `format` means, by its name."""
_VALUE: Final = 100
_RULE: Final = 300
_Kind = jsonschema_rs.ValidationErrorKind
_TYPES: Final = {
    "null": "null",
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}


class SchemaError(ValueError):
    """The schema itself is wrong, or refers to something outside itself."""


def compile_schema(document: Any, formats: Formats | None = None) -> Validator:
    """A validator; draft 2020-12 unless the schema names another.

    With `formats` it holds texts to these and to those of the draft; without, a format is a note to the reader.

    Raises:
        SchemaError: with the reason in one line.
    """
    try:
        return jsonschema_rs.validator_for(
            document,
            offline=True,
            pattern_options=jsonschema_rs.RegexOptions(),
            formats=None if formats is None else dict(formats),
            validate_formats=formats is not None,
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, TypeError) as error:
        raise SchemaError(str(error).splitlines()[0]) from error


def first_error(validator: Validator, value: Any, *, hidden: bool = False) -> str | None:
    """The first thing wrong with `value`, with its pointer; None when it is valid.

    `hidden` keeps the value out of the words.
    """
    for error in validator.iter_errors(value):
        path = "".join(f"/{token}" for token in error.instance_path)
        return f"{rule_of(error) if hidden else words(error)} (at {path[:_RULE] or 'the root'})"
    return None


def rule_of(error: jsonschema_rs.ValidationError) -> str:
    """Which rule is broken, and nothing of the value."""
    return f"breaks the rule `{error.schema_path[-1] if error.schema_path else 'false'}`"


def missing_of(error: jsonschema_rs.ValidationError) -> str | None:
    """The member that an object lacks, where that is what is wrong."""
    return error.kind.property if isinstance(error.kind, _Kind.Required) else None


def unexpected_of(error: jsonschema_rs.ValidationError) -> list[str]:
    """The members that an object may not have, where that is what is wrong."""
    return list(error.kind.unexpected) if isinstance(error.kind, _Kind.AdditionalProperties) else []


def is_pattern(text: str, size: int) -> bool:
    """Whether it is a regular expression that matches in linear time, of at most `size` bytes when it is compiled."""
    try:
        options = jsonschema_rs.RegexOptions(size_limit=size)
        jsonschema_rs.validator_for({"pattern": text}, offline=True, pattern_options=options)
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True


def words(error: jsonschema_rs.ValidationError, schema: Any = None) -> str:
    """What is wrong, in at most 401 characters. With `schema`, of which it is an error, also what an object would need.

    A message begins with the value: of a long one that is cut, and what is said about it stays.
    """
    message, value = error.message, error.instance
    if isinstance(error.kind, _Kind.AnyOf | _Kind.OneOfNotValid):
        message = _of_ways(error, schema)
    elif isinstance(error.kind, _Kind.OneOfMultipleValid):
        message = f"{_text(value)} fits more than one of the shapes of which exactly one may fit"
    if len(message) <= _VALUE + _RULE:
        return message
    shown = _text(value)
    said = message[len(shown) :] if message.startswith(shown) else message[-_RULE:]
    return f"{message[:_VALUE]}…{said[:_RULE]}"


def _of_ways(error: jsonschema_rs.ValidationError, schema: Any) -> str:
    """What is wrong with a value that fits none of several shapes: with the one that it means, or with all of them."""
    kind: Any = error.kind
    ways = [way for way in kind.context if way]
    needed = [one.kind.property for way in ways for one in way if isinstance(one.kind, _Kind.Required)]
    if ways and len(needed) == len(ways) == sum(map(len, ways)):
        return f"needs one of {', '.join(f'`{name}`' for name in needed)}"
    meant = [way for way in ways if not any(_is_other(one, error) for one in way)]
    if len(meant) == 1:
        (nearest, *_) = meant[0]
        inside = "".join(f"/{token}" for token in nearest.instance_path[len(error.instance_path) :])
        return words(nearest, schema) + (f" (at {inside})" if inside else "")
    shapes = [_shape(way, error, schema) for way in ways]
    return f"{_text(error.instance)} is none of: {'; '.join(dict.fromkeys(shapes))}" if shapes else error.message


def _is_other(one: jsonschema_rs.ValidationError, error: jsonschema_rs.ValidationError) -> bool:
    """Whether it says of the value itself that it is something else."""
    is_whole = list(one.instance_path) == list(error.instance_path)
    return is_whole and isinstance(one.kind, _Kind.Type | _Kind.Enum | _Kind.Constant)


def _shape(way: list[jsonschema_rs.ValidationError], error: jsonschema_rs.ValidationError, schema: Any) -> str:
    """One of the shapes in words, as far as it is known from what the value breaks of it."""
    one = next((one for one in way if _is_other(one, error)), way[0])
    if isinstance(one.kind, _Kind.Enum):
        return f"one of {', '.join(map(_text, one.kind.options))}"
    if isinstance(one.kind, _Kind.Constant):
        return _text(one.kind.expected_value)
    if not isinstance(one.kind, _Kind.Type):
        return f"what keeps the rule that it breaks ({one.message})"
    needed = _around(schema, one.schema_path).get("required", []) if "object" in one.kind.types else []
    members = " and ".join(f"`{name}`" for name in needed)
    return " or ".join(_TYPES.get(name, name) for name in one.kind.types) + (f" with {members}" if members else "")


def _around(schema: Any, path: list[str | int]) -> Mapping[str, Any]:
    """The rule whose keyword is at `path`; nothing where the schema is not known or leads elsewhere."""
    for token in list(path)[:-1]:
        try:
            schema = schema[token]
        except (LookupError, TypeError):
            return {}
    return schema if isinstance(schema, Mapping) else {}


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
