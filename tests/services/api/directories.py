"""A directory that provisions people over SCIM, as Entra ID and Okta do it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tenants.identity.permissions import ALLOWED, Scope
from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties, first_key, make_key

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
MEDIA: Final = "application/scim+json"
TYPED: Final = {"content-type": f"{MEDIA}; charset=utf-8"}
ISSUER: Final = "https://login.acme.example"


class Directory(msgspec.Struct, frozen=True):
    """Sends what a directory sends, with the key that it was given."""

    caller: Caller
    provider: str

    def having(self, key: str) -> Directory:
        return msgspec.structs.replace(self, caller=self.caller.having(key))

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.caller.get(f"/scim/v2{path}", headers={"accept": MEDIA, **_named(headers)})

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        given = {} if body is None else TYPED
        return await self.caller.send(method, f"/scim/v2{path}", body, headers={**given, **_named(headers)})

    async def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> Answer:
        return await self.send("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)

    async def made(self, login: str, /, **more: Any) -> str:
        """The id of a new user, whose subject is `sub-NAME` unless told otherwise."""
        answer = await self.send("POST", "/Users", person(login, **more))
        assert answer.status == 201, answer.body
        found: str = answer.json["id"]
        return found

    async def group(self, name: str) -> str:
        answer = await self.get(f'/Groups?excludedAttributes=members&filter=displayName%20eq%20"{name}"')
        assert answer.json["totalResults"] == 1, answer.body
        found: str = answer.json["Resources"][0]["id"]
        return found

    async def members(self, group: str) -> set[str]:
        return {one["value"] for one in (await self.get(f"/Groups/{group}")).json["members"]}


def person(login: str, /, **more: Any) -> dict[str, Any]:
    """As Okta sends a new user, with attributes that nobody keeps here."""
    return {
        "schemas": [USER],
        "userName": f"{login}@acme.example",
        "externalId": f"sub-{login}",
        "displayName": login.title(),
        "emails": [{"primary": True, "value": f"{login}@acme.example", "type": "work"}],
        "active": True,
        "locale": "en-US",
        "groups": [],
        **more,
    }


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def refused(answer: Answer, status: int, scim_type: str | None = None) -> None:
    """An error in SCIM's form and in no other."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == MEDIA
    told = answer.json
    assert (told["schemas"], told["status"]) == ([ERROR], str(status))
    assert told.get("scimType") == scim_type, answer.body
    assert told["detail"]
    assert told.keys() <= {"schemas", "status", "scimType", "detail"}


def is_refused(answer: Answer, status: int, name: str) -> None:
    """A problem of this name; over SCIM, whose errors have no names, an error of this status."""
    if answer.headers["content-type"] == MEDIA:
        refused(answer, status)
    else:
        assert (answer.status, answer.problem) == (status, name)


async def make_directory(parties: Parties, place: str | None = "north/acme/live") -> Directory:
    """Of a client's people, or of north's own: all that people there may do, its key may give."""
    if place is None:
        key = await make_key(parties.operator, permissions=sorted(ALLOWED[Scope.PARTNER]), partner="north")
    else:
        key = await first_key(parties.nobody, place, ALLOWED[Scope.CLIENT])
    caller = parties.nobody.having(key)
    body = {"name": "Directory", "issuer": ISSUER, "client_id": "portal"}
    made = await caller.post("/v1/identity-providers", body)
    assert made.status == 201, made.body
    provisions = await caller.post(f"/v1/identity-providers/{made.json['id']}/provision")
    assert (provisions.status, provisions.json["provisions"]) == (200, True), provisions.body
    return Directory(caller, made.json["id"])
