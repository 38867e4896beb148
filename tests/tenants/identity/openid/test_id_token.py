"""S-62: tokens that look like a provider's and are not; each is refused before anybody believes a claim of it."""

from __future__ import annotations

import base64
import hmac
import json
import time
import warnings
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from tenants.identity.openid import id_token
from tenants.identity.openid.errors import ProviderRefused
from tenants.identity.openid.id_token import Expected
from tenants.identity.openid.signed_token import UnknownSigner

ISSUER, CLIENT, NONCE = "https://login.example.com", "portal", "n-1"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
with warnings.catch_warnings(action="ignore"):
    WEAK = RSAKey.generate_key(1024, {"kid": "weak", "use": "sig"})
KEYS = KeySet([KEY, OTHER, WEAK])
EXPECTED = Expected(issuer=ISSUER, client_id=CLIENT, nonce=NONCE, algorithm="RS256")


def claims(**more: Any) -> dict[str, Any]:
    now = int(time.time())
    found = {"iss": ISSUER, "aud": CLIENT, "sub": "alice", "nonce": NONCE, "iat": now, "exp": now + 300, **more}
    return {name: value for name, value in found.items() if value is not None}


def token(key: Any = KEY, *, header: dict[str, Any] | None = None, **more: Any) -> str:
    given = {"alg": "RS256", "kid": key.kid, **(header or {})}
    return jwt.encode(
        {name: value for name, value in given.items() if value is not None},
        claims(**more),
        key,
        algorithms=[given["alg"]],
    )


def raw(header: dict[str, Any], signature: str = "") -> str:
    parts = [json.dumps(one).encode() for one in (header, claims())]
    return ".".join([*(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in parts), signature])


def test_a_token_that_is_what_was_asked_for_is_read() -> None:
    assert id_token.read(token(), KEYS, EXPECTED)["sub"] == "alice"
    assert id_token.read(token(aud=[CLIENT]), KEYS, EXPECTED)["sub"] == "alice"
    assert id_token.read(token(aud=[CLIENT, "x"], azp=CLIENT), KEYS, EXPECTED)["sub"] == "alice"


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": None},
        {"aud": [CLIENT, "another"]},
        {"azp": "another"},
        {"nonce": "n-2"},
        {"nonce": None},
        {"exp": None},
        {"exp": "soon"},
        {"iat": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "a\0b"},
        {"sub": ["alice"]},
    ],
    ids=repr,
)
def test_S_62_a_claim_that_is_another_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ProviderRefused):
        id_token.read(token(**wrong), KEYS, EXPECTED)


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -120), ("nbf", 600)])
def test_S_62_a_token_of_another_time_is_refused(claim: str, seconds: int) -> None:
    other: dict[str, Any] = {claim: int(time.time()) + seconds}
    with pytest.raises(ProviderRefused):
        id_token.read(token(**other), KEYS, EXPECTED)


@pytest.mark.parametrize("header", [{"jku": "https://evil.example/keys"}, {"x5u": "https://evil.example/c"}], ids=repr)
def test_S_62_a_token_brings_no_key_of_its_own(header: dict[str, Any]) -> None:
    with pytest.raises(ProviderRefused):
        id_token.read(token(header=header), KEYS, EXPECTED)


def test_S_62_no_signature_and_other_algorithms_are_refused() -> None:
    # The confusion: the public key, which everybody has, as a shared secret.
    unsigned = raw({"alg": "HS256", "kid": "one"}).rstrip(".")
    mark = hmac.digest(KEY.as_pem(private=False), unsigned.encode(), "sha256")
    confused = f"{unsigned}.{base64.urlsafe_b64encode(mark).decode().rstrip('=')}"
    curve = ECKey.generate_key("P-256", {"kid": "ec"})
    cases = [
        confused,
        raw({"alg": "none"}),
        raw({"alg": "None", "kid": "one"}),
        raw({"alg": "RS256", "kid": "one", "crit": ["x"], "x": 1}, "AAAA"),
        raw({"alg": "RS256", "kid": "one", "jwk": KEY.as_dict(private=False)}, "AAAA"),
        raw({"alg": "RS256", "kid": "one"}, "AAAA"),
        raw({"alg": "RS256", "kid": "one"}, ""),
        jwt.encode({"alg": "ES256", "kid": "ec"}, claims(), curve, algorithms=["ES256"]),
        jwt.encode({"alg": "PS256", "kid": "one"}, claims(), KEY, algorithms=["PS256"]),
    ]
    for case in cases:
        with pytest.raises(ProviderRefused):
            id_token.read(case, KeySet([KEY, OTHER, curve]), EXPECTED)


def test_S_62_a_key_that_is_not_there_or_not_named_signs_nothing() -> None:
    for kid in ("three", "../../one", None):
        with pytest.raises(UnknownSigner):
            id_token.read(token(header={"kid": kid}), KEYS, EXPECTED)
    with pytest.raises(ProviderRefused):
        id_token.read(token(OTHER, header={"kid": "one"}), KEYS, EXPECTED)
    assert id_token.read(token(header={"kid": None}), KeySet([KEY]), EXPECTED)["sub"] == "alice"


def test_S_62_a_weak_key_signs_nothing() -> None:
    header = {"alg": "RS256", "kid": "weak"}
    with pytest.raises(ProviderRefused, match="Begin anew") as refused:
        id_token.read(raw(header, "AAAA"), KEYS, EXPECTED)
    assert refused.value.reason == "provider-key-weak"


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "a.b.c.d.e", "x" * 9000, "e30.e30.", "e30.W10.AAAA"])
def test_S_62_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(ProviderRefused):
        id_token.read(text, KEYS, EXPECTED)


def test_S_62_a_token_over_8_kib_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(ProviderRefused) as refused:
        id_token.read(token(padding="x" * 8192), KEYS, EXPECTED)
    assert refused.value.reason == "id-token-form"


def test_a_proof_is_younger_than_the_wish_for_it() -> None:
    since = int(time.time())
    asked = Expected(issuer=ISSUER, client_id=CLIENT, nonce=NONCE, algorithm="RS256", proved_since=since)
    assert id_token.read(token(auth_time=since), KEYS, asked)["sub"] == "alice"
    for proved in (None, since - 600, "now"):
        with pytest.raises(ProviderRefused):
            id_token.read(token(auth_time=proved), KEYS, asked)
