"""MCP against the protocol's own SDK, and against servers that misbehave (S-50, S-53, S-56, S-57)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import uvicorn
from aiohttp import web
from mcp.server import MCPServer

from services.engine.functions import Answer, Done, Failed
from services.protocols import mcp
from services.protocols.exchange import Exchange
from services.protocols.mcp import McpCall


class Quiet(uvicorn.Server):
    """Leaves the signals of the tests alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server() -> MCPServer:
    server = MCPServer("shop")

    @server.tool()
    def add(a: int, b: int) -> int:
        """Adds."""
        return a + b

    @server.tool()
    def fail() -> str:
        raise ValueError("no")

    @server.resource("shop://orders/{number}")
    def order(number: str) -> str:
        return f"order {number}"

    @server.resource("shop://all")
    def everything() -> str:
        return "all"

    @server.prompt()
    def ask(name: str) -> str:
        return f"Greet {name}"

    return server


@pytest.fixture(params=[False, True], ids=["events", "json"])
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A real server that answers by events, or by JSON."""
    app = _server().streamable_http_app(json_response=request.param)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = Quiet(uvicorn.Config(app, log_config=None, ws="none", lifespan="on", timeout_graceful_shutdown=1))
        serving = asyncio.create_task(running.serve([listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        running.should_exit = True
        await serving


@pytest.fixture
def ask(exchange: Exchange, a_call: Any) -> Callable[..., Any]:
    async def run(url: str, method: str, parameters: Any = None, headers: Any = None, **more: Any) -> Answer:
        endpoint = {"uri": url, **({"authentication": more.pop("policy")} if "policy" in more else {})}
        transport = {"http": {"endpoint": endpoint, "headers": headers or {}}}
        arguments = {"method": method, "transport": transport, **more}
        if parameters is not None:
            arguments["parameters"] = parameters
        return await McpCall(exchange)(a_call("mcp", arguments))

    return run


async def _output(answer: Answer) -> Any:
    assert isinstance(answer, Done), answer
    return answer.output


async def test_every_method_against_the_protocols_own_server(shop: str, ask: Any) -> None:
    tools = await _output(await ask(shop, "tools/list"))
    assert [tool["name"] for tool in tools["tools"]] == ["add", "fail"]
    for version in ("2025-03-26", "2025-06-18", "2025-11-25"):
        called = {"name": "add", "arguments": {"a": 2, "b": 3}}
        found = await _output(await ask(shop, "tools/call", called, protocolVersion=version))
        assert found["content"][0]["text"] == "5"
    assert (await _output(await ask(shop, "tools/call", {"name": "fail", "arguments": {}})))["isError"] is True
    assert (await _output(await ask(shop, "prompts/list")))["prompts"][0]["name"] == "ask"
    prompt = await _output(await ask(shop, "prompts/get", {"name": "ask", "arguments": {"name": "anna"}}))
    assert prompt["messages"][0]["content"]["text"] == "Greet anna"
    assert (await _output(await ask(shop, "resources/list")))["resources"][0]["uri"] == "shop://all"
    templates = await _output(await ask(shop, "resources/templates/list"))
    assert templates["resourceTemplates"][0]["uriTemplate"] == "shop://orders/{number}"
    read = await _output(await ask(shop, "resources/read", {"uri": "shop://orders/7"}))
    assert read["contents"][0]["text"] == "order 7"


async def test_a_refusal_of_the_server_is_a_runtime_error(shop: str, ask: Any, fault: Any) -> None:
    answer = await ask(shop, "resources/read", {"uri": "shop://nothing"})
    assert fault(answer)[0] == "runtime"


class Odd:
    """A server by hand. `answers` are what it says to each method; it keeps what it heard."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.heard: list[tuple[str, Any, dict[str, str]]] = []

    async def post(self, request: web.Request) -> web.StreamResponse:
        message = await request.json()
        method = message.get("method", "a reply")
        self.heard.append((method, message, dict(request.headers)))
        if method == "initialize":
            result = {"protocolVersion": self.answers.get("version", "2025-06-18"), "capabilities": {}}
            said = {"jsonrpc": "2.0", "id": message["id"], "result": result}
            return web.json_response(said, headers={"Mcp-Session-Id": "session-1"})
        if "id" not in message or method == "a reply":
            return web.Response(status=202)
        answer = self.answers["answer"]
        return answer(message) if callable(answer) else await _events(request, answer, message["id"])

    async def delete(self, request: web.Request) -> web.StreamResponse:
        self.heard.append(("DELETE", None, dict(request.headers)))
        return web.Response(status=405)


