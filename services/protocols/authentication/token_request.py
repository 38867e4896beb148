"""The request for a token (RFC 6749, 7523, 8693), and what comes back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import msgspec

from infra.egress import Response
from services.engine import values
from services.protocols import errors
from services.protocols.authentication.policy import CLIENT_CREDENTIALS, TOKEN_EXCHANGE, ClientIdentity, OAuth2

_BEARER: Final = re.compile(r"[A-Za-z0-9._~+/=-]{1,8000}")
_CODE: Final = re.compile(r"[a-z_]{1,40}")
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS: Final = 120
_UNKNOWN_LIFE: Final = 300.0
_LONGEST_LIFE: Final = 86_400.0

Fields = list[tuple[str, str]]


class UsedUp(errors.Refusal):
    """The grant itself does not hold any more (`invalid_grant`): a refresh token that was used or taken back."""


class Granted(msgspec.Struct, frozen=True):
    """An access token that holds for `life` seconds; `renewal` replaces the refresh token that was used."""

    token: str
    life: float
    renewal: str | None = None

    def __repr__(self) -> str:
        return "Granted(set)"


def fields(policy: OAuth2, *, audience: str, renewal: str | None = None) -> tuple[Fields, dict[str, str]]:
    """Body and headers of the request to the token endpoint `audience`; `renewal` replaces the given refresh token.

    Raises:
        Refusal: `configuration`: the grant or the client's authentication lacks something.
    """
    body: Fields = [("grant_type", policy.grant), *_grant(policy, renewal)]
    if policy.scopes:
        body.append(("scope", " ".join(policy.scopes)))
    body += [("audience", one) for one in policy.audiences]
    client = policy.client
    if client is None:
        if policy.grant == CLIENT_CREDENTIALS:
            raise _incomplete(
                "the grant client_credentials needs `client.id`, and `client.secret` or `client.assertion`"
            )
        return body, {}
    identity, headers = _client(client, audience)
    return body + identity, headers


def encoded(body: Fields, encoding: str) -> bytes:
    """`body` as a form or as JSON; a name that stands twice becomes a list."""
    if encoding != "application/json":
        return urlencode(body).encode()
    members: dict[str, Any] = {}
    for name, value in body:
        if name in members:
            before = members[name]
            members[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            members[name] = value
    return values.encode(members)


def granted(answer: Response, issuers: tuple[str, ...], issuer: str | None) -> Granted:
    """What the token endpoint gave; `issuer` is the one that discovery named.

    Raises:
        UsedUp: `authentication`: the grant does not hold any more.
        Refusal: `authentication`: refused, unusable, or of an issuer that is not in `issuers`; `communication`: the
            endpoint failed.
    """
    if answer.status >= 500 or answer.status in {404, 405, 408, 429}:  # noqa: PLR2004 (HTTP)
        raise errors.of_status(answer.status, f"the token endpoint answered with status {answer.status}")
    try:
        given = values.decode(answer.body)
    except values.ValueRefused:
        given = None
    if not isinstance(given, dict):
        raise errors.unauthenticated(f"the token endpoint answered with status {answer.status} and no JSON object")
    token = given.get("access_token")
    if answer.status != 200 or not isinstance(token, str):  # noqa: PLR2004 (RFC 6749, 5.1)
        code = given.get("error")
        named = f": {code}" if isinstance(code, str) and _CODE.fullmatch(code) else ""
        refusal = errors.unauthenticated(f"the token endpoint refused with status {answer.status}{named}")
        raise UsedUp(refusal.error) if code == "invalid_grant" else refusal
    kind = given.get("token_type", "Bearer")
    if str(kind).lower() != "bearer" or not _BEARER.fullmatch(token):
        raise errors.unauthenticated("the token endpoint gave no bearer token, and no other kind is supported")
    _check_issuer(given, issuers, issuer)
    life = given.get("expires_in", _UNKNOWN_LIFE)
    life = float(life) if isinstance(life, int | float) or (isinstance(life, str) and life.isdigit()) else _UNKNOWN_LIFE
    renewal = given.get("refresh_token")
    return Granted(token, min(max(life, 0.0), _LONGEST_LIFE), renewal if isinstance(renewal, str) else None)


def _grant(policy: OAuth2, renewal: str | None) -> Fields:
    if policy.grant == "authorization_code":
        raise _incomplete("authorization_code needs a person at a browser; use client_credentials or another grant")
    if policy.grant == "password":
        if policy.username is None or policy.password is None:
            raise _incomplete("the grant password needs `username` and `password`")
        return [("username", str(policy.username)), ("password", str(policy.password))]
    if policy.grant == "refresh_token":
        if policy.subject is None:
            raise _incomplete("the grant refresh_token needs the refresh token in `subject.token`")
        return [("refresh_token", renewal or policy.subject.token)]
    if policy.grant == TOKEN_EXCHANGE:
        if policy.subject is None:
            raise _incomplete("the token exchange needs `subject`")
        subject = [("subject_token", policy.subject.token), ("subject_token_type", policy.subject.type)]
        actor = policy.actor
        return subject + ([("actor_token", actor.token), ("actor_token_type", actor.type)] if actor else [])
    return []


def _client(client: ClientIdentity, audience: str) -> tuple[Fields, dict[str, str]]:
    """How the client shows who it is: members of the body, and headers."""
    method = client.authentication
    identity: Fields = [] if client.id is None else [("client_id", str(client.id))]
    if method == "none":
        return identity, {}
    if client.id is None:
        raise _incomplete("`client.id` is required, unless `client.authentication` is `none`")
    if method == "private_key_jwt" or (method == "client_secret_jwt" and client.assertion):
        if not client.assertion:
            raise _incomplete("private_key_jwt needs the signed JWT in `client.assertion`")
        return [*identity, ("client_assertion_type", _ASSERTION), ("client_assertion", client.assertion)], {}
    if client.secret is None:
        raise _incomplete(f"{method} needs `client.secret`")
    secret = str(client.secret)
    if method == "client_secret_basic":
        pair = f"{quote_plus(str(client.id))}:{quote_plus(secret)}".encode()
        return [], {"Authorization": "Basic " + base64.b64encode(pair).decode()}
    if method == "client_secret_jwt":
        signed = assertion(str(client.id), secret, audience)
        return [*identity, ("client_assertion_type", _ASSERTION), ("client_assertion", signed)], {}
    return [*identity, ("client_secret", secret)], {}


def assertion(client: str, secret: str, audience: str) -> str:
    """A JWT for `audience` by which `client` says that it knows `secret` (RFC 7523, 3); HS256, good for two minutes."""
    now = int(time.time())
    claims = {
        "iss": client,
        "sub": client,
        "aud": audience,
        "iat": now,
        "exp": now + _ASSERTION_SECONDS,
        "jti": secrets.token_urlsafe(16),
    }
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{signed}.{_text(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))}"


def _check_issuer(given: dict[str, Any], issuers: tuple[str, ...], issuer: str | None) -> None:
    """The token came straight from the endpoint over TLS, so its claims are read without its signature."""
    if not issuers:
        return
    named = _claim(given.get("access_token")) or _claim(given.get("id_token")) or issuer
    if named not in issuers:
        raise errors.unauthenticated("the token's issuer is not in `issuers`")


def _claim(token: Any) -> str | None:
    """The claim `iss` of a JWT; None of anything else."""
    parts = token.split(".") if isinstance(token, str) else []
    if len(parts) != 3:  # noqa: PLR2004 (RFC 7515, 3.1)
        return None
    try:
        claims = values.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    found = claims.get("iss") if isinstance(claims, dict) else None
    return found if isinstance(found, str) else None


def _part(value: Any) -> str:
    return _text(values.encode(value))


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _incomplete(detail: str) -> errors.Refusal:
    return errors.configuration("Unusable authentication", detail)
