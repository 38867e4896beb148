"""S-62, S-63: what looks like a provider's word that a session there ended and is not: nothing ends by it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from infra import ids
from tenants.identity.openid import id_token, logout_token
from tenants.identity.openid.errors import ProviderRefused
from tenants.identity.openid.id_token import Expected
from tenants.identity.openid.logout_token import EVENT
from tenants.identity.openid.signed_token import UnknownSigner
from tenants.identity.people_models import IdentityProvider

ISSUER, CLIENT = "https://login.example.com", "portal"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
KEYS = KeySet([KEY])


def provider(subject_claim: str = "sub", algorithm: str = "RS256") -> IdentityProvider:
    return IdentityProvider(
        provider_id=ids.new(), issuer=ISSUER, client_id=CLIENT, algorithm=algorithm, subject_claim=subject_claim
    )


def token(key: RSAKey = KEY, *, header: dict[str, Any] | None = None, **more: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": "j-1", "sub": "alice"}
    claims |= {"sid": "s-1", "events": {EVENT: {}}, **more}
    given = {"alg": "RS256", "kid": key.kid, "typ": "logout+jwt", **(header or {})}
    return jwt.encode(
        {name: value for name, value in given.items() if value is not None},
        {name: value for name, value in claims.items() if value is not None},
        key,
        algorithms=[given["alg"]],
    )


def test_a_token_that_ends_a_session_or_all_of_somebodys_is_read() -> None:
    told = logout_token.read(token(), KEYS, provider())
    assert (told.token_id, told.subject, told.sid) == ("j-1", "alice", "s-1")
    assert logout_token.read(token(sid=None, aud=[CLIENT]), KEYS, provider()).sid is None
    assert logout_token.read(token(sub=None), KEYS, provider()).subject is None
    typed = token(header={"typ": "application/logout+jwt"})
    assert logout_token.read(typed, KEYS, provider()).subject == "alice"
    by_object = logout_token.read(token(oid="o-1"), KEYS, provider("oid"))
    assert by_object.subject == "o-1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"aud": []},
        {"aud": None},
        {"iat": None},
        {"iat": "now"},
        {"iat": 4_000_000_000},
        {"iat": 1_500_000_000},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1_500_000_000},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 256},
        {"events": None},
        {"events": {}},
        {"events": EVENT},
        {"events": [EVENT]},
        {"events": {EVENT: True}},
        {"events": {EVENT + "/": {}}},
        {"nonce": "n-1"},
        {"nonce": ""},
        {"sub": None, "sid": None},
        {"sub": 7},
        {"sid": ""},
        {"sid": ["s-1"]},
    ],
    ids=repr,
)
def test_S_63_a_claim_that_is_missing_or_another_ends_nothing(wrong: dict[str, Any]) -> None:
    with pytest.raises(ProviderRefused) as refused:
        logout_token.read(token(**wrong), KEYS, provider())
    assert refused.value.reason.startswith("logout-token-")


@pytest.mark.parametrize(
    "header",
    [{"typ": None}, {"typ": "JWT"}, {"typ": "at+jwt"}, {"alg": "PS256"}, {"jku": "https://evil.example/keys"}],
    ids=repr,
)
def test_S_62_a_token_of_another_kind_or_algorithm_ends_nothing(header: dict[str, Any]) -> None:
    with pytest.raises(ProviderRefused):
        logout_token.read(token(header=header), KEYS, provider())


def test_S_62_a_token_by_another_key_ends_nothing() -> None:
    with pytest.raises(UnknownSigner):
        logout_token.read(token(RSAKey.generate_key(2048, {"kid": "two"})), KEYS, provider())
    with pytest.raises(ProviderRefused):
        logout_token.read(token(RSAKey.generate_key(2048, {"kid": "one"})), KEYS, provider())
    with pytest.raises(ProviderRefused):
        logout_token.read(token(), KEYS, provider(algorithm="ES256"))


def test_S_62_neither_token_is_taken_for_the_other() -> None:
    asked = Expected(issuer=ISSUER, client_id=CLIENT, nonce="n-1", algorithm="RS256")
    with pytest.raises(ProviderRefused):
        id_token.read(token(), KEYS, asked)
    id_tokens = jwt.encode({"alg": "RS256", "kid": "one"}, {"iss": ISSUER, "aud": CLIENT, "nonce": "n-1"}, KEY)
    with pytest.raises(ProviderRefused):
        logout_token.read(id_tokens, KEYS, provider())
