"""How the OpenAPI document describes the token route: its form and its refusals are those of RFC 6749."""

from __future__ import annotations

from typing import Any, Final

from infra.problems import MEDIA_TYPE

_BODY: Final = {
    "required": True,
    "content": {
        "application/x-www-form-urlencoded": {
            "schema": {
                "type": "object",
                "title": "TokenRequest",
                "required": ["grant_type"],
                "properties": {
                    "grant_type": {"const": "client_credentials"},
                    "client_id": {"type": "string", "examples": ["key_01h455vb4pex5vsknk084sn02q"]},
                    "client_secret": {"type": "string", "description": "The API key of this id."},
                    "scope": {"type": "string", "description": "Permissions, with a space between. Absent: all."},
                },
            }
        }
    },
}
_REFUSED: Final = {
    "type": "object",
    "title": "TokenRefused",
    "required": ["error", "error_description"],
    "properties": {
        "error": {"enum": ["invalid_request", "invalid_client", "invalid_scope", "unsupported_grant_type"]},
        "error_description": {"type": "string"},
    },
}
_PROBLEM: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_WORDS: Final = {
    "400": "The form cannot be taken as it is.",
    "401": "The client is unknown.",
    "403": "The key may not be used from here.",
    "404": "Brands' hosts issue no tokens.",
    "429": "Too many requests, or too many wrong clients.",
    "503": "Temporarily unavailable; send again after `Retry-After` seconds.",
}


def describe(operation: dict[str, Any]) -> None:
    """Complete what the framework knows of the route."""
    operation["requestBody"] = _BODY
    for status, words in _WORDS.items():
        refused = {"application/json": {"schema": _REFUSED}} if status in {"400", "401"} else {}
        operation["responses"][status] = {"description": words, "content": {**refused, **_PROBLEM}}
