"""What a manifest's templates send: paths, queries, headers, bodies; HTTP, GraphQL, JSON-RPC."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.engine.functions import Done, Failed
from tests.services.connectors.declared.conftest import Meet
from tests.services.connectors.declared.other import Desk, Other, declared, manifest, operation, path_of, query_of, said


async def test_path_query_headers_and_body_are_filled_from_the_input(meet: Meet) -> None:
    request = {
        "method": "POST",
        "path": "customers/${ .customer }/orders/${ .number }",
        "query": {"q": "${ .words }", "tag": "${ .tags }", "none": "${ .none }", "on": True, "n": "${ .number }"},
        "headers": {"X-Site": "${ $settings.site }", "X-Kind": "order", "X-None": "${ .none }"},
        "body": {
            "lines": "${ [.lines[] | {sku: .item, n: .quantity}] }",
            "note": "as it is",
            "deep": [{"a": "${ .number }"}],
        },
    }
    settings = {"properties": {"site": {"title": "Site", "type": "string"}}}
    document = manifest(operations={"thing.read": operation(request=request)}, settings=settings)
    other, desk = await meet(document, said({"ok": True}), site="north")
    values = {
        "customer": "a/b ?c#d%",
        "number": 7,
        "words": "one & two",
        "tags": ["x", "y"],
        "lines": [{"item": "SKU-1", "quantity": "1.50"}],
    }
    answer = await desk.call(values=values)
    assert answer == Done(output={"ok": True})
    assert path_of(other.last) == "/api/customers/a/b ?c#d%/orders/7"
    assert "a%2Fb%20%3Fc%23d%25" in other.last.target
    assert query_of(other.last) == {"q": ["one & two"], "tag": ["x", "y"], "on": ["true"], "n": ["7"]}
    assert (other.last.headers["x-site"], other.last.headers["x-kind"]) == ("north", "order")
    assert "x-none" not in other.last.headers
    assert json.loads(other.last.body) == {
        "lines": [{"sku": "SKU-1", "n": "1.50"}],
        "note": "as it is",
        "deep": [{"a": 7}],
    }


@pytest.mark.parametrize("customer", ["..", ".", "%2e%2e", "../../admin", "a/../../b"])
async def test_S_56_no_input_leads_out_of_the_base_url(meet: Meet, customer: str) -> None:
    document = manifest(operations={"thing.read": operation(request={"path": "customers/${ .customer }"})})
    other, desk = await meet(document, said({}))
    answer = await desk.call(values={"customer": customer})
    assert isinstance(answer, Failed), answer
    assert other.asked == []


@pytest.mark.parametrize("customer", ["", None, {}, []])
async def test_a_part_of_a_path_is_something(meet: Meet, customer: Any) -> None:
    document = manifest(operations={"thing.read": operation(request={"path": "customers/${ .customer }"})})
    other, desk = await meet(document, said({}))
    answer = await desk.call(values={"customer": customer})
    assert isinstance(answer, Failed)
    assert (answer.error.status, answer.sent, other.asked) == (400, False, [])
    assert "/operations/thing.read/request/path" in answer.error.detail


async def test_what_is_checked_of_the_input_is_checked_before_anything_is_sent(meet: Meet) -> None:
    checks = [{"holds": "${ all(.lines[]; .currency == $input.currency) }", "otherwise": "One currency only"}]
    other, desk = await meet(manifest(operations={"thing.read": operation(checks=checks)}), said({}))
    wrong = {"currency": "USD", "lines": [{"currency": "USD"}, {"currency": "EUR"}]}
    answer = await desk.call(values=wrong)
    assert isinstance(answer, Failed)
    assert (answer.error.detail, answer.error.status) == ("One currency only", 422)
    assert other.asked == []
    assert isinstance(await desk.call(values={"currency": "USD", "lines": [{"currency": "USD"}]}), Done)


async def test_graphql_sends_its_document_with_variables_and_gives_the_data(meet: Meet) -> None:
    graphql = {"query": "query ($id: ID!) { order(id: $id) { name } }", "variables": {"id": "${ .id }"}}
    document = manifest(
        operations={"thing.read": operation(request={"path": "graphql.json", "graphql": graphql}, answer="${ .order }")}
    )
    other, desk = await meet(document, said({"data": {"order": {"name": "A"}}}), said({"errors": [{"message": "No!"}]}))
    assert await desk.call(values={"id": "gid://1"}) == Done(output={"name": "A"})
    assert (other.last.method, path_of(other.last)) == ("POST", "/api/graphql.json")
    assert json.loads(other.last.body) == {"query": graphql["query"], "variables": {"id": "gid://1"}}
    refused = await desk.call(values={"id": "gid://1"})
    assert isinstance(refused, Failed)
    assert (refused.error.status, refused.error.detail) == (409, "It refused: No!")


async def test_json_rpc_gives_the_result_and_an_answer_of_neither_kind_is_no_output(meet: Meet) -> None:
    rpc = {"method": "call", "params": {"args": ["${ .id }", 2]}}
    document = manifest(operations={"thing.read": operation(request={"path": "jsonrpc", "json_rpc": rpc})})
    other, desk = await meet(
        document,
        said({"jsonrpc": "2.0", "id": 1, "result": {"a": 1}}),
        said({"jsonrpc": "2.0", "id": 1, "error": {"code": 200, "message": "Unknown model"}}),
        said({"hello": "there"}),
    )
    assert await desk.call(values={"id": 9}) == Done(output={"a": 1})
    assert json.loads(other.last.body) == {"jsonrpc": "2.0", "id": 1, "method": "call", "params": {"args": [9, 2]}}
    refused = await desk.call(values={"id": 9})
    assert isinstance(refused, Failed)
    assert refused.error.detail == "It refused: Unknown model"
    neither = await desk.call(values={"id": 9})
    assert isinstance(neither, Failed)
    assert (neither.error.status, neither.error.title) == (502, "The operation's output is not valid")


async def test_programs_that_python_does_not_answer_are_asked_of_jq(client: Any, expressions: Any) -> None:
    body = {"day": '${ .at | strptime("%Y-%m-%dT%H:%M:%SZ") | mktime | todate }', "all": "${ [paths] | length }"}
    part = operation(request={"method": "POST", "path": "things", "body": body}, answer='${ .x | test("^a+$") }')
    async with Other(said({"x": "aaa"}), said({"x": 1})).running() as other:
        desk = Desk(client, other, declared(manifest(operations={"thing.read": part}), expressions))
        assert await desk.call(values={"at": "2026-11-02T10:00:00Z"}) == Done(output=True)
        assert json.loads(other.last.body) == {"day": "2026-11-02T10:00:00Z", "all": 1}
        changed = await desk.call(values={"at": "2026-11-02T10:00:00Z"})
        assert isinstance(changed, Failed)
        assert "/operations/thing.read/answer" in changed.error.detail, "the place in the manifest"
        no_input = await desk.call(values={"at": "yesterday"})
        assert isinstance(no_input, Failed)
        assert (no_input.sent, no_input.error.title) == (False, "The input has no place")