async def _events(request: web.Request, messages: list[Any], number: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for message in messages:
        text = message if isinstance(message, str) else web.json_response({**message}).text
        await response.write(f"data: {str(text).replace('NUMBER', number)}\n\n".encode())
    return response


@pytest.fixture
def start(serve: Any) -> Any:
    async def run(odd: Odd) -> str:
        return str(await serve({"POST /mcp": odd.post, "DELETE /mcp": odd.delete})) + "/mcp"

    return run


DONE: dict[str, Any] = {"jsonrpc": "2.0", "id": "NUMBER", "result": {"tools": []}}


async def test_a_session_is_begun_used_and_ended(start: Any, ask: Any) -> None:
    ping = {"jsonrpc": "2.0", "id": 7, "method": "ping"}
    other = {"jsonrpc": "2.0", "id": 8, "method": "sampling/createMessage"}
    odd = Odd(answer=[{"jsonrpc": "2.0", "method": "notifications/message"}, ping, other, DONE])
    policy = {"bearer": {"token": "of-anna"}}
    client = {"name": "synapse", "version": "1.0.0"}
    answer = await ask(await start(odd), "tools/list", headers={"X-Room": 7}, policy=policy, client=client)
    assert await _output(answer) == {"tools": []}
    assert [method for method, _, _ in odd.heard] == [
        "initialize", "notifications/initialized", "tools/list", "a reply", "a reply", "DELETE",
    ]  # fmt: skip
    assert odd.heard[0][1]["params"]["clientInfo"] == client
    assert odd.heard[3][1]["result"] == {}
    assert odd.heard[4][1]["error"]["code"] == -32601
    for method, _, headers in odd.heard[1:]:
        assert headers["Mcp-Session-Id"] == "session-1", method
        assert headers["MCP-Protocol-Version"] == "2025-06-18"
        assert (headers["X-Room"], headers["Authorization"]) == ("7", "Bearer of-anna")


@pytest.mark.parametrize(
    ("odd", "expected"),
    [
        (Odd(version="1999-01-01"), ("communication", 502)),
        (Odd(answer=[]), ("communication", 502)),
        (Odd(answer=["no json"]), ("communication", 502)),
        (Odd(answer=["[1]"]), ("communication", 502)),
        (Odd(answer=[{"id": "NUMBER", "error": {"code": -1, "message": "no"}}]), ("runtime", 500)),
        (Odd(answer=[{"id": "NUMBER", "error": 7}]), ("runtime", 500)),
        (Odd(answer=lambda _: web.Response(status=403)), ("authorization", 403)),
        (Odd(answer=lambda _: web.Response(status=404)), ("communication", 404)),
        (Odd(answer=lambda _: web.json_response({"error": {"code": -32600}}, status=400)), ("runtime", 500)),
        (
            Odd(answer=lambda _: web.Response(status=302, headers={"Location": "http://169.254.169.254/"})),
            ("communication", 302),
        ),
        (Odd(answer=["x" * 5_000_000]), ("communication", 502)),
    ],
    ids=lambda given: str(given[1]) if isinstance(given, tuple) else "",
)
async def test_S_53_S_57_what_is_no_answer_is_an_error(
    start: Any, ask: Any, fault: Any, odd: Odd, expected: tuple[str, int]
) -> None:
    assert fault(await ask(await start(odd), "tools/list")) == expected


async def test_a_server_that_says_nothing_is_waited_for_no_longer_than_the_timeout(
    serve: Any, ask: Any, fault: Any
) -> None:
    async def silent(_request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    url = await serve({"POST /": silent})
    for timeout in (200, "PT0.2S", {"milliseconds": 200}):
        assert fault(await ask(url + "/", "tools/list", timeout=timeout)) == ("timeout", 408)


@pytest.mark.parametrize(
    "arguments",
    [
        {"transport": {"stdio": {"command": "npx"}}},
        {"transport": {}},
        {"method": "tools/guess"},
        {"protocolVersion": "2026-07-28"},
        {"timeout": "soon"},
        {"transport": {"http": {"endpoint": {"uri": "https://10.0.0.1/mcp"}}}},
    ],
    ids=str,
)
async def test_S_50_what_cannot_be_called_is_a_configuration_error(
    exchange: Exchange, a_call: Any, fault: Any, arguments: Any
) -> None:
    whole = {"method": "tools/list", "transport": {"http": {"endpoint": {"uri": "http://127.0.0.1:9/"}}}, **arguments}
    answer = await McpCall(exchange)(a_call("mcp", whole))
    assert fault(answer) == ("configuration", 400)
    assert isinstance(answer, Failed)
    assert not answer.sent


async def test_F_03_a_tool_is_called_once(exchange: Exchange, a_call: Any) -> None:
    for method in sorted(mcp.METHODS):
        expected = method != "tools/call"
        assert await McpCall(exchange).may_repeat(a_call("mcp", {"method": method})) is expected
