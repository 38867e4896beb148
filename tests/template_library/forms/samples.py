"""Forms to try, and forms and answers as hypothesis makes them."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

PART: Final = "urn:record-schema:parts:1#/$defs/"
RELEASE: Final[dict[str, Any]] = {
    "schema": {
        "title": "Release a credit hold",
        "type": "object",
        "required": ["decision", "limit"],
        "properties": {
            "decision": {
                "type": "string",
                "title": "Decision",
                "oneOf": [
                    {"const": "once", "title": "This order only"},
                    {"const": "limit", "title": "Raise the limit"},
                ],
            },
            "limit": {"$ref": f"{PART}unsigned_money", "title": "New limit", "description": "In all, not in addition."},
            "until": {"$ref": f"{PART}day", "title": "Valid until"},
            "days": {"type": "integer", "title": "Days of grace", "minimum": 0, "maximum": 90, "default": 0},
            "reason": {"$ref": f"{PART}note", "title": "Reason"},
            "account": {"type": "string", "title": "Account", "maxLength": 40},
            "score": {"type": "number", "title": "Score of the bureau"},
            "seen": {"type": "boolean", "title": "I have read the statement", "const": True},
            "tags": {"type": "array", "title": "Tags", "items": {"type": "string", "enum": ["new", "late"]}},
            "proofs": {"type": "array", "title": "Proofs", "items": {"type": "string", "format": "document"}},
            "lines": {
                "type": "array",
                "title": "Lines",
                "items": {
                    "type": "object",
                    "required": ["sku"],
                    "properties": {
                        "sku": {"type": "string", "title": "Item", "pattern": "^[A-Z0-9-]{1,20}$"},
                        "quantity": {"$ref": f"{PART}quantity", "title": "Quantity"},
                    },
                },
            },
        },
    },
    "fields": {
        "days": {"unit": "days", "write": ["credit-manager"]},
        "reason": {"required_for": ["reject"]},
        "score": {"read": ["credit-manager"], "write": []},
        "account": {
            "look_up": {
                "capability": "crm.customers.search",
                "query": "name",
                "value": "/id",
                "title": "/customer/name",
            }
        },
    },
    "groups": [
        {"title": "Decision", "fields": ["decision", "limit", "until", "days", "reason", "seen"]},
        {"title": "Background", "fields": ["account", "score", "tags", "proofs", "lines"]},
    ],
}
GOOD: Final[dict[str, Any]] = {"decision": "once", "limit": {"amount": 500_000, "currency": "USD"}}

ROLES: Final = ("clerk", "manager", "auditor")
NAMES: Final = ("a", "b", "c", "constructor")
_roles = st.lists(st.sampled_from(ROLES), unique=True)
_rules = st.sampled_from(
    [
        {"type": "string", "title": "Text", "maxLength": 3},
        {"type": "integer", "title": "Number", "minimum": 0, "maximum": 9},
        {"type": "boolean", "title": "Yes"},
        {"type": "string", "title": "One", "enum": ["x", "y"]},
        {"$ref": f"{PART}money", "title": "Money"},
        {"type": "array", "title": "Many", "items": {"type": "integer"}, "maxItems": 2},
    ]
)


@st.composite
def _rights(draw: st.DrawFn) -> dict[str, Any]:
    """Who writes reads."""
    read, write = draw(st.none() | _roles), draw(st.none() | _roles)
    if read is not None:
        write = [one for one in write or [] if one in read]
    return {"read": read, "write": write}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    properties = {name: draw(_rules) for name in names}
    required = draw(st.lists(st.sampled_from(names), unique=True))
    fields = {name: draw(_rights()) for name in draw(st.lists(st.sampled_from(names), unique=True))}
    return {"schema": {"type": "object", "properties": properties, "required": required}, "fields": fields}


values: Final = st.sampled_from(
    [
        *(None, "", " ", "abc", "abcd", "x", 0, 9, 10, -1, 1.5, True, [], [1], [1, 2, 3], ["x"], {}),
        *({"amount": one, "currency": "USD"} for one in (1, 1.5)),
        {"amount": 1, "currency": "XXX"},
        {"amount": 1, "currency": "USD", "role": "admin"},
    ]
)
answers: Final = st.dictionaries(st.sampled_from([*NAMES, "tenant_id", "__proto__"]), values, max_size=4)
