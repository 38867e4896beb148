"""Finds a channel in an AsyncAPI document: 2.x by its name, 3.x by an operation."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from services.protocols import errors
from services.protocols.asyncapi import servers
from services.protocols.asyncapi.link import Target
from services.protocols.asyncapi.messages import located
from services.protocols.resources.references import follow
from services.protocols.resources.shapes import checked

Wanted = Mapping[str, Any]
"""`channel` or `operation`; `server` (a name), `variables`, `protocol`; `publishes`, and the `message` that is."""


def target(document: Any, wanted: Wanted) -> Target:
    """What a call means in `document`.

    Raises:
        Refusal: `configuration`: there is no such thing, or the document is not what it says.
    """
    version = str(document.get("asyncapi", "")) if isinstance(document, dict) else ""
    try:
        if version.startswith("2."):
            return checked(_two(document, wanted))
        if version.startswith("3."):
            return checked(_three(document, wanted))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _unusable("the channel or its server is not described as the format asks for") from error
    raise _unusable("it is no AsyncAPI 2 or 3")


def _two(document: Any, wanted: Wanted) -> Target:
    if not wanted.get("channel"):
        raise _unusable("it is AsyncAPI 2: name a `channel` instead of an `operation`")
    name, channel = _named(document, document.get("channels") or {}, wanted["channel"], "channel")
    # DSL reference: a message is published by `publish`, a subscription subscribes by `subscribe`.
    way = "publish" if wanted["publishes"] else "subscribe"
    operation = follow(document, channel.get(way))
    if not isinstance(operation, dict):
        raise _unusable(f"the channel {name[:80]!r} has no operation `{way}`")
    known = {key: follow(document, one) for key, one in (document.get("servers") or {}).items()}
    if channel.get("servers"):
        known = {key: known[key] for key in channel["servers"]}
    message = follow(document, operation.get("message"))
    if isinstance(message, dict) and message.get("oneOf"):
        message = follow(document, message["oneOf"][0])
    return _target(document, wanted, known, name, channel, operation, message)


def _three(document: Any, wanted: Wanted) -> Target:
    if not wanted.get("operation"):
        raise _unusable("it is AsyncAPI 3: name an `operation` instead of a `channel`")
    _, operation = _named(document, document.get("operations") or {}, wanted["operation"], "operation")
    channel = follow(document, operation["channel"])
    if channel.get("servers"):
        named = {_last(one): follow(document, one) for one in channel["servers"]}
    else:
        named = {key: follow(document, one) for key, one in (document.get("servers") or {}).items()}
    messages = operation.get("messages") or list((channel.get("messages") or {}).values())
    message = follow(document, messages[0]) if messages else None
    address = channel.get("address") or _last(operation["channel"])
    return _target(document, wanted, named, address, channel, operation, message)


def _target(  # noqa: PLR0913, PLR0917 (the parts that a call touches)
    document: Any, wanted: Wanted, known: Mapping[str, Any], address: str, channel: Any, operation: Any, message: Any
) -> Target:
    variables = wanted.get("variables") or {}
    server = servers.address(servers.choose(known, wanted.get("server"), wanted.get("protocol")), variables)
    parameters = {key: follow(document, one) for key, one in (channel.get("parameters") or {}).items()}
    found = {key: located(wanted.get("message") or {}, one.get("location")) for key, one in parameters.items()}
    variables = {**{key: value for key, value in found.items() if value is not None}, **variables}
    message = message if isinstance(message, dict) else {}
    bindings = follow(document, operation.get("bindings")) or {}
    binding = bindings.get("mqtt5" if server.version > 4 and "mqtt5" in bindings else server.kind) or {}  # noqa: PLR2004
    correlation = follow(document, message.get("correlationId")) or {}
    return Target(
        kind=server.kind,
        host=server.host,
        port=server.port,
        tls=server.tls,
        path=server.path,
        address=servers.fill(address, parameters, variables),
        version=server.version,
        method=binding.get("method"),
        quality=binding.get("qos"),
        retain=bool(binding.get("retain")),
        content_type=message.get("contentType") or document.get("defaultContentType"),
        correlation=correlation.get("location"),
    )


def _named(document: Any, known: Mapping[str, Any], name: str, what: str) -> tuple[str, Any]:
    """By its key; a slash at a channel's beginning may be there or not."""
    for one in (name, name.removeprefix("/"), f"/{name}"):
        if one in known:
            return one, follow(document, known[one])
    close = get_close_matches(name, list(known), 1)
    raise _unusable(f"there is no {what} {name[:80]!r}" + (f"; meant {close[0]!r}?" if close else ""))


def _last(reference: Any) -> str:
    return str(reference["$ref"]).rpartition("/")[2].replace("~1", "/").replace("~0", "~")


def _unusable(detail: str) -> errors.Refusal:
    return errors.configuration("Unusable AsyncAPI document", detail, sent=True)
