from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from infra.egress import Client, Guard
from services.engine.functions import STANDARD_ERRORS, Answer, Call, Cautious, Done, Failed
from services.protocols.http_call import HttpCall

TENANT, RUN = UUID(int=1), UUID(int=2)


class Stub:
    """Answers every request with `answer` and keeps what was sent."""

    def __init__(self) -> None:
        self.answer = b"HTTP/1.1 204 No Content\r\n\r\n"
        self.head = ""
        self.body = b""
        self.port = 0

    def reply(self, status: str, content_type: str, body: bytes) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.answer = head.encode() + body

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                (line for line in self.head.lower().split("\r\n") if line.startswith("content-length:")), ":0"
            )
            self.body = await reader.readexactly(int(length.partition(":")[2]))
            writer.write(self.answer)
            await writer.drain()
        finally:
            writer.close()


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    running = Stub()
    async with await asyncio.start_server(running.serve, "127.0.0.1", 0) as server:
        running.port = server.sockets[0].getsockname()[1]
        yield running


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(Guard(allow_loopback=True)) as running:
        yield running


def a_call(url: str, **arguments: Any) -> Call:
    whole = {"method": "get", "endpoint": url, "headers": {}, "query": {}, "output": "content", "redirect": False}
    return Call(
        function="http", arguments={**whole, **arguments}, reference="/do/0/a", key="k" * 64, tenant=TENANT, run=RUN
    )


async def send(client: Client, url: str, **arguments: Any) -> Answer:
    return await HttpCall(client)(a_call(url, **arguments))


async def test_json_is_sent_and_read_with_the_key_of_the_effect(stub: Stub, client: Client) -> None:
    stub.reply("201 Created", "application/json; charset=utf-8", b'{"n": 9007199254740993, "price": 1.10}')
    answer = await send(
        client,
        f"http://127.0.0.1:{stub.port}/orders?a=1",
        method="post",
        headers={"X-Number": 7},
        query={"b": "x y", "list": [1, 2], "none": None},
        body={"customer": "C1"},
    )
    assert answer == Done(output={"n": 9007199254740993, "price": 1.1})
    assert stub.head.startswith("POST /orders?a=1&b=x+y&list=1&list=2 HTTP/1.1\r\n")
    assert f"\r\nIdempotency-Key: {'k' * 64}\r\n" in stub.head
    assert "\r\nX-Number: 7\r\n" in stub.head
    assert "\r\nContent-Type: application/json\r\n" in stub.head
    assert stub.body == b'{"customer":"C1"}'


@pytest.mark.parametrize(
    ("content_type", "body", "output", "expected"),
    [
        ("application/problem+json", b"[1]", "content", [1]),
        ("text/plain; charset=latin-1", b"\xe9", "content", "é"),
        ("application/xml", b"<a/>", "content", "<a/>"),
        ("image/png", b"\x89PNG", "content", "iVBORw=="),
        ("application/json", b"[1]", "raw", "WzFd"),
        ("application/json", b"", "content", None),
    ],
)
async def test_content_by_its_type(
    stub: Stub, client: Client, content_type: str, body: bytes, output: str, expected: Any
) -> None:
    stub.reply("200 OK", content_type, body)
    assert await send(client, f"http://127.0.0.1:{stub.port}/", output=output) == Done(output=expected)


async def test_a_response_tells_its_request_without_credentials(stub: Stub, client: Client) -> None:
    stub.reply("200 OK", "application/json", b"{}")
    answer = await send(client, f"http://127.0.0.1:{stub.port}/", output="response", headers={"Authorization": "x"})
    assert isinstance(answer, Done)
    assert answer.output["statusCode"] == 200
    assert answer.output["content"] == {}
    assert answer.output["headers"]["content-type"] == "application/json"
    assert answer.output["request"]["method"] == "GET"
    assert "Authorization" not in answer.output["request"]["headers"]


@pytest.mark.parametrize(
    ("status", "redirect", "fails"),
    [("404 Not Found", False, 404), ("503 No", True, 503), ("302 Found", False, 302), ("302 Found", True, None)],
)
async def test_statuses_outside_success_are_communication_errors(
    stub: Stub,
    client: Client,
    status: str,
    redirect: bool,  # noqa: FBT001 - a table
    fails: int | None,
) -> None:
    stub.reply(status, "text/plain", b"ok")
    answer = await send(client, f"http://127.0.0.1:{stub.port}/x?secret=1", redirect=redirect)
    if fails is None:
        assert answer == Done(output="ok")
        return
    assert isinstance(answer, Failed)
    assert answer.error.type == STANDARD_ERRORS + "communication"
    assert answer.error.status == fails
    assert "secret" not in answer.error.detail


async def test_an_unreachable_service_is_a_communication_error(client: Client) -> None:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    answer = await send(client, f"http://127.0.0.1:{port}/")
    assert isinstance(answer, Failed)
    assert (answer.error.type, answer.error.status) == (STANDARD_ERRORS + "communication", 503)
    assert not answer.sent


async def test_an_answer_that_is_not_the_json_it_claims_to_be_is_an_error(stub: Stub, client: Client) -> None:
    stub.reply("200 OK", "application/json", b"[" * 1000 + b"]" * 1000)
    answer = await send(client, f"http://127.0.0.1:{stub.port}/")
    assert isinstance(answer, Failed)
    assert answer.error.status == 502


async def test_a_destination_that_the_guard_refuses_is_a_configuration_error(client: Client) -> None:
    answer = await send(client, "http://10.0.0.1/")
    assert isinstance(answer, Failed)
    assert answer.error.type == STANDARD_ERRORS + "configuration"
    assert not answer.sent, "nothing to meter (A19)"


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("get", {}, True),
        ("PUT", {}, True),
        ("delete", {}, True),
        ("post", {}, False),
        ("PATCH", {"Idempotency-Key": None}, False),
        ("post", {"idempotency-key": "order-7"}, True),
    ],
)
async def test_F_03_a_post_that_a_dead_worker_may_have_made_is_repeated_only_with_a_key_of_the_documents(
    client: Client,
    method: str,
    headers: dict[str, Any],
    expected: bool,  # noqa: FBT001 (a table)
) -> None:
    function = HttpCall(client)
    assert isinstance(function, Cautious), "the engine asks it"
    assert await function.may_repeat(a_call("https://shop.example/", method=method, headers=headers)) is expected
