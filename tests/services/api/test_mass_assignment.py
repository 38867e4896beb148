"""S-67: a member that a body does not have is refused, on every route and at every depth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest

from infra.settings import Settings
from services.api.policy import PREFIX
from tests.services.api.parties import Parties, holding_all
from tests.services.api.test_conditions import called
from tests.services.api.test_openapi import DOCUMENT, operations
from tests.services.api.things import Things

WANTED: Final = (
    *("tenant_id", "partner_id", "role", "is_admin", "plan", "price", "id", "created_at", "version", "verified"),
    *("status", "owner_id", "made_by", "permissions_"),
)
"""What somebody would add to a body, to be more than they are."""
OPEN: Final = {
    "/v1/events": "CloudEvents have extensions, which are data of the event's and nothing of ours",
}


@pytest.fixture
def api_settings(api_settings: Settings) -> Settings:
    """Of an installation that lets one key ask a thousand times at once."""
    return msgspec.structs.replace(api_settings, api_rate=10_000, api_burst=100_000)


def bodies() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and schema of each JSON body; a tenant's routes by their short path, as they are one handler."""
    for method, path, operation in operations():
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is not None and path not in OPEN and not path.startswith((PREFIX, "/scim/")):
            yield method, path, resolved(schema)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return found


def least(schema: dict[str, Any]) -> Any:
    """The smallest value that the schema takes, but for the forms of texts."""
    schema = resolved(schema)
    if "oneOf" in schema or "anyOf" in schema:
        return least((schema.get("anyOf") or schema["oneOf"])[0])
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type", "object")
    if kind == "object":
        return {name: least(schema["properties"][name]) for name in schema.get("required", [])}
    plain: dict[str, Any] = {"string": "x" * max(schema.get("minLength", 1), 1), "boolean": False}
    return plain.get(str(kind), schema.get("minimum", 1) if kind in {"integer", "number"} else [])


def objects(schema: dict[str, Any], seen: frozenset[str] = frozenset()) -> Iterator[dict[str, Any]]:
    """Every schema with members that is somewhere in this one."""
    named = schema.get("$ref", "")
    if named in seen:
        return
    schema, seen = resolved(schema), seen | {named} - {""}
    if "properties" in schema:
        yield schema
    below = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
    for one in (*below, *(one for word in ("oneOf", "anyOf", "allOf") for one in schema.get(word, []))):
        if isinstance(one, dict):
            yield from objects(one, seen)


def test_S_67_no_object_of_any_body_takes_members_that_it_does_not_have() -> None:
    walked = 0
    for method, path, schema in bodies():
        for one in objects(schema):
            assert one.get("additionalProperties") is False, (method, path, sorted(one["properties"]))
            walked += 1
    assert walked > 90


async def test_S_67_a_member_more_is_refused_on_every_route_and_named(parties: Parties, things: Things) -> None:
    everybody = await holding_all(parties)
    refused = 0
    for method, path, schema in bodies():
        caller, target = called(everybody, things, method, path)
        body = least(schema)
        for more in WANTED:
            if more in schema["properties"]:
                continue
            answer = await caller.send(method, target, {more: "x", **body})
            assert (answer.status, answer.problem) == (422, "invalid-payload"), (method, path, more, answer.body)
            assert f"/{more}" in [one["pointer"] for one in answer.json["errors"]], (path, more, answer.body)
            refused += 1
    assert refused > 500
