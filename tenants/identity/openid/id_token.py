"""Reads the ID token of a provider (S-62)."""

from __future__ import annotations

import time
from typing import Any, Final

import msgspec
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from tenants.identity.openid import signed_token
from tenants.identity.openid.errors import ProviderRefused
from tenants.identity.openid.signed_token import LEEWAY_SECONDS

_KIND: Final = "id-token"


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
    claims = signed_token.read(token, keys, expected.algorithm, _registry(expected), _KIND).claims
    _check_audience(claims, expected.client_id)
    _check_age(claims, expected.proved_since)
    signed_token.moment_of(claims, "iat", _KIND)
    if "sid" in claims:
        signed_token.name_of(claims, "sid", _KIND)
    return claims


def subject_of(claims: dict[str, Any], claim: str) -> str:
    """Who the token is about, by the claim that the provider's record names (ADR 0053).

    Raises:
        ProviderRefused: the claim is missing, or no text of 1 to 255 characters.
    """
    return signed_token.name_of(claims, claim, _KIND)


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
