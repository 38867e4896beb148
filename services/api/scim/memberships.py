"""Who is to be in a group, as a directory says it: as a whole or by operations."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from infra import ids
from services.api.errors import TooLarge
from services.api.scim import bodies
from services.api.scim.errors import Immutable, InvalidPath, InvalidSyntax, InvalidValue
from services.api.scim.filters import attribute_name
from services.api.scim.users import operations

MOST_MEMBERS: Final = 1000
_CHOSEN: Final = re.compile(r'members\[\s*value\s+eq\s+"(?P<id>[\w-]{1,64})"\s*\](?:\.value)?')
_PASSED_OVER: Final = frozenset({"id", "externalid", "meta", "schemas"})


def read(body: Mapping[str, Any], name: str) -> set[UUID] | None:
    """The members of a whole group called `name`; None: it says nothing of them.

    Raises:
        Immutable: it is to be called otherwise.
        InvalidSyntax, InvalidValue, TooLarge: the members cannot be read.
    """
    _check_name(body.get("displayname"), name)
    return None if body.get("members") is None else _ids(body["members"])


def patched(body: Mapping[str, Any], name: str, present: Collection[UUID]) -> set[UUID]:
    """The members after the operations of a PATCH, one after the other; what else they say raises as `read` does."""
    found = set(present)
    for op, path, value in operations(body):
        if path is not None:
            found = _apply(found, op, path, value, name)
            continue
        if op == "remove":
            raise InvalidPath("An operation `remove` has a path")
        for one, of_it in bodies.members(value, "The value of an operation without a path").items():
            found = _apply(found, op, one, of_it, name)
    return found


def _apply(found: set[UUID], op: str, path: str, value: Any, name: str) -> set[UUID]:
    attribute = attribute_name(path)
    if attribute == "members":
        return _with(found, op, value)
    chosen = _CHOSEN.fullmatch(path) or _CHOSEN.fullmatch(attribute)
    if chosen is not None and op == "remove":
        return found - _ids([{"value": chosen["id"]}], quietly=True)
    if attribute == "displayname":
        _check_name(value, name)
    elif attribute not in _PASSED_OVER and not attribute.startswith("urn:"):
        raise InvalidPath(f"{path} names no attribute of a group that could be changed so")
    return found


def _with(found: set[UUID], op: str, value: Any) -> set[UUID]:
    if op == "add":
        return found | _ids(value)
    if op == "replace":
        return _ids(value)
    # Entra ID names those whom it removes; without any, RFC 7644 removes all.
    return set() if value is None else found - _ids(value, quietly=True)


def _ids(value: Any, *, quietly: bool = False) -> set[UUID]:
    """The ids of members. `quietly`: one that nobody can have is nobody; otherwise it is refused."""
    if value is None:
        return set()
    listed = value if isinstance(value, list) else [value]
    if len(listed) > MOST_MEMBERS:
        raise TooLarge(f"A request has at most {MOST_MEMBERS} members; send several")
    found = set()
    for one in listed:
        text = one if isinstance(one, str) else bodies.members(one, "A member").get("value")
        if not isinstance(text, str):
            raise InvalidSyntax("A member has the id of a user as its value")
        try:
            found.add(ids.read("acc", text))
        except ids.MalformedId:
            if not quietly:
                raise InvalidValue("One of the members is no user whom this directory provisions") from None
    return found


def _check_name(value: Any, name: str) -> None:
    if value is not None and value != name:
        raise Immutable("A group is a role; what it is called is changed there: PATCH /v1/roles/{role}")
