"""Where the secrets of OAuth go, and what is kept of its tokens (S-53)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from aiohttp import web

from infra import clock
from services.engine.functions import Answer, Done, Failed
from services.protocols.exchange import Exchange
from services.protocols.http_call import HttpCall
from tests.services.protocols.authentication.authority import SECRET, Authority


async def test_an_authority_that_fails_loses_no_refresh_token(
    start: Any, get: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(life=100)
    answers = iter([200, 503, 200])

    async def token(request: web.Request) -> web.StreamResponse:
        status = next(answers)
        return await authority.token(request) if status == 200 else web.Response(status=status)

    await start(authority, **{"POST /oauth2/token": token})
    hours = itertools.count(0, 3600)
    monkeypatch.setattr(clock, "monotonic", lambda: next(hours))
    policy = {"grant": "refresh_token", "subject": {"token": "first-renewal", "type": "refresh_token"}}
    assert await get(authority, policy) == Done(output={"hello": "anna"})
    assert isinstance(await get(authority, policy), Failed)
    assert await get(authority, policy) == Done(output={"hello": "anna"})


async def test_without_authentication_a_client_needs_no_id(get: Any, serve: Any) -> None:
    seen: list[dict[str, Any]] = []

    async def token(request: web.Request) -> web.StreamResponse:
        seen.append(dict(await request.post()))
        return web.json_response({"access_token": "t", "token_type": "Bearer"})

    async def resource(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"hello": "nobody"})

    authority = Authority()
    authority.url = await serve({"POST /oauth2/token": token, "GET /resource": resource})
    answer = await get(authority, {"grant": "client_credentials", "client": {"authentication": "none"}})
    assert answer == Done(output={"hello": "nobody"})
    assert seen == [{"grant_type": "client_credentials"}]


async def test_S_53_a_configuration_leads_secrets_to_no_other_origin(
    start: Any, get: Any, fault: Any, serve: Any
) -> None:
    asked: list[str] = []

    async def token(request: web.Request) -> web.StreamResponse:
        asked.append(await request.text())
        return web.json_response({"access_token": "t", "token_type": "Bearer"})

    elsewhere = await serve({"POST /token": token})
    authority = Authority()

    async def configuration(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"issuer": authority.url, "token_endpoint": elsewhere + "/token"})

    await start(authority, **{"GET /.well-known/openid-configuration": configuration})
    assert fault(await get(authority, {"grant": "client_credentials"}, kind="oidc")) == ("configuration", 400)
    assert not asked
    written = {"grant": "client_credentials", "endpoints": {"token": elsewhere + "/token"}}
    await get(authority, written)
    assert asked
    assert SECRET in asked[0]


async def test_S_53_the_secret_of_a_client_goes_to_the_origin_of_its_connection(
    start: Any, fault: Any, a_call: Any, exchange: Exchange
) -> None:
    authority = await start(Authority())
    policy = {
        "authority": authority.url, "grant": "client_credentials", "client": {"id": "the-client", "secret": SECRET}
    }  # fmt: skip

    async def bound(origin: str) -> Answer:
        given = {"oauth2": policy, "origins": [origin]}
        arguments = {"method": "get", "endpoint": authority.url + "/resource", "authentication": given}
        return await HttpCall(exchange)(a_call("http", arguments))

    assert fault(await bound("https://erp.example")) == ("authorization", 403)
    assert not authority.requests
    assert await bound(authority.url + "/api") == Done(output={"hello": "anna"})
