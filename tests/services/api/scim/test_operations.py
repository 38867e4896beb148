"""What operations of directories come to: read whole, or refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from infra import ids
from infra.problems import Problem
from services.api.errors import TooLarge
from services.api.scim import memberships, users
from services.api.scim.errors import Immutable, InvalidPath, InvalidSyntax, InvalidValue, document_of

ADA, BEA = ids.new(), ids.new()


def operations(*each: Any) -> dict[str, Any]:
    return {"operations": list(each)}


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ({"op": "Replace", "path": "active", "value": "False"}, {"active": False}),
        ({"OP": "ADD", "PATH": "Active", "VALUE": True}, {"active": True}),
        ({"op": "replace", "value": {'emails[type eq "work"].value': "x@y"}}, {"email": "x@y"}),
        ({"op": "add", "path": "emails", "value": [{"type": "home", "value": "h"}, {"type": "Work", "value": "w"}]},
         {"email": "w"}),
        ({"op": "add", "path": "emails", "value": [{"value": "a"}, {"value": "b", "Primary": "True"}]}, {"email": "b"}),
        ({"op": "add", "path": 'emails[type eq "home"].value', "value": "h"}, {}),
        ({"op": "add", "path": 'emails[type eq "work"].display', "value": "h"}, {}),
        ({"op": "remove", "path": "name"}, {"name.formatted": None, "name.givenname": None, "name.familyname": None}),
        ({"op": "replace", "path": "password", "value": "secret"}, {}),
        ({"op": "replace", "path": 'phoneNumbers[type eq "work"].value', "value": "1"}, {}),
        ({"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:userName", "value": "x"},
         {"username": "x"}),
        ({"op": "replace", "path": "urn:x:User:manager", "value": {"value": "1"}}, {}),
    ],
)  # fmt: skip
def test_what_is_said_of_a_user(operation: dict[str, Any], said: dict[str, Any]) -> None:
    assert users.patched(operations(operation)).values == said


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ({"op": "replace", "path": "emails[", "value": "x"}, InvalidPath),
        ({"op": "replace", "path": "/active", "value": True}, InvalidPath),
        ({"op": "replace", "path": 5, "value": True}, InvalidPath),
        ({"op": "remove"}, InvalidPath),
        ({"op": "replace", "path": "active", "value": "perhaps"}, InvalidValue),
        ({"op": "replace", "path": "active", "value": 1}, InvalidValue),
        ({"op": "replace", "path": "userName", "value": 5}, InvalidValue),
        ({"op": "replace", "path": "userName", "value": "x" * 256}, InvalidValue),
        ({"op": "replace", "path": "displayName"}, InvalidValue),
        ({"op": "replace", "path": "externalId", "value": ""}, Immutable),
        ({"op": "replace", "path": "groups", "value": []}, Immutable),
        ({"op": "replace", "path": "id", "value": "acc_x"}, Immutable),
        ({"op": "remove", "path": "active"}, Immutable),
        ({"op": "move", "path": "active", "value": True}, InvalidSyntax),
        ({"op": "replace", "value": "x"}, InvalidSyntax),
        ({"op": "replace", "value": {"active": True, "ACTIVE": False}}, InvalidSyntax),
        ("x", InvalidSyntax),
    ],
)
def test_what_cannot_be_done_is_refused(operation: Any, kind: type[Problem]) -> None:
    with pytest.raises(kind):
        users.patched(operations(operation))


@pytest.mark.parametrize("each", [None, [], {}, [{"op": "remove", "path": "title"}] * 201])
def test_operations_are_a_list_with_an_end(each: Any) -> None:
    with pytest.raises(InvalidSyntax):
        users.patched({"operations": each})


def test_members_one_operation_after_the_other() -> None:
    ada, bea = ids.show("acc", ADA), ids.show("acc", BEA)
    body = operations(
        {"op": "add", "path": "members", "value": {"value": bea}},
        {"op": "remove", "path": f'members[value eq "{ada}"]'},
        {"op": "remove", "path": 'members[value eq "nobody"]'},
        {"op": "replace", "value": {"displayName": "Clerk", "externalId": "x"}},
    )
    assert memberships.patched(body, "Clerk", {ADA}) == {BEA}
    assert memberships.read({"members": [ada, {"value": bea}]}, "Clerk") == {ADA, BEA}
    assert memberships.read({"displayname": "Clerk"}, "Clerk") is None
    with pytest.raises(Immutable):
        memberships.read({"displayname": "Boss"}, "Clerk")
    with pytest.raises(TooLarge):
        memberships.read({"members": [ada] * 1001}, "Clerk")
    with pytest.raises(InvalidPath):
        memberships.patched(operations({"op": "add", "path": "permissions", "value": ["keys:write"]}), "Clerk", set())


def test_an_error_names_the_field_and_nothing_else() -> None:
    told = document_of(Immutable("userName is not left out"))
    assert told == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "400",
        "scimType": "mutability",
        "detail": "userName is not left out",
    }
