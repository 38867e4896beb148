"""What this service offers, for directories that ask (RFC 7644, 4): configuration, kinds of resources, schemas."""

from __future__ import annotations

from typing import Any, Final

from services.api.scim.errors import PREFIX
from services.api.scim.filters import GROUP, USER

MOST_RESULTS: Final = 200
_SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:Schema"
_TYPE: Final = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"


def _attribute(name: str, kind: str, words: str, **other: Any) -> dict[str, Any]:
    """A characteristic that is not named is that of most attributes (RFC 7643, 2.2)."""
    plain = {"multiValued": False, "required": False, "mutability": "readWrite", "returned": "default"}
    text = {"caseExact": False, "uniqueness": "none"} if kind in {"string", "reference"} else {}
    return {"name": name, "type": kind, "description": words, **plain, **text, **other}


def _references(name: str, words: str, to: str, mutability: str) -> dict[str, Any]:
    parts = [
        _attribute("value", "string", "Id.", mutability="immutable", caseExact=True),
        _attribute("$ref", "reference", "Address.", mutability="readOnly", referenceTypes=[to], caseExact=True),
        _attribute("display", "string", "Name.", mutability="readOnly"),
        _attribute("type", "string", "How it belongs there.", mutability="readOnly"),
    ]
    return _attribute(name, "complex", words, multiValued=True, mutability=mutability, subAttributes=parts)


_USER: Final = [
    _attribute("userName", "string", "Name in the directory.", required=True, uniqueness="server"),
    _attribute(
        "externalId",
        "string",
        "Who the person is at the identity provider: its sub, or oid.",
        required=True,
        caseExact=True,
        uniqueness="server",
    ),
    _attribute("displayName", "string", "What people see."),
    _attribute(
        "name",
        "complex",
        "Parts of the name.",
        subAttributes=[
            _attribute("formatted", "string", "The whole name."),
            _attribute("givenName", "string", "Given name."),
            _attribute("familyName", "string", "Family name."),
        ],
    ),
    _attribute("active", "boolean", "Whether the person may sign in."),
    _attribute(
        "emails",
        "complex",
        "Where to write to; one is kept. Without it userName is that address.",
        multiValued=True,
        required=True,
        subAttributes=[
            _attribute("value", "string", "Address.", required=True),
            _attribute("type", "string", "Kept is `work`.", canonicalValues=["work"]),
            _attribute("primary", "boolean", "Kept is the primary one."),
        ],
    ),
    _references("groups", "Roles that the person has.", "Group", "readOnly"),
]
_GROUP: Final = [
    _attribute("displayName", "string", "Name of the role.", required=True, mutability="readOnly"),
    _references("members", "Who of the directory has the role.", "User", "readWrite"),
]

CONFIGURATION: Final[dict[str, Any]] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
    "patch": {"supported": True},
    "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
    "filter": {"supported": True, "maxResults": MOST_RESULTS},
    "changePassword": {"supported": False},
    "sort": {"supported": False},
    "etag": {"supported": True},
    "authenticationSchemes": [
        {
            "type": "oauthbearertoken",
            "name": "Bearer",
            "description": "An API key with the permission scim:write, or an access token for it.",
            "primary": True,
        }
    ],
    "meta": {"resourceType": "ServiceProviderConfig", "location": f"{PREFIX}/ServiceProviderConfig"},
}


def _type(name: str, schema: str, words: str) -> dict[str, Any]:
    return {
        "schemas": [_TYPE],
        "id": name,
        "name": name,
        "endpoint": f"/{name}s",
        "description": words,
        "schema": schema,
        "meta": {"resourceType": "ResourceType", "location": f"{PREFIX}/ResourceTypes/{name}"},
    }


def _schema(urn: str, name: str, words: str, attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schemas": [_SCHEMA],
        "id": urn,
        "name": name,
        "description": words,
        "attributes": attributes,
        "meta": {"resourceType": "Schema", "location": f"{PREFIX}/Schemas/{urn}"},
    }


TYPES: Final = {
    "User": _type("User", USER, "Somebody whom the directory provisions."),
    "Group": _type("Group", GROUP, "A role, and who of the directory has it."),
}
SCHEMAS: Final = {
    USER: _schema(USER, "User", "Somebody whom the directory provisions.", _USER),
    GROUP: _schema(GROUP, "Group", "A role, and who of the directory has it.", _GROUP),
}
