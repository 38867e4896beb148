"""Reads what a directory sends: JSON whose names are compared without regard to case (RFC 7643, 2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.api import bodies
from services.api.call import Call
from services.api.scim.errors import MEDIA_TYPE, InvalidSyntax, InvalidValue

PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
LONGEST_TEXT: Final = 255


async def read(request: Call) -> dict[str, Any]:
    """The members of the body by their names in lower case.

    Raises:
        UnsupportedMediaType, MalformedBody: no JSON.
        InvalidSyntax: no object, or a name twice.
    """
    bodies.require_media_type(request.headers.get("content-type", ""), MEDIA_TYPE, bodies.JSON)
    return members(bodies.read_json(await request.body()), "The body")


def members(value: Any, what: str) -> dict[str, Any]:
    """The members of an object by their names in lower case. Raises InvalidSyntax."""
    if not isinstance(value, Mapping):
        raise InvalidSyntax(f"{what} is an object")
    found = {name.lower(): one for name, one in value.items()}
    if len(found) != len(value):
        raise InvalidSyntax(f"{what} has a name twice, but for upper and lower case")
    return found


def text(value: Any, what: str) -> str | None:
    """A string; None for null and for the empty string, which directories send for nothing. Raises InvalidValue."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise InvalidValue(f"{what} is a string of at most {LONGEST_TEXT} characters")
    return value


def flag(value: Any, what: str) -> bool:
    """A boolean, or its word in any case, which Entra ID sends. Raises InvalidValue."""
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise InvalidValue(f"{what} is true or false")
    return value
