"""Reads what a provider signed. The only caller of `decode` in the product (S-62)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey
from joserfc.jwt import JWTClaimsRegistry

from tenants.identity.openid.errors import ProviderRefused

LONGEST: Final = 8192
LONGEST_NAME: Final = 255
LEEWAY_SECONDS: Final = 60
FEWEST_RSA_BITS: Final = 2048
ALGORITHMS: Final[dict[str, type[RSAKey | ECKey]]] = {"RS256": RSAKey, "PS256": RSAKey, "ES256": ECKey}
"""What a provider may sign with. Its record names one of them, and a token of any other is refused."""
# They would let a token bring, or point to, the key that it is checked by.
_REFUSED_HEADERS: Final = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "zip", "b64"})
_COMPACT_PARTS: Final = 3


class UnknownSigner(Exception):
    """No key of the set signed it: perhaps the provider has changed its keys since."""


class Signed(msgspec.Struct, frozen=True):
    headers: dict[str, Any]
    claims: dict[str, Any]


def read(token: str, keys: KeySet, algorithm: str, registry: JWTClaimsRegistry, kind: str) -> Signed:
    """A token whose signature holds and whose claims `registry` passes. `kind` begins the reasons of refusals.

    Raises:
        UnknownSigner: its key is not in the set.
        ProviderRefused: anything else is wrong with it.
    """
    if len(token) > LONGEST or token.count(".") != _COMPACT_PARTS - 1:
        raise ProviderRefused(f"{kind}-form")

    def choose(signed: Any) -> Key:
        return _signer(signed.headers(), keys.keys, algorithm, kind)

    try:
        found = jwt.decode(token, choose, algorithms=[algorithm])
        registry.validate(found.claims)
    except JoseError as error:
        raise ProviderRefused(f"{kind}-{error.error.replace('_', '-')}") from None
    except (ValueError, TypeError, KeyError, RecursionError, UnicodeError):
        raise ProviderRefused(f"{kind}-form") from None
    return Signed(dict(found.header), dict(found.claims))


def name_of(claims: dict[str, Any], claim: str, kind: str) -> str:
    """What the claim calls somebody or something.

    Raises:
        ProviderRefused: the claim is missing, or no text of 1 to 255 characters.
    """
    found = claims.get(claim)
    if not isinstance(found, str) or not 1 <= len(found) <= LONGEST_NAME or "\0" in found:
        raise ProviderRefused(f"{kind}-{claim}")
    return found


def moment_of(claims: dict[str, Any], claim: str, kind: str) -> datetime:
    """When the claim says that something was. Raises ProviderRefused: at no time that there is."""
    try:
        return datetime.fromtimestamp(float(claims[claim]), UTC)
    except (KeyError, ValueError, TypeError, OverflowError, OSError):
        raise ProviderRefused(f"{kind}-{claim}") from None


def _signer(headers: dict[str, Any], keys: Sequence[Key], algorithm: str, kind: str) -> Key:
    if _REFUSED_HEADERS & headers.keys() or headers.get("alg") != algorithm:
        raise ProviderRefused(f"{kind}-header")
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
