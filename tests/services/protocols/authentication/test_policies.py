"""Policies that need no other server, and where their credentials go (S-53, S-56)."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from services.engine.functions import Done, Failed
from services.protocols.exchange import Exchange
from services.protocols.http_call import HttpCall

SEEN = "GET /seen"


async def _seen(request: web.Request) -> web.StreamResponse:
    return web.json_response(request.headers.get("Authorization"))


@pytest.mark.parametrize(
    ("policy", "header"),
    [
        ({"basic": {"username": "anna", "password": 1234}}, "Basic YW5uYToxMjM0"),
        ({"basic": {"username": "änna", "password": "ü:x"}}, "Basic w6RubmE6w7w6eA=="),
        ({"bearer": {"token": "abc.def"}}, "Bearer abc.def"),
        (None, None),
    ],
)
async def test_the_header_of_a_policy(serve: Any, exchange: Exchange, a_call: Any, policy: Any, header: Any) -> None:
    url = await serve({SEEN: _seen})
    arguments = {"method": "get", "endpoint": url + "/seen", "authentication": policy}
    assert await HttpCall(exchange)(a_call("http", arguments)) == Done(output=header)


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"basic": {"username": "a"}},
        {"basic": {"username": "a", "password": "b"}, "bearer": {"token": "c"}},
        {"certificate": {}},
        {"bearer": {"token": "a\r\nX-Other: b"}},
        {"bearer": {"token": ""}},
        {"oauth2": {"grant": "client_credentials"}},
        {"oauth2": {"authority": "https://a.example", "grant": "guess"}},
        {"oauth2": {"authority": "https://a.example", "grant": "client_credentials"}},
        {"oauth2": {"authority": "https://a.example", "grant": "refresh_token"}},
        {"oauth2": {"authority": "https://a.example", "grant": "password", "username": "a"}},
    ],
    ids=str,
)
async def test_a_policy_that_cannot_be_used_is_a_configuration_error(
    exchange: Exchange, a_call: Any, fault: Any, policy: Any
) -> None:
    arguments = {"method": "get", "endpoint": "http://127.0.0.1:9/", "authentication": policy}
    answer = await HttpCall(exchange)(a_call("http", arguments))
    assert fault(answer) == ("configuration", 400)
    assert isinstance(answer, Failed)
    assert not answer.sent


async def test_S_53_S_56_credentials_follow_no_redirect(serve: Any, exchange: Exchange, a_call: Any) -> None:
    seen = []

    async def catch(request: web.Request) -> web.StreamResponse:
        seen.append(dict(request.headers))
        return web.json_response(None)

    thief = await serve({"GET /": catch})

    async def away(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(thief + "/")

    url = await serve({"GET /away": away})
    arguments = {
        "method": "get",
        "endpoint": url + "/away",
        "redirect": True,
        "output": "response",
        "authentication": {"bearer": {"token": "canary"}},
    }
    answer = await HttpCall(exchange)(a_call("http", arguments))
    assert isinstance(answer, Done)
    assert (answer.output["statusCode"], seen) == (302, [])
    assert "canary" not in repr(answer)


@pytest.mark.parametrize(("status", "kind"), [(401, "authentication"), (403, "authorization"), (409, "communication")])
async def test_an_error_is_named_for_its_status(
    serve: Any, exchange: Exchange, a_call: Any, fault: Any, status: int, kind: str
) -> None:
    async def refuse(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    url = await serve({"GET /": refuse})
    answer = await HttpCall(exchange)(a_call("http", {"method": "get", "endpoint": url + "/"}))
    assert fault(answer) == (kind, status)


async def test_headers_of_secrets_are_in_no_output(serve: Any, exchange: Exchange, a_call: Any) -> None:
    url = await serve({SEEN: _seen})
    arguments = {
        "method": "get",
        "endpoint": url + "/seen",
        "output": "response",
        "headers": {"X-Token": "canary", "X-Open": "shown"},
        "sealed": ["x-token"],
    }
    answer = await HttpCall(exchange)(a_call("http", arguments))
    assert isinstance(answer, Done)
    assert "canary" not in repr(answer)
    assert answer.output["request"]["headers"]["X-Open"] == "shown"
    del arguments["sealed"]
    answer = await HttpCall(exchange)(a_call("http", arguments))
    assert isinstance(answer, Done)
    assert set(answer.output["request"]["headers"]) == {"Accept", "Idempotency-Key"}, "any other may be a secret"


async def test_S_53_what_is_bound_to_an_origin_goes_there_alone(
    serve: Any, exchange: Exchange, a_call: Any, fault: Any
) -> None:
    url = await serve({SEEN: _seen})
    whole = {"method": "get", "endpoint": url + "/seen"}
    header = {"headers": {"X-Token": "canary"}, "sealed": ["X-Token"]}
    policy = {"basic": {"username": "a", "password": "b"}}
    for bound in (
        {**header, "origins": ["https://erp.example/api"]},
        {**header, "origins": [url, "https://erp.example/api"]},
        {"authentication": {**policy, "origins": ["https://erp.example/api"]}},
    ):
        answer = await HttpCall(exchange)(a_call("http", {**whole, **bound}))
        assert fault(answer) == ("authorization", 403)
        assert isinstance(answer, Failed)
        assert not answer.sent
    for bound in ({**header, "origins": [url + "/api"]}, {"authentication": {**policy, "origins": [url]}}):
        assert isinstance(await HttpCall(exchange)(a_call("http", {**whole, **bound})), Done)
