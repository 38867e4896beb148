"""Calls of a real gRPC server (S-50, S-52, S-54, S-56, S-57)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from infra.egress import Client, Destination, Guard
from services.engine.functions import Answer, Done, Failed
from services.protocols.exchange import Exchange
from services.protocols.grpc import channel
from services.protocols.grpc.call import GrpcCall
from services.protocols.grpc.methods import Proto
from services.protocols.resources.fetching import Resources
from tests.infra.egress.test_tls import NAME, certificate

PROTO = """
syntax = "proto3";
package hello;
message Ask { string name = 1; int32 size = 2; }
message Say { string words = 1; map<string, string> heard = 2; }
service Greeter {
  rpc Greet (Ask) returns (Say);
  rpc Look (Ask) returns (Say) { option idempotency_level = IDEMPOTENT; }
  rpc Fail (Ask) returns (Say);
  rpc Silent (Ask) returns (Say);
}
"""


class Greeter(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Greets; fails with the code that `size` says; says nothing for ever. It reads and writes by our own proto."""

    def __init__(self) -> None:
        self._method = Proto(PROTO.encode()).method("Greeter", "Greet")
        self.calls = 0

    def service(self, details: Any) -> Any:
        name = details.method.rpartition("/")[2]
        return grpc.unary_unary_rpc_method_handler(getattr(self, name.lower()))

    async def greet(self, request: bytes, context: Any) -> bytes:
        self.calls += 1
        asked = self._ask(request)
        heard = {key: str(value) for key, value in context.invocation_metadata()}
        said = {"words": f"hello {asked['name']}" + "!" * asked["size"], "heard": heard}
        return self._say(said)

    look = greet

    async def fail(self, request: bytes, context: Any) -> None:
        codes = {code.value[0]: code for code in grpc.StatusCode}
        await context.abort(codes[self._ask(request)["size"]], "no: canary-token é")

    async def silent(self, _request: bytes, _context: Any) -> bytes:
        await asyncio.Event().wait()
        return b""

    def _ask(self, content: bytes) -> Any:
        proto = Proto(PROTO.replace("rpc Greet (Ask) returns (Say)", "rpc Greet (Say) returns (Ask)").encode())
        return proto.method("Greeter", "Greet").response(content)

    def _say(self, said: dict[str, Any]) -> bytes:
        proto = Proto(PROTO.replace("rpc Greet (Ask) returns (Say)", "rpc Greet (Say) returns (Ask)").encode())
        return proto.method("Greeter", "Greet").request(said)


@pytest.fixture
async def greeter() -> AsyncIterator[tuple[Greeter, int]]:
    server, handler = grpc.aio.server(options=[("grpc.so_reuseport", 0)]), Greeter()
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield handler, port
    await server.stop(0)


@pytest.fixture
def ask(serve: Any, exchange: Exchange, a_call: Any) -> Callable[..., Any]:
    async def run(port: int, method: str = "Greet", **more: Any) -> Answer:
        uri = await serve({"GET /greet.proto": PROTO})
        service = {"name": "hello.Greeter", "host": "127.0.0.1", "port": port, **more.pop("service", {})}
        arguments = {"proto": {"uri": uri + "/greet.proto"}, "service": service, "method": method, **more}
        return await GrpcCall(exchange, Resources(exchange))(a_call("grpc", arguments))

    return run


async def test_a_unary_method_is_called(greeter: tuple[Greeter, int], ask: Any) -> None:
    answer = await ask(greeter[1], arguments={"name": "anna", "size": 2})
    assert isinstance(answer, Done), answer
    assert answer.output["words"] == "hello anna!!"
    heard = answer.output["heard"]
    assert heard["idempotency-key"] == "k" * 64
    assert "traceparent" not in heard
    assert heard["user-agent"].startswith("integration/1.0")


async def test_messages_larger_than_a_window_pass_both_ways(greeter: tuple[Greeter, int], ask: Any) -> None:
    answer = await ask(greeter[1], arguments={"name": "a" * 300_000, "size": 3_000_000})
    assert isinstance(answer, Done), answer
    assert len(answer.output["words"]) == 3_300_006


async def test_S_57_a_message_beyond_the_limit_is_refused(
    greeter: tuple[Greeter, int], ask: Any, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "MESSAGE_BYTES", 100_000)
    assert fault(await ask(greeter[1], arguments={"size": 200_000})) == ("communication", 502)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (3, ("communication", 400)),
        (5, ("communication", 404)),
        (7, ("authorization", 403)),
        (14, ("communication", 503)),
        (16, ("authentication", 401)),
    ],
)
async def test_codes_are_errors_of_the_language(
    greeter: tuple[Greeter, int], ask: Any, fault: Any, code: int, expected: tuple[str, int]
) -> None:
    policy = {"bearer": {"token": "canary-token"}}
    answer = await ask(greeter[1], "Fail", arguments={"size": code}, service={"authentication": policy})
    assert fault(answer) == expected
    assert isinstance(answer, Failed)
    assert answer.error.detail.endswith(": no: *** é"), "S-73: the other side's words, without our secret"


