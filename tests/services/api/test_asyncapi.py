"""The AsyncAPI document is one, and holds the catalogue and nothing else.

`asyncapi-3.0.0.json` is the specification's own schema (asyncapi/spec-json-schemas, Apache-2.0), without its ids.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from services.api import asyncapi
from services.events.catalogue.registry import types, urn
from tests.asgi import Caller

DOCUMENT: dict[str, Any] = msgspec.json.decode(asyncapi.document())
VALIDATOR = jsonschema_rs.validator_for(
    msgspec.json.decode((Path(__file__).parent / "asyncapi-3.0.0.json").read_bytes()), offline=True
)


async def test_it_is_served_and_of_the_specifications_schema(nobody: Caller) -> None:
    answer = await nobody.get("/v1/asyncapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json == DOCUMENT
    assert [error.message for error in VALIDATOR.iter_errors(DOCUMENT)] == []


@pytest.mark.parametrize("at", ["asyncapi", "info", "operations/takeEvent/action", "channels/events/messages"])
def test_the_validator_objects_to_a_broken_document(at: str) -> None:
    broken = copy.deepcopy(DOCUMENT)
    *way, last = at.split("/")
    node = broken
    for part in way:
        node = node[part]
    node[last] = 1
    assert not VALIDATOR.is_valid(broken)


def test_each_type_has_a_message_and_every_reference_leads_somewhere() -> None:
    messages = DOCUMENT["components"]["messages"]
    assert {one["name"] for one in messages.values()} == set(types())
    references = [one["$ref"] for one in DOCUMENT["operations"]["takeEvent"]["messages"]]
    references += [one["$ref"] for one in DOCUMENT["channels"]["events"]["messages"].values()]
    references += [one["payload"]["properties"]["data"]["$ref"] for one in messages.values()]
    assert len(references) == 3 * len(types())
    for reference in references:
        node: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert isinstance(node, dict)


def test_a_message_takes_its_own_event_and_no_other() -> None:
    message = {**DOCUMENT["components"]["messages"]["order.held"]["payload"], "components": DOCUMENT["components"]}
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": "1",
        "source": "/shop",
        "type": "order.held",
        "dataschema": urn("order.held", types()["order.held"].version),
        "data": {"number": "SO-1", "state": "held"},
    }
    validator = jsonschema_rs.validator_for(message)
    assert validator.is_valid(event)
    assert not validator.is_valid(event | {"type": "order.released"})
    assert not validator.is_valid(event | {"data": {"number": "SO-1", "state": "released"}})
