from __future__ import annotations

from typing import Any, Final

_SHARED: Final[dict[str, Any]] = {
    "base_url": {
        "type": "string",
        "pattern": "^https?://[^\\s@?#]+$",
        "maxLength": 1000,
        "title": "Base URL",
        "description": "The only origin that the connection's credentials are sent to.",
    },
    "allow_http": {
        "type": "boolean",
        "default": False,
        "title": "Allow plain http",
        "description": "For a system that offers nothing better.",
    },
    "timeout_seconds": {
        "type": "number",
        "minimum": 1,
        "maximum": 30,
        "default": 30,
        "title": "Time limit of a request",
    },
}


def base_url_settings(*required: str, **properties: Any) -> dict[str, Any]:
    """The JSON Schema of a connection that has a base URL, with a connector's own properties added."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {**_SHARED, **properties},
        "required": ["base_url", *required],
        "additionalProperties": False,
    }


def watch_setting(triggers: list[str]) -> dict[str, Any]:
    """The JSON Schema of the setting that names which of a connector's triggers are asked."""
    return {
        "type": "array",
        "items": {"enum": triggers},
        "uniqueItems": True,
        "default": [],
        "title": "What is watched",
        "description": "Triggers that are asked over and over; each that is new becomes an event.",
    }
