"""Reads the ID token of a provider. The only caller of `decode` in the product (S-62)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey
from joserfc.jwt import JWTClaimsRegistry

from tenants.identity.openid.errors import ProviderRefused

LONGEST: Final = 8192
LONGEST_SUBJECT: Final = 255
LEEWAY_SECONDS: Final = 60
FEWEST_RSA_BITS: Final = 2048
ALGORITHMS: Final[dict[str, type[RSAKey | ECKey]]] = {"RS256": RSAKey, "PS256": RSAKey, "ES256": ECKey}
"""What a provider may sign with. Its record names one of them, and a token of any other is refused."""
# They would let a token bring, or point to, the key that it is checked by.
_REFUSED_HEADERS: Final = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "zip", "b64"})
_COMPACT_PARTS: Final = 3


class UnknownSigner(Exception):
    """No key of the set signed it: perhaps the provider has changed its keys since."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """`algorithm` is the provider's; `proved_since`: the person must have signed in there since (Unix seconds)."""

    issuer: str
    client_id: str
    nonce: str
    algorithm: str
    proved_since: int | None = None


def read(token: str, keys: KeySet, expected: Expected) -> dict[str, Any]:
    """The claims of a token that is what was asked for: signature, issuer, audience, times, nonce.

    Raises:
        UnknownSigner: its key is not in the set.
        ProviderRefused: anything else is wrong with it.
    """
    if len(token) > LONGEST or token.count(".") != _COMPACT_PARTS - 1:
        raise ProviderRefused("id-token-form")

    def choose(signed: Any) -> Key:
        return _signer(signed.headers(), keys.keys, expected.algorithm)

    try:
        claims = jwt.decode(token, choose, algorithms=[expected.algorithm]).claims
        _registry(expected).validate(claims)
    except JoseError as error:
        raise ProviderRefused(f"id-token-{error.error.replace('_', '-')}") from None
    except (ValueError, TypeError, KeyError, RecursionError, UnicodeError):
        raise ProviderRefused("id-token-form") from None
    _check_audience(claims, expected.client_id)
    _check_age(claims, expected.proved_since)
    return claims


def subject_of(claims: dict[str, Any], claim: str) -> str:
    """Who the token is about, by the claim that the provider's record names (ADR 0053).

    Raises:
        ProviderRefused: the claim is missing, or no text of 1 to 255 characters.
    """
    subject = claims.get(claim)
    if not isinstance(subject, str) or not 1 <= len(subject) <= LONGEST_SUBJECT or "\0" in subject:
        raise ProviderRefused(f"id-token-{claim}")
    return subject


def _registry(expected: Expected) -> JWTClaimsRegistry:
    return JWTClaimsRegistry(
        now=int(time.time()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.client_id},
        nonce={"essential": True, "value": expected.nonce},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )


def _signer(headers: dict[str, Any], keys: Sequence[Key], algorithm: str) -> Key:
    if _REFUSED_HEADERS & headers.keys() or headers.get("alg") != algorithm:
        raise ProviderRefused("id-token-header")
    kid = headers.get("kid")
    fitting = [
        one
        for one in keys
        if isinstance(one, ALGORITHMS[algorithm])
        and one.get("use", "sig") == "sig"
        and one.get("alg", algorithm) == algorithm
        and (kid is None or one.kid == kid)
    ]
    if len(fitting) != 1:
        raise UnknownSigner
    chosen = fitting[0]
    if isinstance(chosen, RSAKey) and chosen.public_key.key_size < FEWEST_RSA_BITS:
        raise ProviderRefused("provider-key-weak")
    return chosen


def _check_audience(claims: dict[str, Any], client_id: str) -> None:
    """A token for several names us as the party that asked for it (OpenID Connect Core, 3.1.3.7)."""
    audience = claims["aud"]
    is_shared = isinstance(audience, list) and len(audience) > 1
    if claims.get("azp", client_id) != client_id or (is_shared and "azp" not in claims):
        raise ProviderRefused("id-token-azp")
    subject_of(claims, "sub")


def _check_age(claims: dict[str, Any], proved_since: int | None) -> None:
    if proved_since is None:
        return
    proved = claims.get("auth_time")
    if not isinstance(proved, int | float) or proved < proved_since - LEEWAY_SECONDS:
        raise ProviderRefused("id-token-auth-time")
