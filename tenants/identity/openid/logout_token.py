"""Reads what a provider says when a session there ends (OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6)."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from infra import clock
from tenants.identity.openid import signed_token
from tenants.identity.openid.errors import ProviderRefused
from tenants.identity.openid.signed_token import LEEWAY_SECONDS
from tenants.identity.people_models import IdentityProvider

LIFE: Final = timedelta(minutes=10)
"""How old a token may be, whatever end it gives itself."""
EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
# So that no token of another kind is one of these, and none of these another (ASVS 5.0, 10.5.5).
_TYPES: Final = frozenset({"logout+jwt", "application/logout+jwt"})
_KIND: Final = "logout-token"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """`subject`, `sid`: whose sessions ended there, and which one; one of the two at least. `token_id`: its `jti`."""

    token_id: str
    subject: str | None
    sid: str | None
    issued_at: datetime


def read(token: str, keys: KeySet, provider: IdentityProvider) -> Told:
    """What the provider told.

    Raises:
        UnknownSigner: its key is not in the set.
        ProviderRefused: anything else is wrong with it.
    """
    found = signed_token.read(token, keys, provider.algorithm, _registry(provider), _KIND)
    claims = found.claims
    if str(found.headers.get("typ", "")).lower() not in _TYPES:
        raise ProviderRefused("logout-token-type")
    if "nonce" in claims:
        raise ProviderRefused("logout-token-nonce")
    if claims["aud"] not in (provider.client_id, [provider.client_id]):
        raise ProviderRefused("logout-token-audience")
    events = claims["events"]
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise ProviderRefused("logout-token-events")
    subject, sid = (_if_there(claims, claim) for claim in (provider.subject_claim, "sid"))
    if subject is None and sid is None:
        raise ProviderRefused("logout-token-subject")
    issued_at = signed_token.moment_of(claims, "iat", _KIND)
    if issued_at < clock.now() - LIFE - timedelta(seconds=LEEWAY_SECONDS):
        raise ProviderRefused("logout-token-age")
    token_id = signed_token.name_of(claims, "jti", _KIND)
    return Told(token_id=token_id, subject=subject, sid=sid, issued_at=issued_at)


def _registry(provider: IdentityProvider) -> JWTClaimsRegistry:
    return JWTClaimsRegistry(
        now=int(time.time()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        exp={"essential": True},
        iat={"essential": True},
        jti={"essential": True},
        events={"essential": True},
    )


def _if_there(claims: dict[str, Any], claim: str) -> str | None:
    return signed_token.name_of(claims, claim, _KIND) if claim in claims else None
