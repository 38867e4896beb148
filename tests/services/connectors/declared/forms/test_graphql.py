"""Operations over GraphQL against a server that runs it: data, pages, and what errors in answers of 200 mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.connectors.simulators.http import Answered, Asked
from services.engine.functions import Answer, Done, Failed, Later, Unknown
from tests.services.connectors.declared.conftest import Meet
from tests.services.connectors.declared.forms.shop import COUNT, Shop
from tests.services.connectors.declared.other import SECRET, manifest, operation, path_of, said

READ = "query ($id: ID!) { order(id: $id) { name total } }"
LIST = "query ($after: String) { orders(first: 3, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }"
CREATE = "mutation ($key: String!, $name: String!) { create(key: $key, name: $name) { order { id note } } }"
WAIT = "${ .extensions.cost | (.asked - .left) / .restored }"
NEXT = "${ if .orders.pageInfo.hasNextPage then .orders.pageInfo.endCursor else null end }"


def _asks(query: str, **variables: str) -> dict[str, Any]:
    return {"path": "graphql.json", "graphql": {"query": query, "variables": variables}}


DOCUMENT = manifest(
    errors=[
        {"code": ["THROTTLED", 429], "class": "retry", "after": WAIT, "message": "${ .errors[0].message }"},
        {"code": "LIMIT", "class": "refuse", "change": "token"},
        {"code": "NO_SCOPE", "class": "refuse", "change": "scopes"},
    ],
    operations={
        "shop.orders.read": operation(
            request=_asks(READ, id="${ .id }"), answer="${ .order }", scopes=["read_orders"], output={"type": "object"}
        ),
        "shop.orders.page": operation(
            request=_asks(LIST, after="${ $page }"),
            pages={"kind": "cursor", "items": "${ .orders.nodes }", "next": NEXT},
            answer="${ [.[].id] }",
        ),
        "shop.orders.create": operation(
            effect="once-or-ask", request=_asks(CREATE, key="${ .key }", name="${ .name }"), answer="${ .create.order }"
        ),
        "shop.orders.withdraw": operation(
            effect="once-or-ask", request=_asks("mutation ($id: ID!) { cancel(id: $id) { id } }", id="${ .id }")
        ),
    },
)


async def test_a_query_goes_out_with_its_variables_and_its_data_comes_back(meet: Meet) -> None:
    other, desk = await meet(DOCUMENT, Shop())
    assert await desk.call("shop.orders.read", {"id": "7"}) == Done(output={"name": "#7", "total": 1299})
    assert (other.last.method, path_of(other.last)) == ("POST", "/api/graphql.json")
    assert json.loads(other.last.body) == {"query": READ, "variables": {"id": "7"}}


async def test_pages_go_by_the_cursor_of_each(meet: Meet) -> None:
    other, desk = await meet(DOCUMENT, Shop())
    answer = await desk.call("shop.orders.page")
    assert answer == Done(output=[str(one) for one in range(COUNT)])
    assert [json.loads(one.body)["variables"]["after"] for one in other.asked] == [None, "3", "6"]


@pytest.mark.parametrize(
    ("code", "outcome", "words"),
    [
        ("THROTTLED", "waits", "Sorry, THROTTLED"),
        ("RATE_LIMITED", "waits", "an error: Sorry, RATE_LIMITED"),
        ("LIMIT", "refused", "It refused: Sorry, LIMIT. Look at the secret `token` of the connection"),
        ("NO_SCOPE", "refused", "Give the account behind the connection the rights read_orders"),
        ("ACCESS_DENIED", "refused", "Give the account behind the connection the rights read_orders"),
        ("UNAUTHENTICATED", "refused", "Its credentials are refused; look at the secret `token`"),
        ("INTERNAL_SERVER_ERROR", "uncertain", "Sorry, INTERNAL_SERVER_ERROR"),
        ("SOMETHING_ELSE", "refused", "It refused: Sorry, SOMETHING_ELSE"),
    ],
)
async def test_codes_of_errors_in_an_answer_of_200_are_of_the_four_classes(
    meet: Meet, code: str, outcome: str, words: str
) -> None:
    shop = Shop()
    shop.fails = code
    _, desk = await meet(DOCUMENT, shop)
    answer = await desk.call("shop.orders.read", {"id": "7"})
    assert isinstance(answer, Failed | Later)
    assert words in answer.error.detail
    assert _outcome(answer) == outcome
    assert not isinstance(answer, Later) or answer.seconds == (2 if code == "THROTTLED" else None), "by its own rule"


async def test_a_write_that_was_done_in_part_is_no_refusal(meet: Meet) -> None:
    shop = Shop()
    _, desk = await meet(DOCUMENT, shop)
    answer = await desk.call("shop.orders.create", {"key": "k1", "name": "A"})
    assert shop.created == {"k1": "A"}
    assert isinstance(answer, Unknown), "its note alone failed: nobody may be told that there is no order"
    assert "answered with an error" in answer.error.detail
    assert "The notes are away" not in answer.error.detail, "why a run waits is read without the payload permission"
    assert "The notes are away" in str(answer.answer)
    answer = await desk.call("shop.orders.withdraw", {"id": "k1"})
    assert isinstance(answer, Unknown)
    assert "outcome is unknown" in answer.error.detail
    shop.fails = "BAD_USER_INPUT"
    assert isinstance(await desk.call("shop.orders.create", {"key": "k2", "name": "B"}), Failed)


async def test_what_the_schema_does_not_know_and_what_is_no_graphql_is_told(meet: Meet) -> None:
    changed = manifest(operations={"thing.read": operation(request=_asks("{ sales { id } }"))})
    _, desk = await meet(changed, Shop())
    answer = await desk.call()
    assert isinstance(answer, Failed)
    assert "Cannot query field 'sales' on type 'Query'" in answer.error.detail
    _, desk = await meet(changed, said({"hello": "there"}), said({"errors": [{"message": f"no {SECRET}"}]}, 400))
    neither, refused = await desk.call(), await desk.call()
    assert isinstance(neither, Failed)
    assert "has no `data`" in neither.error.detail
    assert isinstance(refused, Failed)
    assert refused.error.detail == "It answered with status 400: no [redacted]"


async def test_a_session_that_ended_in_an_answer_of_200_is_begun_anew(meet: Meet) -> None:
    shop, login = Shop(), {"path": "login", "body": {"key": {"secret": "token"}}}

    def answer(asked: Asked) -> Answered:
        return said({"token": "canary-session-1"}) if path_of(asked) == "/api/login" else shop(asked)

    session = {"kind": "session", "login": login, "token": "/token", "header": "X-Session"}
    other, desk = await meet({**DOCUMENT, "authentication": session}, answer)
    assert isinstance(await desk.call("shop.orders.read", {"id": "1"}), Done)
    shop.fails = "UNAUTHENTICATED"
    assert isinstance(await desk.call("shop.orders.read", {"id": "1"}), Done)
    assert [path_of(one) for one in other.asked].count("/api/login") == 2


def _outcome(answer: Answer) -> str:
    if isinstance(answer, Later):
        return "uncertain" if answer.uncertain else "waits"
    return "refused"
