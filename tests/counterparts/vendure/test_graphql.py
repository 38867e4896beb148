"""GraphQL as manifests write it, against a real server of it: variables, pages, errors in answers of 200."""

from __future__ import annotations

from typing import Any

import pytest

from infra.egress import Client
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Done, Failed, Later, Unknown
from tests import certifying
from tests.counterparts.calling import Caller
from tests.counterparts.proxy import Fault, Proxy
from tests.counterparts.vendure.install import VERSION
from tests.counterparts.vendure.people import bought
from tests.services.connectors.declared.other import declared, manifest, operation

pytestmark = pytest.mark.certifies("graphql")


def asked(query: str, *, answer: str = "${ . }", **more: Any) -> dict[str, Any]:
    variables = more.pop("variables", {})
    request = {"path": "admin-api", "graphql": {"query": query, "variables": variables}}
    return operation(request=request, answer=answer, **more)


NOTES = "query ($id: ID!) { order(id: $id) { history { items { type data } } } }"
NOTED = "mutation ($i: AddNoteToOrderInput!) { addNoteToOrder(input: $i) { id } }"
NOTE: dict[str, Any] = {"i": {"id": "${ .id }", "note": "${ $key }", "isPublic": False}}
DOCUMENT = manifest(
    authentication={"kind": "header", "header": "vendure-api-key", "secret": "token"},
    operations={
        "shop.orders.all": asked(
            "query ($skip: Int!) { orders(options: { take: 1, skip: $skip }) { items { id } } }",
            variables={"skip": "${ $page }"},
            pages={"kind": "offset", "items": "${ .orders.items }", "size": 1, "most": 50},
            answer="${ map(.id) }",
        ),
        "shop.orders.read": asked("query ($id: ID!) { order(id: $id) { id } }", variables={"id": "${ .id }"}),
        "shop.orders.nonsense": asked("{ order { nothing } }"),
        "shop.people.read": asked("{ administrators { items { id } } }", scopes=["ReadAdministrator"]),
        "shop.notes.read": asked(
            NOTES, variables={"id": "${ .id }"}, answer="${ [.order.history.items[].data.note?] }"
        ),
        "shop.notes.once": asked(NOTED, variables=NOTE, effect="once-or-ask"),
        "shop.notes.checked": asked(
            NOTED,
            variables=NOTE,
            effect="check-then-write",
            answer="${ .addNoteToOrder.id }",
            read_back={
                "request": {"path": "admin-api", "graphql": {"query": NOTES, "variables": {"id": "${ .id }"}}},
                "found": "${ $key as $key | [.order.history.items[] | select(.data.note == $key)] }",
                "answer": "${ .data.note }",
            },
        ),
    },
)


@pytest.fixture
async def graphql(client: Client, proxy: Proxy, keys: tuple[str, str]) -> Any:
    certifying.saw("graphql", VERSION)
    async with ExpressionPool(size=1) as pool:
        evaluator, url = Expressions(pool), f"http://127.0.0.1:{proxy.port}"
        own = declared(DOCUMENT, evaluator)
        yield Caller("sample", url, client, evaluator, settings={}, secrets={"token": keys[0]}, connector=own)


async def test_all_pages_are_asked_for(graphql: Caller, client: Client, port: int) -> None:
    made = {await bought(client, f"http://127.0.0.1:{port}", 1) for _ in range(3)}
    found = await graphql.done("shop.orders.all", {})
    assert made <= set(found)
    assert len(found) == len(set(found))


async def test_S_16_a_variable_is_never_a_part_of_the_query(graphql: Caller) -> None:
    answer = await graphql.done("shop.orders.read", {"id": '1") { id } } #'})
    assert answer == {"order": None}


async def test_errors_in_answers_of_200_are_told_by_their_code(graphql: Caller) -> None:
    nonsense = await graphql.call("shop.orders.nonsense", {})
    assert isinstance(nonsense, Failed), nonsense
    assert "nothing" in nonsense.error.detail
    forbidden = await graphql.call("shop.people.read", {})
    assert isinstance(forbidden, Failed), forbidden
    assert (forbidden.error.status, "ReadAdministrator" in forbidden.error.detail) == (403, True)


@pytest.mark.parametrize("fault", ["lost", "answer-lost", "abandoned"])
async def test_F_03_a_mutation_whose_answer_is_lost_happens_once(
    graphql: Caller, proxy: Proxy, client: Client, port: int, key: str, fault: Fault
) -> None:
    order = {"id": await bought(client, f"http://127.0.0.1:{port}", 1)}
    proxy.once("mutation", fault)
    assert isinstance(await graphql.call("shop.notes.once", order, f"once-{key}"), Unknown)
    proxy.once("mutation", fault)
    assert isinstance(await graphql.call("shop.notes.checked", order, key), Later)
    await proxy.settle()
    for _ in range(2):
        assert isinstance(await graphql.through("shop.notes.checked", order, key), Done)
    notes = await graphql.done("shop.notes.read", order)
    assert notes.count(key) == 1
