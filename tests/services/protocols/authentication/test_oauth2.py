"""OAuth 2 and OpenID Connect against Authlib's server (S-53, S-55, S-56, S-59, S-73)."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import logging
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from infra import clock
from services.engine.functions import Done, Failed
from services.protocols.authentication import token_request
from services.protocols.authentication.policy import ClientIdentity, OAuth2
from services.protocols.exchange import Exchange
from services.protocols.http_call import HttpCall
from tests.services.protocols.authentication.authority import EXCHANGE, SECRET, Authority

ACCESS = "urn:ietf:params:oauth:token-type:access_token"


@pytest.mark.parametrize(
    ("method", "known"),
    [
        ("client_secret_post", "client_secret_post"),
        ("client_secret_basic", "client_secret_basic"),
        ("client_secret_jwt", "client_assertion_jwt"),
        ("none", "none"),
    ],
)
async def test_a_client_says_who_it_is(start: Any, get: Any, method: str, known: str) -> None:
    authority = await start(Authority(known))
    client = {"id": "the-client", "authentication": method}
    if method != "none":
        client["secret"] = SECRET
    answer = await get(authority, {"grant": "password", "username": "anna", "password": "pass word", "client": client})
    assert answer == Done(output={"hello": "anna"})
    assert ("client_secret" in authority.requests[0]) is (method == "client_secret_post")


async def test_a_given_assertion_is_passed_on(start: Any, get: Any, fault: Any) -> None:
    authority = await start(Authority("client_assertion_jwt"))
    policy = {"grant": "client_credentials", "client": {"id": "the-client", "authentication": "private_key_jwt"}}
    assert fault(await get(authority, policy)) == ("configuration", 400)
    policy["client"] = {**policy["client"], "assertion": "a.b.c"}  # type: ignore[dict-item]
    assert fault(await get(authority, policy)) == ("authentication", 401)
    assert authority.requests[0]["client_assertion"] == "a.b.c"


@pytest.mark.parametrize(
    "policy",
    [
        {"grant": "client_credentials", "scopes": ["api", "more"], "audiences": ["one"]},
        {"grant": "client_credentials", "request": {"encoding": "application/json"}, "audiences": ["one", "two"]},
        {"grant": "password", "username": "anna", "password": "pass word"},
        {"grant": "refresh_token", "subject": {"token": "first-renewal", "type": "refresh_token"}},
        {
            "grant": EXCHANGE,
            "subject": {"token": "of-anna", "type": ACCESS},
            "actor": {"token": "of-the-robot", "type": ACCESS},
        },
    ],
    ids=lambda policy: policy["grant"].rpartition(":")[2] + "-" + str(len(policy)),
)
async def test_every_grant_that_needs_no_person_leads_to_the_resource(start: Any, get: Any, policy: Any) -> None:
    authority = await start(Authority())
    assert await get(authority, policy) == Done(output={"hello": "anna"})
    sent = authority.requests[0]
    assert sent["grant_type"] == policy["grant"]
    assert sent.get("scope", "") == " ".join(policy.get("scopes", []))
    if "request" in policy:
        assert (authority.encodings, sent["audience"]) == (["application/json"], ["one", "two"])


async def test_authorization_code_is_refused_since_nobody_is_present(start: Any, get: Any) -> None:
    answer = await get(await start(Authority()), {"grant": "authorization_code"})
    assert isinstance(answer, Failed)
    assert "a person" in answer.error.detail


async def test_a_token_is_fetched_once_for_all_who_wait_and_kept_for_its_tenant(start: Any, get: Any) -> None:
    authority = await start(Authority())
    policy = {"grant": "client_credentials"}
    answers = await asyncio.gather(*(get(authority, policy) for _ in range(20)))
    assert answers == [Done(output={"hello": "anna"})] * 20
    assert len(authority.requests) == 1
    await get(authority, policy, tenant=UUID(int=7))
    assert len(authority.requests) == 2, "no token of one tenant is ever another's"
    await get(authority, {**policy, "scopes": ["other"]})
    assert len(authority.requests) == 3, "nor of another policy"


async def test_a_token_is_renewed_before_it_expires(start: Any, get: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = await start(Authority(life=100))
    await get(authority, {"grant": "client_credentials"})
    later = clock.monotonic() + 91
    monkeypatch.setattr(clock, "monotonic", lambda: later)
    await get(authority, {"grant": "client_credentials"})
    assert len(authority.requests) == 2


async def test_a_token_that_the_service_refuses_is_renewed_once(start: Any, get: Any, fault: Any) -> None:
    authority = await start(Authority())
    await get(authority, {"grant": "client_credentials"})
    authority.tokens.clear()
    assert await get(authority, {"grant": "client_credentials"}) == Done(output={"hello": "anna"})
    assert len(authority.requests) == 2
    authority.tokens = _Nothing()
    assert fault(await get(authority, {"grant": "client_credentials"})) == ("authentication", 401)
    assert len(authority.requests) == 3


class _Nothing(set[str]):
    def __contains__(self, _token: object) -> bool:
        return False


async def test_a_refresh_token_that_was_replaced_is_used_in_its_new_form(
    start: Any, get: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = await start(Authority(life=100))
    hours = itertools.count(0, 3600)
    monkeypatch.setattr(clock, "monotonic", lambda: next(hours))
    policy = {"grant": "refresh_token", "subject": {"token": "first-renewal", "type": "refresh_token"}}
    for _ in range(3):
        assert await get(authority, policy) == Done(output={"hello": "anna"})
    sent = [request["refresh_token"] for request in authority.requests]
    assert (sent[0], len(set(sent))) == ("first-renewal", 3)


async def test_oidc_finds_the_token_endpoint(start: Any, get: Any) -> None:
    authority = Authority()
    authority.path = "/somewhere/else"
    await start(authority)
    assert await get(authority, {"grant": "client_credentials"}, kind="oidc") == Done(output={"hello": "anna"})
    whole = authority.url + "/.well-known/openid-configuration"
    answer = await get(authority, {"grant": "client_credentials", "authority": whole}, kind="oidc")
    assert answer == Done(output={"hello": "anna"})


async def test_S_59_a_configuration_of_another_issuer_is_refused(start: Any, get: Any, fault: Any) -> None:
    authority = Authority()

    async def of_another(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"issuer": "https://evil.example", "token_endpoint": authority.token_url})

    await start(authority, **{"GET /.well-known/openid-configuration": of_another})
    assert fault(await get(authority, {"grant": "client_credentials"}, kind="oidc")) == ("authentication", 401)
    assert not authority.requests


async def test_issuers_are_held_against_the_token(start: Any, get: Any, fault: Any) -> None:
    authority = await start(Authority())
    claims = base64.urlsafe_b64encode(json.dumps({"iss": "https://right.example"}).encode()).rstrip(b"=").decode()
    authority.make_token = lambda: f"e30.{claims}.c2ln"
    right = {"grant": "client_credentials", "issuers": ["https://other.example", "https://right.example"]}
    assert await get(authority, right) == Done(output={"hello": "anna"})
    wrong = {"grant": "client_credentials", "issuers": ["https://other.example"]}
    assert fault(await get(authority, wrong)) == ("authentication", 401)


async def test_S_56_credentials_for_the_token_follow_no_redirect(start: Any, get: Any, fault: Any, serve: Any) -> None:
    seen = []

    async def catch(request: web.Request) -> web.StreamResponse:
        seen.append(await request.text())
        return web.json_response({"access_token": "stolen", "token_type": "Bearer"})

    thief = await serve({"POST /catch": catch, "GET /catch": catch})

    async def away(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect(thief + "/catch")

    authority = Authority()
    await start(authority, **{"POST /oauth2/token": away})
    assert fault(await get(authority, {"grant": "client_credentials"})) == ("authentication", 401)
    assert not seen


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("x" * 11_000_000, ("communication", 502)),
        ("[]", ("authentication", 401)),
        ({"access_token": "a b", "token_type": "Bearer"}, ("authentication", 401)),
        ({"access_token": "abc", "token_type": "DPoP"}, ("authentication", 401)),
        ({"access_token": 7}, ("authentication", 401)),
    ],
    ids=lambda given: str(given)[:30],
)
async def test_S_57_what_is_no_token_is_an_error(
    serve: Any, get: Any, fault: Any, answer: Any, expected: tuple[str, int]
) -> None:
    authority = Authority()
    authority.url = await serve({"POST /oauth2/token": answer})
    assert fault(await get(authority, {"grant": "client_credentials"})) == expected


async def test_S_50_the_authority_is_called_by_the_guards_rules(strict: Exchange, a_call: Any, fault: Any) -> None:
    for kind in ("oauth2", "oidc"):
        policy = {
            "authority": "http://169.254.169.254",
            "grant": "client_credentials",
            "client": {"id": "x", "secret": "y"},
        }
        arguments = {"method": "get", "endpoint": "https://example.com/", "authentication": {kind: policy}}
        answer = await HttpCall(strict)(a_call("http", arguments))
        assert fault(answer) == ("configuration", 400)
        assert isinstance(answer, Failed)
        assert not answer.sent


def test_a_secret_is_encoded_for_the_header_as_the_rfc_says() -> None:
    """RFC 6749, 2.3.1; Authlib's server reads it bare, so it is not asked."""
    client = ClientIdentity(id="a b", secret="c:d&", authentication="client_secret_basic")  # noqa: S106
    _, headers = token_request.fields(OAuth2(authority="https://a.example", client=client), audience="")
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"a+b:c%3Ad%26"


async def test_S_73_no_secret_is_in_an_error_or_a_log(start: Any, get: Any, caplog: pytest.LogCaptureFixture) -> None:
    authority = await start(Authority())
    wrong = "canary-7f31-secret"
    with caplog.at_level(logging.DEBUG):
        answers = [
            await get(authority, {"client": {"id": "the-client", "secret": wrong}}),
            await get(authority, {"client": {"id": "the-client", "secret": [wrong]}}),
            await get(authority, {"client": {"id": "the-client", "secret": wrong, "authentication": wrong}}),
            await get(authority, {"grant": "password", "username": "anna", "password": wrong}),
        ]
    for answer in answers:
        assert isinstance(answer, Failed)
        assert wrong not in repr(answer)
    assert wrong not in caplog.text
