"""Reads request bodies: exact media types, strict JSON, unknown fields refused (S-30, S-31, S-46, S-67)."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from infra import strict_json
from infra.problems import Invalid
from services.api.errors import MalformedBody, UnsupportedMediaType

JSON: Final = "application/json"
_AT: Final = re.compile(r"^(?P<rule>.*) - at `(?P<path>\$[^`]*|key in [^`]*)`$", re.DOTALL)
_FIELD: Final = re.compile(r"(?:unknown|required) field `(?P<field>[^`]*)`")
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_CHARSET: Final = re.compile(r"charset=\"?utf-8\"?", re.IGNORECASE)


def media_type(content_type: str) -> str:
    """The media type of a `Content-Type` value, in lower case, '' for none.

    Raises:
        UnsupportedMediaType: a charset other than UTF-8, or any other parameter.
    """
    kind, _, parameters = content_type.partition(";")
    if parameters.strip() and not _CHARSET.fullmatch(parameters.strip()):
        raise UnsupportedMediaType("Send UTF-8, and no other parameter in Content-Type")
    return kind.strip().lower()


def require_media_type(content_type: str, *accepted: str) -> str:
    """The media type, when it is one of `accepted`.

    Raises:
        UnsupportedMediaType: it is another one, or none. `text/plain` never passes for JSON.
    """
    kind = media_type(content_type)
    if kind not in accepted:
        raise UnsupportedMediaType(f"Send {' or '.join(accepted)}")
    return kind


def read_json(body: bytes) -> Any:
    """The one JSON value of `body`.

    Raises:
        MalformedBody: see `infra.strict_json`.
    """
    try:
        return strict_json.decode(body)
    except strict_json.MalformedJson as error:
        raise MalformedBody(_sentence(str(error))) from None


def read(body: bytes, kind: Any) -> Any:
    """`body` as a value of the type `kind`.

    Raises:
        MalformedBody: no JSON.
        Invalid: JSON of another shape; `errors` names the field by its JSON pointer.
    """
    return convert(read_json(body), kind)


def convert(value: Any, kind: Any) -> Any:
    """A decoded JSON value as one of the type `kind`; raises `Invalid` as `read` does."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise invalid(str(error)) from None


def invalid(message: str) -> Invalid:
    """The problem for a message of msgspec's, such as "Expected `int`, got `str` - at `$.lines[0].quantity`"."""
    match = _AT.match(message)
    rule, path = (match["rule"], match["path"]) if match else (message, "$")
    pointer = "".join(f"/{_escaped(name or index)}" for name, index in _STEP.findall(path))
    field = _FIELD.search(rule)
    if field is not None:
        pointer += f"/{_escaped(field['field'])}"
    detail = rule.replace("`", "'")
    return Invalid.at(pointer, detail)


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
