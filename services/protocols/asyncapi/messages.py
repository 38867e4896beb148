"""Messages between the workflow's JSON and bytes (DSL reference, AsyncAPI Outbound and Inbound Message)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from services.engine import values
from services.protocols import contents, errors
from services.protocols.asyncapi.link import Incoming, Outgoing

BYTES: Final = 256 * 1024
"""Largest message that is taken or sent."""


def outgoing(given: dict[str, Any], content_type: str | None) -> Outgoing:
    """Raises Refusal, `configuration`, for a payload that is too large."""
    body, implied = contents.body(given.get("payload"), content_type) if "payload" in given else (b"", "")
    if len(body) > BYTES:
        raise errors.configuration("Unusable message", f"a message may have at most {BYTES // 1024} KiB")
    headers = given.get("headers") or {}
    return Outgoing(body, content_type or implied or "application/json", headers)


def incoming(message: Incoming, content_type: str | None, correlation: str | None) -> dict[str, Any]:
    """`payload`, `headers` and `correlationId` of a message. Text that is no JSON is a string, other bytes base64.

    Raises:
        Refusal: `communication`: the message is too large.
    """
    if len(message.body) > BYTES:
        raise errors.unreadable(f"a message has more than {BYTES // 1024} KiB")
    found: dict[str, Any] = {"payload": _payload(message.body, message.content_type or content_type)}
    if message.headers:
        found["headers"] = message.headers
    named = located(found, correlation)
    if named is not None:
        found["correlationId"] = named
    return found


def _payload(body: bytes, content_type: str | None) -> Any:
    kind = (content_type or "application/json").partition(";")[0].strip().lower()
    if not body:
        return None
    if contents.is_json(kind):
        try:
            return values.decode(body)
        except values.ValueRefused:
            pass
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return base64.b64encode(body).decode()
    return base64.b64encode(body).decode() if "\0" in text else text


def located(message: Mapping[str, Any], location: str | None) -> str | None:
    """The text that the runtime expression of AsyncAPI (`$message.header#/a/b`) finds; None where there is none."""
    if location is None:
        return None
    place, _, pointer = location.partition("#")
    found: Any = message.get({"$message.header": "headers", "$message.payload": "payload"}.get(place, ""))
    for part in pointer.removeprefix("/").split("/") if pointer else []:
        name = part.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    return contents.text(found) if isinstance(found, str | int | float) else None
