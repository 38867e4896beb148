"""How the OpenAPI document describes SCIM's routes: its media type, its errors, and bodies that may hold more."""

from __future__ import annotations

from typing import Any, Final

from services.api.scim.bodies import PATCH
from services.api.scim.errors import ERROR, MEDIA_TYPE, PREFIX
from services.api.scim.filters import GROUP, USER

COMPONENT: Final = "ScimError"
ERROR_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "title": COMPONENT,
    "description": "An error in SCIM's form (RFC 7644, section 3.12).",
    "required": ["schemas", "status", "detail"],
    "properties": {
        "schemas": {"const": [ERROR]},
        "status": {"type": "string", "description": "Of the answer, as text.", "examples": ["409"]},
        "scimType": {
            "enum": ["invalidFilter", "invalidPath", "invalidSyntax", "invalidValue", "mutability", "uniqueness"]
        },
        "detail": {"type": "string", "description": "What is wrong here, and what to do."},
    },
}
_REFERENCE: Final = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{COMPONENT}"}}}
_ACTIVE: Final = {"description": "A boolean, or its word.", "oneOf": [{"type": "boolean"}, {"type": "string"}]}
_USER: Final = {
    "type": "object",
    "description": "Attributes that are not kept here are passed over. Names count in upper and lower case alike.",
    "properties": {
        "schemas": {"type": "array", "items": {"type": "string"}, "examples": [[USER]]},
        "userName": {"type": "string", "maxLength": 200, "examples": ["maria@acme.example"]},
        "externalId": {
            "type": "string",
            "maxLength": 255,
            "description": "Who the person is at the identity provider: its `sub`, or `oid`.",
        },
        "displayName": {"type": "string", "maxLength": 200},
        "name": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("formatted", "givenName", "familyName")},
        },
        "active": _ACTIVE,
        "emails": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"value": {"type": "string"}, "type": {"type": "string"}, "primary": {"type": "boolean"}},
            },
        },
    },
}
_GROUP: Final = {
    "type": "object",
    "properties": {
        "schemas": {"type": "array", "items": {"type": "string"}, "examples": [[GROUP]]},
        "displayName": {"type": "string", "description": "The role's own, or absent."},
        "members": {
            "type": "array",
            "maxItems": 1000,
            "items": {"type": "object", "properties": {"value": {"type": "string", "description": "Id of a user."}}},
        },
    },
}
_OPERATIONS: Final = {
    "type": "object",
    "required": ["Operations"],
    "properties": {
        "schemas": {"type": "array", "items": {"type": "string"}, "examples": [[PATCH]]},
        "Operations": {
            "type": "array",
            "minItems": 1,
            "maxItems": 200,
            "items": {
                "type": "object",
                "required": ["op"],
                "properties": {
                    "op": {"type": "string", "examples": ["add", "replace", "remove"]},
                    "path": {"type": "string", "examples": ["active", 'emails[type eq "work"].value', "members"]},
                    "value": {"description": "Of the attribute; without a path, an object of attributes."},
                },
            },
        },
    },
}


def describe(method: str, path: str, operation: dict[str, Any]) -> None:
    """Complete what the framework cannot know of one of SCIM's routes."""
    if path.partition(f"{PREFIX}/")[2].startswith(("Users", "Groups")):
        operation["responses"]["409"] = {
            "description": "Nobody provisions here, or it is taken.",
            "content": _REFERENCE,
        }
    operation["responses"].get("204", {}).pop("content", None)
    if method == "patch":
        schema = _OPERATIONS
    elif method in {"post", "put"}:
        schema = {**(_USER if "/Users" in path else _GROUP)}
        if method == "post":
            schema["required"] = ["userName", "externalId"]
    else:
        return
    operation["requestBody"] = {"required": True, "content": {MEDIA_TYPE: {"schema": schema}}}


def refusal() -> dict[str, Any]:
    """The content of every answer that is an error."""
    return _REFERENCE
