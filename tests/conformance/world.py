"""Every service that a document may name, on this machine: HTTP in all its uses, websockets, gRPC."""

from __future__ import annotations

from typing import Any, Final, Self

import grpc
import msgspec
from aiohttp import WSMsgType, web

_MESSAGES: Final = 6
"""Of a subscription; then the double closes it."""


class World:
    """Use as `async with World() as world`. `answer` is what calls get, `served` what is found at a URI."""

    def __init__(self) -> None:
        self.answer: Any = {}
        self.served: dict[str, Any] = {}
        self.url = ""
        self.grpc_port = 0
        app = web.Application()
        app.router.add_route("*", "/{scheme:http|https|ws|wss}/{host}{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        self._grpc = grpc.aio.server()

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._grpc.add_generic_rpc_handlers((AnyMethod(),))
        self.grpc_port = self._grpc.add_insecure_port("127.0.0.1:0")
        await self._grpc.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._grpc.stop(0)
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("upgrade", "").lower() == "websocket":
            return await _messages(request)
        place = f"{request.match_info['scheme']}://{request.match_info['host']}"
        path = request.match_info["path"]
        served = self.served.get(place + path)
        if served is not None:
            return web.Response(text=served) if isinstance(served, str) else web.json_response(served)
        if path.endswith("/.well-known/openid-configuration"):
            issuer = place + path.removesuffix("/.well-known/openid-configuration")
            return web.json_response({"issuer": issuer, "token_endpoint": f"{issuer}/token"})
        return await self._answered(request)

    async def _answered(self, request: web.Request) -> web.Response:
        body = await request.read()
        if b"grant_type" in body:
            return web.json_response({"access_token": "token", "token_type": "Bearer", "expires_in": 3600})
        asked = _object(body)
        if "jsonrpc" in asked:
            return _rpc(asked)
        return web.json_response(self.answer)


def _rpc(asked: dict[str, Any]) -> web.Response:
    """What an agent or a server of tools says."""
    if "id" not in asked:
        return web.Response(status=202)
    result: dict[str, Any] = {"kind": "message", "content": [{"type": "text", "text": "done"}]}
    if asked["method"] == "initialize":
        version = asked["params"]["protocolVersion"]
        result = {"protocolVersion": version, "capabilities": {}, "serverInfo": {"name": "double", "version": "1"}}
    return web.json_response({"jsonrpc": "2.0", "id": asked["id"], "result": result})


async def _messages(request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    for _ in range(_MESSAGES):
        await socket.send_str("{}")
    await socket.close()
    async for message in socket:
        if message.type == WSMsgType.CLOSE:
            break
    return socket


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


class AnyMethod(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Answers every method with an empty message, which every message type can read."""

    def service(self, _details: Any) -> Any:
        async def answer(_request: bytes, _context: Any) -> bytes:
            return b""

        return grpc.unary_unary_rpc_method_handler(answer)
