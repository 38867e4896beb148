"""Every kind of authentication against a server that looks; none of them shows its secret to anybody (S-72)."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from infra import clock, redaction
from infra.encryption.secret import Secret
from services.connectors.simulators.http import Answered, Asked
from services.engine.functions import Answer, Done, Failed, Later
from tests.services.connectors.declared.conftest import Meet
from tests.services.connectors.declared.other import SECRET, manifest, operation, path_of, query_of, said

SETTINGS = {
    "properties": {
        name: {"title": name, "type": "string"} for name in ("user", "client", "region", "key_id", "token_address")
    }
}
TOKEN = "canary-token-0001"  # noqa: S105 (loopback)


def _with(authentication: dict[str, Any], **parts: Any) -> dict[str, Any]:
    secrets = {} if authentication["kind"] == "none" else {"token": {"title": "Token"}}
    return manifest(authentication=authentication, settings=SETTINGS, secrets=secrets, **parts)


def _shown(answer: Answer) -> str:
    return msgspec.json.encode(msgspec.to_builtins(answer), enc_hook=str).decode()


KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "bearer": ({"kind": "bearer", "secret": "token"}, "the secret `token`"),
    "basic": ({"kind": "basic", "user": "user", "secret": "token"}, "the setting `user` and the secret `token`"),
    "header": ({"kind": "header", "header": "X-Key", "prefix": "Key ", "secret": "token"}, "the secret `token`"),
    "query": ({"kind": "query", "parameter": "api_key", "secret": "token"}, "the secret `token`"),
    "aws": (
        {"kind": "aws", "key_id": "key_id", "secret": "token", "region": "region", "service": "execute-api"},
        "the settings `key_id` and `region` and the secret `token`",
    ),
}


def _given(asked: Asked) -> str:
    """The credentials that came."""
    return asked.headers.get("authorization") or asked.headers.get("x-key") or asked.target


async def test_each_kind_arrives_as_the_system_expects_it(meet: Meet) -> None:
    seen = {}
    for kind, (authentication, _) in KINDS.items():
        other, desk = await meet(_with(authentication), said({}), user="maria", region="eu-1", key_id="AKIA")
        assert isinstance(await desk.call(), Done)
        seen[kind] = other.last
    assert seen["bearer"].headers["authorization"] == f"Bearer {SECRET}"
    pair = base64.b64decode(seen["basic"].headers["authorization"].removeprefix("Basic ")).decode()
    assert pair == f"maria:{SECRET}"
    assert seen["header"].headers["x-key"] == f"Key {SECRET}"
    assert query_of(seen["query"]) == {"api_key": [SECRET]}
    signed = seen["aws"].headers["authorization"]
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=AKIA/")
    assert "/eu-1/execute-api/aws4_request, SignedHeaders=accept;host;x-amz-date" in signed
    assert SECRET not in repr(seen["aws"])


@pytest.mark.parametrize("kind", KINDS)
async def test_S_72_S_73_a_secret_is_in_no_answer_and_no_log(
    meet: Meet, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    def echo(asked: Asked) -> Answered:
        return said({"detail": f"not {_given(asked)}", "sent": _given(asked)}, 401 if "things" in asked.target else 200)

    part = operation(request={"path": "echo"})
    document = _with(KINDS[kind][0], operations={"thing.read": operation(), "thing.echo": part})
    other, desk = await meet(document, echo, user="maria", region="eu-1", key_id="AKIA")
    with caplog.at_level(logging.DEBUG):
        refused, echoed = await desk.call(), await desk.call("thing.echo")
    assert isinstance(refused, Failed)
    assert (refused.error.status, refused.error.title) == (401, "The credentials are refused")
    assert f"look at {KINDS[kind][1]}" in refused.error.detail
    for text in (_shown(refused), _shown(echoed), caplog.text, repr(desk.connection)):
        for form in redaction.forms(SECRET):
            assert form not in text
    assert f"{other.url}/api/things 401" in caplog.text, "addresses are logged, without queries"


@pytest.mark.parametrize("kind", KINDS)
async def test_what_the_connection_lacks_is_named_and_nothing_is_sent(meet: Meet, kind: str) -> None:
    other, desk = await meet(_with(KINDS[kind][0]), said({}), user="maria", region="eu-1", key_id="AKIA")
    desk.change(secrets={})
    answer = await desk.call()
    assert isinstance(answer, Failed)
    assert answer.error.detail == "The connection lacks its secret `token`"
    assert (answer.sent, other.asked) == (False, [])


OAUTH: dict[str, Any] = {
    "kind": "oauth2",
    "token_url": "oauth/token",
    "client_id": "client",
    "secret": "token",
    "scopes": ["orders.read", "orders.write"],
}


class Authority:
    """Gives tokens that hold for `seconds`, and takes the last one alone."""

    def __init__(self, seconds: int | None = 3600) -> None:
        self.seconds = seconds
        self.given = 0
        self.asked: list[dict[str, list[str]]] = []
        self.headers: list[str] = []

    def __call__(self, asked: Asked) -> Answered:
        if path_of(asked) == "/api/oauth/token":
            self.given += 1
            self.asked.append(parse_qs(asked.body.decode()))
            self.headers.append(asked.headers.get("authorization", ""))
            more = {} if self.seconds is None else {"expires_in": self.seconds}
            return said({"access_token": f"{TOKEN}-{self.given}", "token_type": "Bearer", **more})
        if asked.headers.get("authorization") != f"Bearer {TOKEN}-{self.given}":
            return said({"detail": "no such token"}, 401)
        return said({"well": True})


async def test_an_oauth_token_is_fetched_once_for_all_who_wait(meet: Meet) -> None:
    authority = Authority()
    _, desk = await meet(_with(OAUTH), authority, client="id:1")
    answers = await asyncio.gather(*(desk.call() for _ in range(20)))
    assert {type(one) for one in answers} == {Done}
    assert authority.given == 1
    assert authority.asked[0] == {"grant_type": ["client_credentials"], "scope": ["orders.read orders.write"]}
    pair = base64.b64decode(authority.headers[0].removeprefix("Basic ")).decode()
    assert pair == "id%3A1:canary%2Fs3cret%2Bvalue", "both are form-encoded before they are joined (RFC 6749, 2.3.1)"


async def test_an_oauth_token_is_renewed_before_it_ends_and_when_it_is_refused(
    meet: Meet, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(seconds=100)
    _, desk = await meet(_with({**OAUTH, "client": "post"}), authority, client="id-1")
    assert isinstance(await desk.call(), Done)
    assert authority.asked[0]["client_secret"] == [SECRET]
    now = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: now + 91)
    assert isinstance(await desk.call(), Done)
    assert authority.given == 2, "a tenth before its end"
    authority.given = 3  # the authority has given another one elsewhere, and takes ours no more
    assert isinstance(await desk.call(), Done)
    assert authority.given == 4


async def test_a_changed_connection_gets_a_token_of_its_own(meet: Meet) -> None:
    authority = Authority()
    _, desk = await meet(_with(OAUTH), authority, client="id-1")
    await desk.call()
    desk.change(revision=2, secrets={"token": Secret("another/secret")})
    await desk.call()
    assert authority.given == 2
    assert "another" in base64.b64decode(authority.headers[1].removeprefix("Basic ")).decode()


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (said({"error": "invalid_client"}, 401), "authentication", "the setting `client` and the secret `token`"),
        (said({"error": "invalid_scope"}, 400), "authorization", "orders.read, orders.write"),
        (said({"token_type": "mac", "access_token": "abcdefghijk"}), "authentication", "no bearer token"),
        (said({"hello": "there"}), "authentication", "refused with status 200"),
    ],
)
async def test_a_refused_token_says_what_to_change(meet: Meet, answer: Answered, error: str, words: str) -> None:
    other, desk = await meet(_with(OAUTH), answer, client="id-1")
    refused = await desk.call()
    assert isinstance(refused, Failed)
    assert (refused.error.type.rpartition("/")[2], refused.sent) == (error, False)
    assert words in refused.error.detail
    assert [path_of(one) for one in other.asked] == ["/api/oauth/token"]


async def test_F_03_a_token_endpoint_that_is_away_leaves_the_write_unsent(meet: Meet) -> None:
    part = operation(effect="once-or-ask", request={"method": "POST", "path": "things"})
    document = _with(OAUTH, operations={"thing.write": part})
    _, desk = await meet(document, Answered(0, silent=True), client="id-1")
    answer = await desk.call("thing.write")
    assert isinstance(answer, Later), answer
    assert (answer.sent, answer.uncertain) == (False, False), "nobody is to be asked whether it happened"


async def test_a_token_endpoint_elsewhere_gets_the_secret_and_the_call_only_the_token(meet: Meet) -> None:
    authority, api = Authority(), Authority()
    api.given = 1
    elsewhere, _ = await meet(_with(OAUTH), authority)
    document = _with({**OAUTH, "token_url": {"setting": "token_address"}})
    other, desk = await meet(document, api, client="id-1", token_address=f"{elsewhere.url}/api/oauth/token")
    assert isinstance(await desk.call(), Done)
    assert (len(elsewhere.asked), len(other.asked), authority.given) == (1, 1, 1)
    assert other.last.headers["authorization"] == f"Bearer {TOKEN}-1"


SESSION: dict[str, Any] = {
    "kind": "session",
    "login": {"path": "login", "body": {"name": {"setting": "user"}, "with": [{"secret": "token"}], "for": "api"}},
    "token": "/session/id",
    "header": "X-Session",
    "prefix": "S ",
    "ended": [401, 440],
}


async def test_a_session_is_logged_in_once_and_again_when_it_ends(meet: Meet) -> None:
    state = {"logins": 0, "ended": 0}

    def answer(asked: Asked) -> Answered:
        if path_of(asked) == "/api/login":
            state["logins"] += 1
            assert json.loads(asked.body) == {"name": "maria", "with": [SECRET], "for": "api"}
            return said({"session": {"id": f"{TOKEN}-{state['logins']}"}})
        if asked.headers["x-session"] != f"S {TOKEN}-{state['logins']}" or state["ended"]:
            state["ended"] = 0
            return said({"detail": "it is over"}, 440)
        return said({"sent": asked.headers["x-session"]})

    _, desk = await meet(_with(SESSION), answer, user="maria")
    first = await asyncio.gather(*(desk.call() for _ in range(10)))
    assert (state["logins"], {type(one) for one in first}) == (1, {Done})
    assert TOKEN not in _shown(first[0]), "what a login gave is masked as what it was given for"
    state["ended"] = 1
    assert isinstance(await desk.call(), Done)
    assert state["logins"] == 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (said({"error": "bad password"}, 403), "look at the setting `user` and the secret `token`"),
        (said({"session": {}}), "no token at /session/id"),
    ],
)
async def test_a_refused_login_says_what_to_change(meet: Meet, answer: Answered, words: str) -> None:
    _, desk = await meet(_with(SESSION), answer, user="maria")
    refused = await desk.call()
    assert isinstance(refused, Failed)
    assert words in refused.error.detail
    assert SECRET not in _shown(refused)


async def test_who_is_refused_again_with_new_credentials_is_told(meet: Meet) -> None:
    def answer(asked: Asked) -> Answered:
        return said({"session": {"id": TOKEN}}) if path_of(asked) == "/api/login" else said({}, 401)

    other, desk = await meet(_with(SESSION), answer, user="maria")
    refused = await desk.call()
    assert isinstance(refused, Failed)
    assert refused.error.title == "The credentials are refused"
    assert [path_of(one) for one in other.asked] == ["/api/login", "/api/things"] * 2, "once more, and no oftener"
