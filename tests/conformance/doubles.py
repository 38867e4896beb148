"""The services of the scenarios: one server on loopback, a path for each scenario."""

from __future__ import annotations

import asyncio
from typing import Any, Self

import msgspec
from aiohttp import web

from tests.conformance.scenario import Scenario


class Doubles:
    """Answers as the scenarios say, and remembers what it was asked. Use as `async with Doubles() as doubles`."""

    def __init__(self) -> None:
        self.url = ""
        self._answers: dict[str, dict[str, list[Any]]] = {}
        self._calls: dict[str, list[dict[str, Any]]] = {}
        app = web.Application()
        app.router.add_route("*", "/{scenario}/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
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
        return _response(answer)


def _response(answer: dict[str, Any]) -> web.Response:
    status, headers = answer.get("status", 200), answer.get("headers", {})
    if "text" in answer:
        return web.Response(status=status, headers=headers, text=answer["text"])
    if "bytes" in answer:
        return web.Response(status=status, headers=headers, body=bytes.fromhex(answer["bytes"]))
    if "body" not in answer:
        return web.Response(status=status, headers=headers)
    return web.json_response(answer["body"], status=status, headers=headers)


def _value(body: bytes) -> Any:
    if not body:
        return None
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body.decode(errors="replace")
