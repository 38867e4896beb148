"""An evaluated authentication policy, read strictly. Its fields hold secrets: it is never logged, stored or shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

from infra.egress import canonical_origin
from services.engine import values
from services.protocols import errors

Text = str | int
CLIENT_CREDENTIALS: Final = "client_credentials"
TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 (RFC 8693, no secret)


class _Hidden(msgspec.Struct, frozen=True):
    def __repr__(self) -> str:
        return f"{type(self).__name__}(set)"


class Password(_Hidden, frozen=True):
    """Of `basic` and `digest`."""

    username: Text
    password: Text


class Bearer(_Hidden, frozen=True):
    token: str


class ClientIdentity(_Hidden, frozen=True):
    id: Text | None = None
    secret: Text | None = None
    assertion: str | None = None
    authentication: Literal[
        "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"
    ] = "client_secret_post"


class Endpoints(_Hidden, frozen=True):
    token: str = "/oauth2/token"  # noqa: S105 (a path)


class TokenRequest(_Hidden, frozen=True):
    encoding: Literal["application/x-www-form-urlencoded", "application/json"] = "application/x-www-form-urlencoded"


class Token(_Hidden, frozen=True):
    token: str
    type: str


class OAuth2(_Hidden, frozen=True):
    """Of `oauth2` and `oidc`; the latter finds its endpoints itself."""

    authority: str
    grant: Literal[
        "authorization_code",
        "client_credentials",
        "password",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ] = "client_credentials"
    client: ClientIdentity | None = None
    endpoints: Endpoints = Endpoints()
    request: TokenRequest = TokenRequest()
    issuers: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    username: Text | None = None
    password: Text | None = None
    subject: Token | None = None
    actor: Token | None = None


class Policy(_Hidden, frozen=True):
    """Exactly one of the schemes is set.

    Attributes:
        origins: URLs of the only origins that its secrets may be sent to, all of them at once; none: any.
    """

    basic: Password | None = None
    bearer: Bearer | None = None
    digest: Password | None = None
    oauth2: OAuth2 | None = None
    oidc: OAuth2 | None = None
    origins: tuple[str, ...] = ()


_SCHEMES: Final = ("basic", "bearer", "digest", "oauth2", "oidc")


def read(given: Mapping[str, Any] | None) -> Policy | None:
    """The policy in the arguments of a call; None without one.

    Raises:
        Refusal: `configuration`, naming the member and never its value.
    """
    if given is None:
        return None
    if "certificate" in given:
        raise errors.configuration(
            "Unusable authentication", "`certificate` has no settings in the language; use another"
        )
    try:
        policy = msgspec.convert(given, Policy)
    except msgspec.ValidationError as error:
        raise errors.configuration(
            "Unusable authentication", f"{errors.mismatch(error)} of the authentication"
        ) from None
    found = [name for name in _SCHEMES if getattr(policy, name) is not None]
    if len(found) != 1:
        detail = f"set exactly one of {', '.join(_SCHEMES)}, instead of {len(found)}"
        raise errors.configuration("Unusable authentication", detail)
    return policy


def check_origin(origins: Iterable[str], url: str) -> None:
    """Raises Refusal, `authorization`, unless what is bound to `origins` may be sent to `url`."""
    if any(canonical_origin(one) != canonical_origin(url) for one in origins):
        raise errors.elsewhere()


def fingerprint(given: Any) -> bytes:
    """Tells equal policies from others, and nothing about them."""
    return hashlib.sha256(values.encode(given)).digest()
