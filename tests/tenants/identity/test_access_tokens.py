"""What an access token is worth: what we signed, as long as we said, in the one form that we write (S-62)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from infra import ids
from tenants.identity.access_tokens import SECONDS, AccessTokens
from tenants.identity.permissions import Permission

KEY = bytes(range(32))
ISSUER = "https://api.example"
NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
HOLDER = ids.new()


def tokens(moment: datetime = NOW, *, key: bytes = KEY) -> AccessTokens:
    return AccessTokens(key, ISSUER, now=lambda: moment)


def issued(ends: datetime | None = None) -> str:
    return tokens().issue(HOLDER, [Permission.RUNS_READ, Permission.EVENTS_WRITE], ends, ISSUER)[0]


def claims() -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(_part(issued(), 1))
    return found


def _part(text: str, number: int) -> bytes:
    part = text.split(".")[number]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def signed(told: dict[str, Any], *, key: bytes = KEY, **header: Any) -> str:
    return jwt.encode({"alg": "HS256", "typ": "at+jwt", **header}, told, OctKey.import_key(key), algorithms=["HS256"])


def test_it_says_what_rfc_9068_asks_for() -> None:
    assert msgspec.json.decode(_part(issued(), 0)) == {"alg": "HS256", "typ": "at+jwt"}
    told = claims()
    assert told.keys() == {"iss", "aud", "sub", "client_id", "iat", "exp", "jti", "scope"}
    assert (told["iss"], told["aud"]) == (ISSUER, ISSUER)
    assert told["sub"] == told["client_id"] == ids.show("key", HOLDER)
    assert told["exp"] - told["iat"] == SECONDS
    assert told["scope"] == "events:write runs:read"
    granted = tokens().read(issued(), ISSUER)
    assert granted is not None
    assert granted.key_id == HOLDER
    assert granted.permissions == {Permission.RUNS_READ, Permission.EVENTS_WRITE}
    assert granted.expires_at == NOW + timedelta(seconds=SECONDS)


def test_S_62_it_ends_and_never_outlives_its_key() -> None:
    text = issued()
    assert tokens(NOW + timedelta(seconds=SECONDS - 1)).read(text, ISSUER) is not None
    assert tokens(NOW + timedelta(seconds=SECONDS + 1)).read(text, ISSUER) is None
    _, seconds, _ = tokens().issue(HOLDER, [], NOW + timedelta(seconds=90), ISSUER)
    assert seconds == 90


@pytest.mark.parametrize(
    "forged",
    [
        lambda told: signed(told, key=bytes(32)),
        lambda told: signed(told, typ="JWT"),
        lambda told: signed(told, kid="../../dev/null"),
        lambda told: signed(told, jku="https://evil.example/keys"),
        lambda told: signed(told | {"iss": "https://evil.example"}),
        lambda told: signed(told | {"aud": "https://evil.example"}),
        lambda told: signed(told | {"aud": [told["aud"], "https://evil.example"]}),
        lambda told: signed(told | {"aud": [told["aud"]]}),
        lambda told: signed({name: one for name, one in told.items() if name != "exp"}),
        lambda told: signed({name: one for name, one in told.items() if name != "aud"}),
        lambda told: signed(told | {"exp": "never"}),
        lambda told: signed(told | {"exp": 10**30}),
        lambda told: signed(told | {"sub": "key_x", "client_id": "key_x"}),
        lambda told: signed(told | {"client_id": ids.show("key", ids.new())}),
        lambda told: signed({name: one for name, one in told.items() if name != "scope"}),
    ],
)
def test_S_62_whatever_is_not_exactly_ours_is_none(forged: Callable[[dict[str, Any]], str]) -> None:
    assert tokens().read(forged(claims()), ISSUER) is None


def test_S_62_no_other_algorithm_is_taken() -> None:
    told = claims()
    body = issued().split(".")[1]

    def encoded(header: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(header)).decode().rstrip("=")

    none = encoded({"alg": "none", "typ": "at+jwt"})
    for text in (f"{none}.{body}.", f"{none}.{body}.{'A' * 43}", f"{encoded({'typ': 'at+jwt'})}.{body}.{'A' * 43}"):
        assert tokens().read(text, ISSUER) is None
    other = jwt.encode({"alg": "HS512", "typ": "at+jwt"}, told, OctKey.import_key(KEY * 2), algorithms=["HS512"])
    assert tokens().read(other, ISSUER) is None
    rsa = jwt.encode({"alg": "RS256", "typ": "at+jwt"}, told, RSAKey.generate_key(2048), algorithms=["RS256"])
    assert tokens().read(rsa, ISSUER) is None


def test_S_62_a_token_that_was_changed_anywhere_is_none() -> None:
    text = issued()
    for place in range(0, len(text) - 1, 7):
        other = "A" if text[place] != "A" else "B"
        assert tokens().read(text[:place] + other + text[place + 1 :], ISSUER) is None, place
    for odd in ("", "x", "a.b", "a.b.c", text + "=", text + ".x", " " + text, text * 9, "é" * 60):
        assert tokens().read(odd, ISSUER) is None
    assert tokens(key=bytes(32)).read(text, ISSUER) is None
    for other in ("https://other.example", "https://API.example", "https://api.example/", ""):
        assert tokens().read(text, other) is None


def test_a_permission_that_this_version_does_not_know_gives_nothing() -> None:
    granted = tokens().read(signed(claims() | {"scope": "runs:read moon:land"}), ISSUER)
    assert granted is not None
    assert granted.permissions == {Permission.RUNS_READ}
