from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest
from aiohttp import web

from services.engine.functions import Done, Failed
from services.protocols.authentication import digest
from services.protocols.authentication.policy import Password
from services.protocols.errors import Refusal
from services.protocols.exchange import Exchange
from services.protocols.http_call import HttpCall

MUFASA = Password("Mufasa", "Circle of Life")
BOTH = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", '
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
NONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def _response(challenge: str, password: Password = MUFASA, **more: Any) -> str:
    given: dict[str, Any] = {"method": "GET", "uri": "/dir/index.html", "body": b"", "nonce": NONCE, **more}
    header = digest.answer(challenge, password, **given)
    assert header is not None
    found = re.search(r'response="([0-9a-f]+)"', header)
    assert found is not None
    return found[1]


def test_the_examples_of_the_rfc() -> None:
    """RFC 7616, 3.9.1: both algorithms, of which the stronger is taken."""
    assert _response(BOTH) == "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    assert _response(BOTH.partition(", Digest")[0]) == "8ca523f5e9506fed4657c9700eebdbec"


def test_a_hashed_user_and_the_truncated_algorithm() -> None:
    """RFC 7616, 3.9.2, by the errata's reading: SHA-512/256."""
    challenge = (
        'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, '
        'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", '
        "charset=UTF-8, userhash=true"
    )
    header = digest.answer(
        challenge,
        Password("Jäsøn Doe", "Secret, or not?"),
        method="GET",
        uri="/doe.json",
        body=b"",
        nonce="NTg6RKcb9boF",
    )
    assert header is not None
    user = hashlib.new("sha512_256", "Jäsøn Doe:api@example.org".encode()).hexdigest()
    assert f'username="{user}"' in header
    assert "userhash=true" in header


def test_without_protection_as_in_rfc_2069() -> None:
    assert len(_response('Digest realm="r", nonce="n"')) == 32


def test_other_challenges_are_left_alone_and_unknown_digests_refused() -> None:
    assert digest.answer('Basic realm="a, Digest b"', MUFASA, method="GET", uri="/", body=b"") is None
    with pytest.raises(Refusal):
        digest.answer('Digest realm="r", nonce="n", algorithm=ROT13', MUFASA, method="GET", uri="/", body=b"")


class Guarded:
    """A resource behind a digest, checked by the formula of the RFC."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.asked = 0

    async def orders(self, request: web.Request) -> web.StreamResponse:
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', request.headers.get("Authorization", "")))
        body = await request.read()
        if not given:
            self.asked += 1
            challenge = 'Digest realm="shop", qop="auth-int", nonce="abc", algorithm=SHA-256'
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": challenge})

        def h(text: str) -> str:
            return hashlib.sha256(text.encode()).hexdigest()

        first = h("anna:shop:pass, word")
        second = h(f"{request.method}:{request.path_qs}:{hashlib.sha256(body).hexdigest()}")
        expected = h(f"{first}:{given['nonce']}:{given['nc']}:{given['cnonce']}:{given['qop']}:{second}")
        if given["response"] != expected:
            raise web.HTTPUnauthorized
        self.bodies.append(body)
        return web.json_response({"ok": True})


async def test_a_digest_is_given_when_the_server_asks_for_it(
    serve: Any, exchange: Exchange, a_call: Any, fault: Any
) -> None:
    guarded = Guarded()
    url = await serve({"POST /orders": guarded.orders})
    arguments = {
        "method": "post",
        "endpoint": url + "/orders",
        "query": {"a": "b c"},
        "body": {"n": 1},
        "authentication": {"digest": {"username": "anna", "password": "pass, word"}},
    }
    assert await HttpCall(exchange)(a_call("http", arguments)) == Done(output={"ok": True})
    assert (guarded.asked, guarded.bodies) == (1, [b'{"n":1}'])
    arguments["authentication"] = {"digest": {"username": "anna", "password": "wrong"}}
    answer = await HttpCall(exchange)(a_call("http", arguments))
    assert fault(answer) == ("authentication", 401)
    assert isinstance(answer, Failed)
