"""Documents of the language whose calls reach real servers: the functions as the interpreter calls them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from infra import ids
from infra.egress import Client
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.memory import run_workflow
from services.protocols import table
from template_library.dsl import parse
from tests.patience import PATIENCE
from tests.services.protocols.authentication.authority import SECRET, Authority

HEAD = "document: {dsl: 1.0.3, namespace: tests, name: calls, version: 1.0.0}\n"


@pytest.fixture
async def run(client: Client) -> AsyncIterator[Callable[..., Any]]:
    """Runs a document on an input, and gives the report."""
    async with ExpressionPool(size=1) as pool:
        functions = table.functions(client)

        async def go(document: str, value: Any = None, secrets: Any = None) -> Any:
            workflow = parse(HEAD + document, whole=True)
            given = {"functions": functions, "evaluator": Expressions(pool), "run": ids.new(), "secrets": secrets}
            return await run_workflow(workflow, {} if value is None else value, **given)

        yield go


async def test_an_operation_with_a_token_of_a_secret(run: Any, serve: Any) -> None:
    authority = Authority()
    document = {
        "openapi": "3.0.3",
        "servers": [{"url": "/"}],
        "paths": {"/resource": {"get": {"operationId": "getHello"}}},
    }
    routes = {"POST /oauth2/token": authority.token, "GET /resource": authority.resource, "GET /doc": document}
    authority.url = await serve(routes)
    text = """
use: {secrets: [shop]}
do:
  - hello:
      call: openapi
      with:
        document: {endpoint: "URL/doc"}
        operationId: getHello
        authentication: {oauth2: {use: shop}}
"""
    policy = {
        "authority": authority.url,
        "grant": "client_credentials",
        "client": {"id": "the-client", "secret": SECRET},
    }
    report = await run(text.replace("URL", authority.url), secrets={"shop": policy})
    assert (report.status, report.output) == ("completed", {"hello": "anna"}), report.error
    assert SECRET not in repr(report)


async def test_a_subscription_is_filtered_and_each_message_worked_on(run: Any, serve: Any) -> None:
    async def numbers(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for number in range(100):
            await socket.send_json({"n": number})
        await socket.receive()
        return socket

    url = await serve({"GET /numbers": numbers})
    document = {
        "asyncapi": "3.0.0",
        "servers": {"main": {"host": url.removeprefix("http://"), "protocol": "ws"}},
        "channels": {"numbers": {"address": "numbers"}},
        "operations": {"read": {"action": "receive", "channel": {"$ref": "#/channels/numbers"}}},
    }
    documents = await serve({"GET /asyncapi.json": document})
    text = """
do:
  - read:
      call: asyncapi
      with:
        document: {endpoint: "URL/asyncapi.json"}
        operation: read
        subscription:
          filter: "${ .payload.n % 10 == 0 }"
          consume: {amount: 4}
          foreach:
            item: message
            at: index
            do:
              - double: {set: "${ {at: $index, twice: ($message.payload.n * 2)} }"}
"""
    report = await run(text.replace("URL", documents))
    assert report.status == "completed", report.error
    assert [one["twice"] for one in report.output] == [0, 20, 40, 60]


async def test_what_an_agent_refuses_is_caught_by_its_type(run: Any, serve: Any) -> None:
    async def rpc(request: web.Request) -> web.StreamResponse:
        message = await request.json()
        error = {"code": -32001, "message": "no such task"}
        return web.json_response({"jsonrpc": "2.0", "id": message["id"], "error": error})

    url = await serve({"POST /": rpc})
    text = """
do:
  - ask:
      try:
        - get:
            call: a2a
            with: {method: tasks/get, server: "URL/", parameters: {id: "${ .id }"}}
      catch:
        errors: {with: {type: https://serverlessworkflow.io/spec/1.0.0/errors/runtime}}
        as: error
        do:
          - say: {set: {caught: "${ $error.detail }"}}
"""
    report = await run(text.replace("URL", url), {"id": "t1"})
    assert report.output == {"caught": "the other side answered with error -32001: no such task"}, report.error


async def test_calls_of_branches_run_beside_each_other(run: Any, serve: Any) -> None:
    both = asyncio.Barrier(2)

    async def meet(_request: web.Request) -> web.StreamResponse:
        async with asyncio.timeout(PATIENCE):
            await both.wait()
        return web.json_response({"met": True})

    url = await serve({"GET /meet": meet})
    text = """
do:
  - both:
      fork:
        branches:
          - one: {call: http, with: {method: get, endpoint: "URL/meet"}}
          - two: {call: http, with: {method: get, endpoint: "URL/meet"}}
"""
    report = await run(text.replace("URL", url))
    assert report.output == [{"met": True}, {"met": True}], report.error
