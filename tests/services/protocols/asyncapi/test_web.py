"""Messages over http and websockets (S-53, S-56, S-57)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from services.engine.functions import Done
from services.protocols.asyncapi import http
from tests.patience import PATIENCE

POLICY = {"bearer": {"token": "of-anna"}}


class Web:
    """Takes messages, and gives three of its own to whoever subscribes, in the way that the path says."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.asked = 0

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.taken.append((await request.text(), dict(request.headers)))
        return web.Response(status=202)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != "Bearer of-anna":
            raise web.HTTPUnauthorized
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for number in range(3):
            await socket.send_json({"id": number})
        await socket.send_bytes(b"\xff\x00")
        await socket.send_str("plain")
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.taken.append((message.data, dict(request.headers)))
        return socket

    async def events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b': hello\r\nevent: news\r\ndata: {"id":\r\ndata: 1}\r\n\r\nid: 7\ndata: two\n\n')
        await response.write(b"data: three\r\rdata: cut")
        return response

    async def lines(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        await response.write(b'{"id": 1}\n\n{"id"')
        await response.write(b": 2}\nthree")
        return response

    async def answers(self, _request: web.Request) -> web.StreamResponse:
        self.asked += 1
        return web.json_response({"id": self.asked}) if self.asked % 2 else web.Response(status=204)


@pytest.fixture
async def site(serve: Any) -> tuple[Web, str]:
    running = Web()
    routes = {
        "POST /base/take": running.take,
        "GET /base/socket": running.socket,
        "GET /base/events": running.events,
        "GET /base/lines": running.lines,
        "GET /base/answers": running.answers,
    }
    url: str = await serve(routes)
    return running, url.removeprefix("http://") + "/base"


def _at(site: str) -> dict[str, Any]:
    return {"server_more": {"pathname": "/" + site.partition("/")[2]}}


async def test_a_message_is_posted(site: tuple[Web, str], speak: Any) -> None:
    message = {"payload": {"greetings": "hi"}, "headers": {"foo": "bar", "n": 1}}
    host = site[1].partition("/")[0]
    answer = await speak("http", host, "/take", message=message, authentication=POLICY, **_at(site[1]))
    assert answer == Done(output=None)
    body, headers = site[0].taken[0]
    assert (body, headers["foo"], headers["n"]) == ('{"greetings":"hi"}', "bar", "1")
    assert (headers["Content-Type"], headers["Authorization"]) == ("application/json", "Bearer of-anna")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "events",
            [
                {"payload": {"id": 1}, "headers": {"event": "news"}, "correlationId": "1"},
                {"payload": "two"},
                {"payload": "three"},
            ],
        ),
        ("lines", [{"payload": {"id": 1}, "correlationId": "1"}, {"payload": {"id": 2}, "correlationId": "2"}]),
        ("answers", [{"payload": {"id": 1}, "correlationId": "1"}, {"payload": {"id": 3}, "correlationId": "3"}]),
    ],
)
async def test_messages_come_as_events_as_lines_or_as_answers(
    site: tuple[Web, str], speak: Any, monkeypatch: pytest.MonkeyPatch, address: str, expected: Any
) -> None:
    monkeypatch.setattr(http, "PAUSE_SECONDS", 0.01)
    host = site[1].partition("/")[0]
    wanted = {"amount": len(expected), "within": 20_000}
    answer = await speak("http", host, address, subscription=wanted, **_at(site[1]))
    assert answer == Done(output=expected)


async def test_a_stream_that_ends_is_asked_for_again_from_where_it_was(
    serve: Any, speak: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def events(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Last-Event-ID"))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(f"id: {len(asked)}\ndata: {len(asked)}\n\n".encode())
        if len(asked) == 2:
            await asyncio.Event().wait()
        return response

    monkeypatch.setattr(http, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(http, "_STREAM_SECONDS", 2.0)
    host = (await serve({"GET /events": events})).removeprefix("http://")
    answer = await speak("http", host, "events", subscription={"amount": 3, "within": 20_000})
    assert answer == Done(output=[{"payload": 1}, {"payload": 2}, {"payload": 3}])
    assert asked == [None, "1", "2"]


async def test_messages_of_a_websocket(site: tuple[Web, str], speak: Any, fault: Any) -> None:
    host = site[1].partition("/")[0]
    wanted = {"amount": 5, "within": 20_000}
    answer = await speak("ws", host, "socket", subscription=wanted, authentication=POLICY, **_at(site[1]))
    assert isinstance(answer, Done), answer
    assert [one["payload"] for one in answer.output] == [{"id": 0}, {"id": 1}, {"id": 2}, "/wA=", "plain"]
    assert answer.output[1]["correlationId"] == "1"
    refused = await speak("ws", host, "socket", subscription=wanted, **_at(site[1]))
    assert fault(refused) == ("authentication", 401)


async def test_a_message_is_sent_by_websocket(site: tuple[Web, str], speak: Any) -> None:
    host = site[1].partition("/")[0]
    message = {"payload": {"a": 1}, "headers": {"X-Room": "7"}}
    await speak("ws", host, "socket", message=message, authentication=POLICY, **_at(site[1]))
    async with asyncio.timeout(PATIENCE):
        while not site[0].taken:
            await asyncio.sleep(0.01)
    body, headers = site[0].taken[0]
    assert (body, headers["X-Room"]) == ('{"a":1}', "7")


async def test_S_53_a_subscription_is_not_redirected(serve: Any, speak: Any, fault: Any) -> None:
    async def away(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("http://169.254.169.254/")

    host = (await serve({"GET /away": away, "POST /away": away})).removeprefix("http://")
    for protocol in ("http", "ws"):
        wanted = {"amount": 1, "within": 1_000}
        assert fault(await speak(protocol, host, "away", subscription=wanted)) == ("communication", 302)
    assert fault(await speak("http", host, "away", message={"payload": {}})) == ("communication", 302)


async def test_S_57_a_message_that_is_too_large_ends_the_subscription(serve: Any, speak: Any, fault: Any) -> None:
    async def large(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: " + b"x" * 600_000 + b"\n\n")
        return response

    host = (await serve({"GET /large": large, "GET /json": {"x": "y" * 600_000}})).removeprefix("http://")
    for address in ("large", "json"):
        wanted = {"amount": 1, "within": 5_000}
        assert fault(await speak("http", host, address, subscription=wanted)) == ("communication", 502)


@pytest.mark.parametrize("protocol", ["http", "ws"])
async def test_S_56_an_address_leads_out_of_no_path(
    site: tuple[Web, str], speak: Any, fault: Any, protocol: str
) -> None:
    host = site[1].partition("/")[0]
    for address in ("../x", "//evil.example/x", "%2e%2e/x"):
        answer = await speak(protocol, host, address, message={"payload": {}}, **_at(site[1]))
        assert fault(answer) == ("configuration", 400)