async def test_authentication_is_metadata(greeter: tuple[Greeter, int], ask: Any, fault: Any) -> None:
    policy: dict[str, Any] = {"basic": {"username": "a", "password": "b"}}
    answer = await ask(greeter[1], service={"authentication": policy})
    assert isinstance(answer, Done)
    assert answer.output["heard"]["authorization"] == "Basic YTpi"
    policy = {"digest": {"username": "a", "password": "b"}}
    assert fault(await ask(greeter[1], service={"authentication": policy})) == ("configuration", 400)


async def test_a_server_that_says_nothing_is_waited_for_no_longer_than_its_time(
    greeter: tuple[Greeter, int], ask: Any, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.protocols.grpc.call.SECONDS", 0.3)
    assert fault(await ask(greeter[1], "Silent")) in {("timeout", 408), ("communication", 504)}


async def test_a_server_of_another_protocol_is_an_unreadable_answer(serve: Any, ask: Any, fault: Any) -> None:
    url = await serve({"GET /": {}})
    assert fault(await ask(int(url.rpartition(":")[2]))) == ("communication", 502)


async def test_what_is_wrong_is_said_before_anything_is_sent(
    greeter: tuple[Greeter, int], ask: Any, fault: Any
) -> None:
    assert fault(await ask(greeter[1], "Gret")) == ("configuration", 400)
    assert fault(await ask(greeter[1], arguments={"nmae": "x"})) == ("configuration", 400)
    assert fault(await ask(greeter[1], service={"port": "x"})) == ("configuration", 400)
    assert not greeter[0].calls


@pytest.mark.parametrize(
    ("host", "port"),
    [("169.254.169.254", 443), ("10.0.0.1", 443), ("127.1", 443), ("a/b", 443), ("example.com", 6379), ("0", 443)],
)
async def test_S_50_S_54_a_host_inside_or_a_port_of_others_is_refused(
    ask: Any, fault: Any, host: str, port: int
) -> None:
    assert fault(await ask(port, service={"host": host})) == ("configuration", 400)


async def test_S_52_a_name_that_leads_inside_is_refused(serve: Any, a_call: Any, fault: Any) -> None:
    async def inside(name: str, _port: int) -> list[str]:
        return ["127.0.0.1"] if name == "localhost" else ["93.184.216.34", "10.0.0.7"]

    uri = (await serve({"GET /": PROTO})).replace("127.0.0.1", "localhost")
    async with Client(Guard(allow_loopback=True, resolve=inside)) as client:
        exchange = Exchange(client)
        arguments = {"proto": {"uri": uri}, "service": {"name": "Greeter", "host": "api.example"}, "method": "Greet"}
        assert fault(await GrpcCall(exchange, Resources(exchange))(a_call("grpc", arguments))) == ("configuration", 400)


async def test_by_tls_everywhere_but_on_the_own_machine(serve: Any, a_call: Any, tmp_path: Path) -> None:
    pem, key = certificate(tmp_path)
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((Greeter(),))
    pair = [(key.read_bytes(), pem.read_bytes())]
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(pair))
    await server.start()

    async def here(_name: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    uri = await serve({"GET /": PROTO})
    trust = ssl.create_default_context(cafile=str(pem))
    async with Client(Guard(allow_loopback=True, resolve=here), trust=trust) as client:
        exchange = Exchange(client, Destination(ports=frozenset({port})))
        service = {"name": "Greeter", "host": NAME, "port": port}
        arguments = {"proto": {"uri": uri}, "service": service, "method": "Greet", "arguments": {"name": "anna"}}
        answer = await GrpcCall(exchange, Resources(exchange))(a_call("grpc", arguments))
    await server.stop(0)
    assert isinstance(answer, Done), answer
    assert answer.output["words"] == "hello anna"


async def test_F_03_only_what_the_proto_calls_idempotent_is_repeated(
    serve: Any, exchange: Exchange, a_call: Any
) -> None:
    uri = await serve({"GET /": PROTO})
    function = GrpcCall(exchange, Resources(exchange))
    for method, expected in [("Greet", False), ("Look", True), ("None", False)]:
        arguments = {"proto": {"uri": uri}, "service": {"name": "Greeter", "host": "h"}, "method": method}
        assert await function.may_repeat(a_call("grpc", arguments)) is expected
