"""The AsyncAPI 3 document: made from the event catalogue, and from nothing else."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from services.events.catalogue.registry import FAMILY, EventType, types, urn

_DESCRIPTION: Final = """\
Events that this API takes, as CloudEvents 1.0. Other types are taken as well; these have a registered schema each.
An event that names its schema in `dataschema` is held to it, and so are all of a type for which an environment asks.
"""


def document() -> bytes:
    """The document as JSON."""
    known = types().values()
    messages = {_key(one): _message(one) for one in known}
    channel = {
        "address": "/v1/events",
        "title": "Events",
        "description": "A partner's key names client and environment: /v1/clients/{client}/{environment}/events.",
        "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in messages},
    }
    operation = {
        "action": "receive",
        "channel": {"$ref": "#/channels/events"},
        "summary": "Takes an event, once for each source and id",
        "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
        "messages": [{"$ref": f"#/channels/events/messages/{key}"} for key in messages],
    }
    whole = {
        "asyncapi": "3.0.0",
        "info": {"title": "Events", "version": "1", "description": _DESCRIPTION},
        "defaultContentType": "application/cloudevents+json",
        "channels": {"events": channel},
        "operations": {"takeEvent": operation},
        "components": {"schemas": {_key(one): _bare(one) for one in known}, "messages": messages},
    }
    return msgspec.json.encode(whole)


def _key(one: EventType) -> str:
    return one.name.replace(FAMILY, ".any")


def _bare(one: EventType) -> dict[str, Any]:
    # A schema says its dialect where it stands alone; inside this document it is the document's.
    return {name: value for name, value in one.schema.items() if name != "$schema"}


def _message(one: EventType) -> dict[str, Any]:
    is_family = one.name.endswith(FAMILY)
    kind = {"type": "string", "pattern": rf"^{one.name[:-2]}\..+$"} if is_family else {"const": one.name}
    text = {"type": "string", "minLength": 1, "maxLength": 512}
    payload = {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {**text, "description": "Unique in its source."},
            "source": {**text, "format": "uri-reference"},
            "type": kind,
            "subject": {**text, "description": "The business key."},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "dataschema": {"const": urn(one.name, one.version)},
            "data": {"$ref": f"#/components/schemas/{_key(one)}"},
        },
    }
    told = {"x-record": one.record, "x-publisher": one.publisher, "x-service-level-seconds": one.seconds}
    return {
        "name": one.name,
        "title": one.title.removesuffix("."),
        "contentType": "application/cloudevents+json",
        "payload": payload,
        "tags": [{"name": one.record}],
        **told,
        **({"x-order-state": one.state} if one.state else {}),
    }
