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


def words(error: jsonschema_rs.ValidationError) -> str:
    """What is wrong, in at most 401 characters.

    A message begins with the value: of a long one that is cut, and what is said about it stays.
    """
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.AnyOf):
        ways = [one.kind for way in error.kind.context for one in way]
        names = [way.property for way in ways if isinstance(way, jsonschema_rs.ValidationErrorKind.Required)]
        if len(names) == len(error.kind.context) == len(ways):
            return f"needs one of {', '.join(f'`{name}`' for name in names)}"
    message, value = error.message, error.instance
    if len(message) <= _VALUE + _RULE:
        return message
    shown = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    said = message[len(shown) :] if message.startswith(shown) else message[-_RULE:]
    return f"{message[:_VALUE]}…{said[:_RULE]}"
