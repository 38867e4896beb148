"""Where a manifest and a connection's settings may send a person, and what comes back (S-59, S-61)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.connectors.declared import checks, reading
from services.connectors.sdk.errors import Refusal
from tests.services.connectors.authorizing.system import AUTHENTICATION
from tests.services.connectors.declared.other import declared, manifest

SET = {"setting": "authorize"}, {"setting": "token"}
SETTINGS = {"base_url": "https://books.example/api", "client_id": "c"}


def _grant(settings: dict[str, Any], **parts: Any) -> Any:
    properties = {name: {"title": name, "type": "string"} for name in ("client_id", "authorize", "token", "issuer")}
    secrets = {} if parts.get("client") == "none" else {"client_secret": {"title": "Secret"}}
    authentication = {name: one for name, one in {**AUTHENTICATION, **parts}.items() if one is not None}
    document = manifest(authentication=authentication, settings={"properties": properties}, secrets=secrets)
    return declared(document).code_grant({**SETTINGS, **settings})


def test_S_61_addresses_of_settings_are_of_one_server_and_of_https() -> None:
    made = {"authorize_url": SET[0], "token_url": SET[1]}
    good = {"authorize": "https://id.example/a?tenant=1", "token": "https://id.example/t"}
    query = parse_qs(urlsplit(_grant(good, **made).location(redirect_uri="r", state="s", verifier="v")).query)
    assert (query["tenant"], query["state"], query["code_challenge_method"]) == (["1"], ["s"], ["S256"])
    for wrong in ("https://evil.example/t", "http://id.example/t", "https://id.example@evil.example/t", "javascript:x"):
        with pytest.raises(Refusal):
            _grant({**good, "token": wrong}, **made)
    with pytest.raises(Refusal, match="lacks its setting `token`"):
        _grant({"authorize": "https://id.example/a"}, **made)
    fixed = _grant({}, authorize_url="https://login.example/a", token_url="https://tokens.example/t")  # noqa: S106
    assert fixed.authorize_url == "https://login.example/a", "a manifest may name two servers"


def test_S_59_an_answer_names_the_server_that_was_asked() -> None:
    named = _grant({"issuer": "https://books.example/tenant"}, issuer={"setting": "issuer"})
    assert [named.is_of(one) for one in ("https://books.example/tenant", "https://books.example", None)] == [
        True,
        False,
        False,
    ]
    unnamed = _grant({})
    told = ("https://books.example/whatever", None, "https://evil.example", "no address")
    assert [unnamed.is_of(one) for one in told] == [True, True, False, False]


def test_what_was_granted_is_bound_to_where_it_may_go() -> None:
    changes: list[dict[str, Any]] = [{}, {"base_url": "https://other.example/api"}, {"client_id": "d"}]
    digests = [_grant(one).leads_to for one in changes]
    assert len(set(digests)) == len(digests)
    assert _grant({"timeout_seconds": 5}).leads_to == digests[0]


def test_a_client_without_a_secret_says_so() -> None:
    assert _grant({}, client="none", secret=None).client == "none"
    document = manifest(
        authentication={name: one for name, one in AUTHENTICATION.items() if name != "secret"},
        settings={"properties": {"client_id": {"title": "Client", "type": "string"}}},
        secrets={},
    )
    with pytest.raises(Exception, match="needs one of `secret`, `client`"):
        list(checks.mistakes(reading.read(json.dumps(document)).document))
