"""CloudEvents 1.0.2 over HTTP: structured mode (`application/cloudevents+json`) and binary mode (`ce-` headers)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from infra.strict_json import MalformedJson, decode
from services.events.errors import InvalidEvent, MalformedEvent
from template_library.dsl.scalars import number
from tenants.deployments.priorities import ATTRIBUTE, NAMES

STRUCTURED: Final = "application/cloudevents+json"
_ATTRIBUTE: Final = re.compile(r"[a-z0-9]{1,20}")
_REQUIRED: Final = ("specversion", "id", "source", "type")
_MAX_LENGTH: Final = 512
DEPTH: Final = 64
"""Levels of data; runs take no more either (S-25)."""
# Fractions keep every digit that was sent (S-29).
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_SORTED: Final = msgspec.json.Encoder(decimal_format="number", order="sorted")
_PRIORITY: Final = f"must be one of {', '.join(NAMES)}"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it is stored: its attributes by name, its data as JSON, a digest over both.

    Attributes:
        attributes: every attribute with its text, Boolean or integer value, `specversion` included.
        data: any JSON value, None when the event carries none.
        digest: SHA-256 over attributes and data in a canonical form; equal for both modes of one event: headers have
            text only, and JSON is what data is when its type is not said.
    """

    id: str
    source: str
    type: str
    subject: str | None
    attributes: dict[str, Any]
    data: Any
    digest: bytes

    def content(self) -> str:
        """The event in the JSON event format, as runs and readers get it."""
        return _ENCODER.encode({**self.attributes, "data": self.data}).decode()


def read(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    """The event that a request carries.

    Args:
        headers: lower-case names.
        body: raw bytes, within the edge's size limit.

    Raises:
        MalformedEvent: neither mode, or the body is not JSON.
        InvalidEvent: an attribute is missing or breaks CloudEvents 1.0.
    """
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        value = decode(body, fraction=number) if body else None
    except MalformedJson as error:
        raise MalformedEvent(str(error)) from None
    if media_type == STRUCTURED:
        if not isinstance(value, dict):
            raise MalformedEvent("a structured event is a JSON object with its attributes and `data`")
        data = value.pop("data", None)
        if "data_base64" in value:
            raise InvalidEvent("`data_base64` is not taken; send JSON in `data`")
        return _event(value, data)
    attributes = {name[3:]: unquote(text) for name, text in headers.items() if name.startswith("ce-")}
    if not attributes:
        raise MalformedEvent(
            f"send the event with content type {STRUCTURED}, or its attributes as `ce-` headers and its data as body"
        )
    if media_type:
        attributes["datacontenttype"] = media_type
    return _event(attributes, value)


def faults(attributes: Mapping[str, Any], data: Any) -> list[dict[str, str]]:
    """What keeps this from being an event: the `pointer` of each attribute, and a `detail`."""
    errors = [error for name, value in attributes.items() if (error := _fault(name, value))]
    errors += [_error(name, "is missing") for name in _REQUIRED if name not in attributes]
    if _is_deeper(data, DEPTH):
        errors.append(_error("data", f"is nested more than {DEPTH} deep"))
    return errors


def _event(attributes: dict[str, Any], data: Any) -> CloudEvent:
    errors = faults(attributes, data)
    if errors:
        raise InvalidEvent("; ".join(f"{e['pointer'][1:]} {e['detail']}" for e in errors), errors=errors)
    canonical = _SORTED.encode({"attributes": _as_text(attributes), "data": data})
    return CloudEvent(
        id=attributes["id"],
        source=attributes["source"],
        type=attributes["type"],
        subject=attributes.get("subject"),
        attributes=attributes,
        data=data,
        digest=hashlib.sha256(canonical).digest(),
    )


def _as_text(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Every value as a header would carry it (CloudEvents 1.0.2, type system), with the media type's bare name."""
    media_type = attributes.get("datacontenttype", "application/json").partition(";")[0].strip().lower()
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in attributes.items()}
    return texts | {"datacontenttype": media_type}


def _is_deeper(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            below
            for one in level
            if isinstance(one, dict | list)
            for below in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return any(isinstance(one, dict | list) for one in level)


def _error(name: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{name}", "detail": detail}


def _fault(name: str, value: Any) -> dict[str, str] | None:
    if not _ATTRIBUTE.fullmatch(name):
        return _error(name[:40], "is no attribute name: lower-case letters and digits, 20 at most")
    if not isinstance(value, str):
        # Extension attributes may be Boolean or integer; the named ones are all text.
        if name == ATTRIBUTE:
            return _error(name, _PRIORITY)
        extension = name not in (*_REQUIRED, "subject", "time", "datacontenttype", "dataschema")
        return None if extension and isinstance(value, bool | int) else _error(name, "must be a string")
    detail = _fault_in_text(name, value)
    return _error(name, detail) if detail else None


def _fault_in_text(name: str, value: str) -> str:
    if not 1 <= len(value) <= _MAX_LENGTH:
        return f"must have 1 to {_MAX_LENGTH} characters"
    if _CONTROL.search(value):
        return "holds a control character"
    rule = _RULES.get(name)
    return rule[1] if rule is not None and not rule[0](value) else ""


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _is_json(media_type: str) -> bool:
    base = media_type.partition(";")[0].strip().lower()
    return base == "application/json" or base.endswith("+json")


_RULES: Final[dict[str, tuple[Callable[[str], bool], str]]] = {
    "specversion": (lambda text: text == "1.0", 'must be "1.0"'),
    "time": (_is_time, "must be a time of RFC 3339, such as 2026-01-31T09:30:00Z"),
    "datacontenttype": (_is_json, "must be application/json: data is JSON"),
    ATTRIBUTE: (lambda text: text in NAMES, _PRIORITY),
}
