"""JSON Schemas of documents. They reach no network, and their patterns match in linear time."""

from __future__ import annotations

import json
from typing import Any, Final

import jsonschema_rs

Validator = jsonschema_rs.Validator
_VALUE: Final = 100
_RULE: Final = 300


class SchemaError(ValueError):
    """The schema itself is wrong, or refers to something outside itself."""


def compile_schema(document: Any) -> Validator:
    """A validator; draft 2020-12 unless the schema names another.

    Raises:
        SchemaError: with the reason in one line.
    """
    try:
        return jsonschema_rs.validator_for(document, offline=True, pattern_options=jsonschema_rs.RegexOptions())
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, TypeError) as error:
        raise SchemaError(str(error).splitlines()[0]) from error


def first_error(validator: Validator, value: Any) -> str | None:
    """The first thing wrong with `value`, with its pointer; None when it is valid."""
    for error in validator.iter_errors(value):
        path = "".join(f"/{token}" for token in error.instance_path)
        return f"{_short(error.message, error.instance)} (at {path[:_RULE] or 'the root'})"
    return None


def _short(message: str, value: Any) -> str:
    """The message begins with the value: of a long one that is cut, and what is said about it stays."""
    if len(message) <= _VALUE + _RULE:
        return message
    shown = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    said = message[len(shown) :] if message.startswith(shown) else message[-_RULE:]
    return f"{message[:_VALUE]}…{said[:_RULE]}"
