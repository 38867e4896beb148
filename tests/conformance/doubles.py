"""The services of the scenarios: one server on loopback, a path for each scenario, and one for gRPC.

An answer has `status`, `headers`, `delay` (milliseconds) and one of `body` (JSON), `text`, `bytes` (hexadecimal), `rpc`
(the result of a JSON-RPC request, whose id is taken), `events` (results of JSON-RPC in a stream), `messages` (JSON
values on a websocket).
"""

from __future__ import annotations

import asyncio
from typing import Any, Self

import grpc
import msgspec
from aiohttp import web

from tests.conformance.scenario import Scenario
from tests.conformance.world import AnyMethod


class Doubles:
    """Answers as the scenarios say, and remembers what it was asked. Use as `async with Doubles() as doubles`."""

    def __init__(self) -> None:
        self.url = ""
        self._answers: dict[str, dict[str, list[Any]]] = {}
        self._calls: dict[str, list[dict[str, Any]]] = {}
        app = web.Application()
        app.router.add_route("*", "/{scenario}/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        self._grpc = grpc.aio.server()

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._grpc.add_generic_rpc_handlers((AnyMethod(),))
        port = self._grpc.add_insecure_port("127.0.0.1:0")
        await self._grpc.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}#{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._grpc.stop(0)
        await self._runner.cleanup()

    def prepare(self, scenario: Scenario) -> None:
        """Forget what the scenario was asked before, and begin its answers anew."""
        answers = scenario.placed(scenario.answers, self.url)
        self._answers[scenario.id] = {
            route: list(given) if isinstance(given, list) else [given] for route, given in answers.items()
        }
        self._calls[scenario.id] = []

    def calls(self, scenario: Scenario) -> list[dict[str, Any]]:
        return self._calls[scenario.id]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        scenario, path = request.match_info["scenario"], "/" + request.match_info["path"]
        body = await request.read()
        told = path + (f"?{request.rel_url.raw_query_string}" if request.query_string else "")
        self._calls[scenario].append({
            "method": request.method,
            "path": told,
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "body": _value(body),
        })  # fmt: skip
        waiting = self._answers[scenario].get(f"{request.method} {path}")
        if not waiting:
            return web.json_response({"unexpected": told}, status=404)
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        await asyncio.sleep(answer.get("delay", 0) / 1000)
        if "messages" in answer:
            return await _messages(request, answer["messages"])
        return _response(answer, _value(body))


async def _messages(request: web.Request, messages: list[Any]) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    for one in messages:
        await socket.send_str(msgspec.json.encode(one).decode())
    async for _ in socket:
        pass
    return socket


def _rpc(asked: Any, result: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": asked["id"], **result}


def _response(answer: dict[str, Any], asked: Any) -> web.Response:
    status, headers = answer.get("status", 200), answer.get("headers", {})
    if "rpc" in answer:
        return web.json_response(_rpc(asked, answer["rpc"]))
    if "events" in answer:
        lines = [f"data: {msgspec.json.encode(_rpc(asked, {'result': one})).decode()}\n\n" for one in answer["events"]]
        return web.Response(text="".join(lines), content_type="text/event-stream")
    if "body" in answer:
        return web.json_response(answer["body"], status=status, headers=headers)
    content = bytes.fromhex(answer["bytes"]) if "bytes" in answer else answer.get("text", "").encode()
    kind = {"Content-Type": "text/plain; charset=utf-8"} if "text" in answer else {}
    return web.Response(status=status, headers={**kind, **headers}, body=content or None)


def _value(body: bytes) -> Any:
    if not body:
        return None
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body.decode(errors="replace")
