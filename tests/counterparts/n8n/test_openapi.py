"""A manifest begun from the document that a real n8n publishes of its own API does what the document says, there.

Nothing of what the importer wrote is changed by hand: `waybill connector new --openapi` ends where this begins.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.egress import Client
from services.connectors.declared import checks, reading
from services.connectors.declared.connector import Declared
from services.connectors.openapi.beginning import Begun, begin
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Answer, Done, Failed, Later, Unknown
from tests import certifying
from tests.counterparts.calling import Caller
from tests.counterparts.n8n import owner
from tests.counterparts.n8n.install import VERSION
from tests.counterparts.proxy import Fault, Proxy

pytestmark = pytest.mark.certifies("openapi")
CHOSEN = ["get /tags", "post /tags", "get /tags/{id}", "put /tags/{id}", "get /workflows", "get /executions"]
ALL, MAKE, READ, CHANGE = "own.get-tags", "own.post-tags", "own.get-tags-id", "own.put-tags-id"


@pytest.fixture(scope="module")
def key(port: int) -> str:
    certifying.saw("openapi", VERSION)
    return owner.api_key(port, ["tag:create", "tag:list", "tag:read", "tag:update", "workflow:list", "execution:list"])


@pytest.fixture(scope="module")
def begun(port: int) -> Begun:
    return begin(owner.document(port), "own", CHOSEN)


@pytest.fixture
async def own(client: Client, proxy: Proxy, key: str, begun: Begun) -> AsyncIterator[Caller]:
    document = reading.read(begun.manifest).document
    async with ExpressionPool(size=1) as pool:
        evaluator = Expressions(pool)
        url = f"http://127.0.0.1:{proxy.port}/api/v1"
        connector = Declared(document, evaluator)
        yield Caller("own", url, client, evaluator, settings={}, secrets={"api_key": key}, connector=connector)


def refused(answer: Answer) -> Any:
    assert isinstance(answer, Failed), answer
    return answer.error


async def named(own: Caller, name: str) -> list[str]:
    """Ids of the tags of this name, over all pages."""
    found: list[Any] = []
    given: dict[str, Any] = {"limit": 2}
    while True:
        page = await own.done(ALL, given)
        found += page["data"]
        if not page["nextCursor"]:
            return [one["id"] for one in found if one["name"] == name]
        given = {"limit": 2, "cursor": page["nextCursor"]}


def test_it_is_right_as_it_is_and_says_what_is_left_to_a_person(begun: Begun) -> None:
    manuscript = reading.read(begun.manifest)
    assert not list(checks.mistakes(manuscript.document))
    assert manuscript.document.follows.startswith("OpenAPI document n8n Public API 1.")
    assert manuscript.document.health is not None
    assert any("once-or-ask" in note for note in begun.notes)


async def test_paths_queries_and_bodies_go_where_the_document_says(own: Caller) -> None:
    for number in range(3):
        await own.done(MAKE, {"body": {"name": f"page {number}"}})
    made = await own.done(MAKE, {"body": {"name": "a/b ?&#%ä"}})
    assert (await own.done(READ, {"id": made["id"]}))["name"] == "a/b ?&#%ä"
    assert await named(own, "a/b ?&#%ä") == [made["id"]]
    changed = await own.done(CHANGE, {"id": made["id"], "body": {"name": "renamed"}})
    assert (changed["id"], changed["name"]) == (made["id"], "renamed")
    assert (await own.done("own.get-workflows", {"active": False}))["data"] == []


async def test_S_56_what_is_part_of_a_path_leads_nowhere_else(own: Caller, proxy: Proxy) -> None:
    seen: list[bytes] = []
    proxy.decide = seen.append
    error = refused(await own.call(READ, {"id": ".."}))
    assert "may not lead out" in error.detail
    assert seen == []
    assert refused(await own.call(READ, {"id": "x/../../workflows?limit=1"})).status in {400, 404, 422}
    assert all(b"/workflows" not in one.partition(b" HTTP")[0] for one in seen)


@pytest.mark.parametrize(
    ("operation", "given", "status", "says"),
    [
        (READ, {"id": "unknown"}, 404, "Not Found"),
        (MAKE, {"body": {"name": "twice"}}, 409, "already exists"),
        (MAKE, {"body": {"name": "x", "id": "of-mine"}}, 400, "read-only"),
    ],
)
async def test_a_refusal_is_told_in_its_words(
    own: Caller, operation: str, given: dict[str, Any], status: int, says: str
) -> None:
    if status == 409:
        await own.done(operation, given)
    error = refused(await own.call(operation, given))
    assert (error.status, says in error.detail) == (status, True), error


async def test_input_that_the_document_does_not_take_is_not_sent(own: Caller, proxy: Proxy) -> None:
    seen: list[bytes] = []
    proxy.decide = seen.append
    wrong: list[dict[str, Any]] = [{}, {"body": {}}, {"body": {"name": 5}}, {"body": {"name": "x", "other": 1}}]
    for given in wrong:
        assert refused(await own.call(MAKE, given)).type.endswith("/validation")
    assert seen == []


async def test_S_72_a_key_that_is_refused_is_named_and_not_shown(own: Caller, key: str) -> None:
    own.change(secrets={"api_key": "another-key-of-somebody"})
    error = refused(await own.call(ALL, {}))
    assert "the secret `api_key`" in error.detail
    assert not {key, "another-key-of-somebody"} & set(error.detail.split())


@pytest.mark.parametrize("fault", ["lost", "answer-lost", "abandoned"])
async def test_F_03_a_write_that_it_cannot_repeat_is_a_person_s_question(
    own: Caller, proxy: Proxy, fault: Fault
) -> None:
    proxy.once("POST /api/v1/tags", fault)
    assert isinstance(await own.call(MAKE, {"body": {"name": fault}}), Unknown)
    await proxy.settle()
    assert proxy.met == 1
    assert len(await named(own, fault)) == (fault != "lost")


async def test_F_03_what_reads_is_asked_again(own: Caller, proxy: Proxy) -> None:
    proxy.once("GET /api/v1/tags", "lock-503")
    assert isinstance(await own.call(ALL, {}), Later)
    assert isinstance(await own.call(ALL, {}), Done)


@pytest.mark.parametrize(
    ("operation", "given", "place"),
    [
        ("own.get-executions", {"limit": 1}, "/data/0/id"),
        ("own.get-workflows", {"active": True, "limit": 1}, "/data/0/activeVersion"),
    ],
)
async def test_an_answer_that_is_not_as_its_document_says_is_told_with_its_place(
    own: Caller, caller: Caller, operation: str, given: dict[str, Any], place: str
) -> None:
    """Ids of executions are numbers by the document, and texts in what it answers; a version has members unsaid."""
    await caller.done("n8n.workflows.call", {"workflow": "doubling", "data": {"n": 1}}, f"for-{operation}")
    assert place in refused(await own.call(operation, given)).detail
