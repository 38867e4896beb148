"""OAuth 2.0 client credentials (RFC 6749, section 4.4): a machine exchanges its key for a token that soon ends."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, ClassVar, Final
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from litestar import MediaType, Response, get, post
from msgspec import Meta

from infra import ids
from infra.problems import NotFound, Problem
from services.api.access import ADMISSION, check_network, is_of_host, issuer_of
from services.api.bodies import require_media_type
from services.api.call import Call, scope_of
from tenants.audit import service as audit
from tenants.identity import tokens
from tenants.identity.permissions import Permission
from tenants.identity.principal import Principal

TAGS: Final = ["oauth"]
FORM: Final = "application/x-www-form-urlencoded"
GRANT: Final = "client_credentials"
_MOST_BYTES: Final = 8 * 1024
_MOST_FIELDS: Final = 20
_NOT_STORED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_BASIC: Final = "basic "
_SEND: Final = "Send the id of a live API key as client_id and the key as client_secret"


class TokenRefused(Problem):
    """No token was issued. `error` is the word of RFC 6749, section 5.2; `detail` says what to correct."""

    name = "token-refused"
    title = "No access token was issued"
    status = 400
    media_type = MediaType.JSON.value  # as RFC 6749 asks for, with its members beside ours
    error: ClassVar[str] = "invalid_request"

    def __init__(self, detail: str, *, headers: dict[str, str] | None = None) -> None:
        words = {"error": self.error, "error_description": detail}
        super().__init__(detail, headers={**_NOT_STORED, **(headers or {})}, **words)


class InvalidClient(TokenRefused):
    """The client's id or its secret is wrong, or its key is not live. Send both, in one way."""

    name = "invalid-client"
    title = "The client is unknown"
    status = 401
    error = "invalid_client"


class InvalidScope(TokenRefused):
    """The scope names what is no permission, or what the key does not have. Ask for less, or leave it out for all."""

    name = "invalid-scope"
    title = "The key does not have this scope"
    error = "invalid_scope"


class UnsupportedGrantType(TokenRefused):
    """Tokens are issued for `client_credentials` alone."""

    name = "unsupported-grant-type"
    title = "This grant type is not supported"
    error = "unsupported_grant_type"


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """An access token. It stands for the key that it was got with, and ends no later."""

    access_token: Annotated[str, Meta(description="Send it as `Authorization: Bearer`. Its form may change.")]
    token_type: Annotated[str, Meta(examples=["Bearer"])]
    expires_in: Annotated[int, Meta(description="Seconds.")]
    scope: Annotated[str, Meta(description="What it may do, of what the key may.", examples=["runs:read events:write"])]


class AuthorizationServer(msgspec.Struct, frozen=True, kw_only=True):
    """Metadata (RFC 8414)."""

    issuer: str
    token_endpoint: str
    scopes_supported: list[str]
    response_types_supported: list[str]
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]


@post("/v1/oauth/token", summary="Get an access token", tags=TAGS, status_code=200)
async def issue_token(request: Call) -> Response[IssuedToken]:
    """OAuth 2.0 client credentials: the client's id is the id of an API key, its secret the key itself.

    Send `grant_type=client_credentials` as a form, with the client by HTTP Basic or as `client_id` and `client_secret`;
    `scope` asks for less than all that the key may. A token lasts ten minutes at most, and ends within five seconds
    when its key is revoked.
    """
    if ADMISSION in request.scope["state"]:
        raise NotFound  # pages of a brand sign in by their own way
    return Response(await _issue(request), headers=_NOT_STORED)


@get("/.well-known/oauth-authorization-server", summary="How access tokens are got", tags=TAGS)
async def read_metadata(request: Call) -> AuthorizationServer:
    """Metadata of the authorization server (RFC 8414)."""
    if ADMISSION in request.scope["state"]:
        raise NotFound  # a brand's host names no other
    issuer = issuer_of(request)
    return AuthorizationServer(
        issuer=issuer,
        token_endpoint=f"{issuer.rstrip('/')}/v1/oauth/token",
        scopes_supported=[one.value for one in Permission],
        response_types_supported=[],
        grant_types_supported=[GRANT],
        token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post"],
    )


async def _issue(request: Call) -> IssuedToken:
    fields = await _fields(request)
    principal = await _client(request, fields)
    state = request.scope["state"]
    state["principal"] = principal
    check_network(request, principal)
    request.resources.throttle.admit(request.scope, principal, principal.tenant_id)
    if "grant_type" not in fields:
        raise TokenRefused(f"grant_type is missing; send grant_type={GRANT}")
    if fields["grant_type"] != GRANT:
        raise UnsupportedGrantType(f"Send grant_type={GRANT}")
    permissions = _scope(fields.get("scope"), principal)
    if principal.key_id is None:
        raise InvalidClient(_SEND)
    text, seconds, name = request.resources.access_tokens.issue(
        principal.key_id, permissions, principal.expires_at, issuer_of(request)
    )
    scope = " ".join(sorted(permissions))
    async with request.transaction(scope_of(principal)) as session:
        after = {"scope": scope, "seconds": seconds}
        await audit.record(session, actor=principal.actor, action="token.issued", target=name, after=after)
    request.resources.uses.note(principal.key_id)
    return IssuedToken(access_token=text, token_type="Bearer", expires_in=seconds, scope=scope)  # noqa: S106 (a type)


async def _fields(request: Call) -> dict[str, str]:
    """The form. What is sent empty counts as absent; unknown fields are passed over (RFC 6749, section 3.2)."""
    require_media_type(request.headers.get("content-type", ""), FORM)
    body = await request.body()
    if len(body) > _MOST_BYTES:
        raise TokenRefused(f"The form has at most {_MOST_BYTES} bytes")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise TokenRefused("The form cannot be read") from None
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise TokenRefused(f"{name[:32]} is given twice")
        fields[name] = value
    return {name: value for name, value in fields.items() if value}


async def _client(request: Call, fields: dict[str, str]) -> Principal:
    """Who asks, proven by the key. One way of proof and no more (RFC 6749, section 2.3)."""
    given = [value for name, value in request.scope["headers"] if name == b"authorization"]
    headers = {"WWW-Authenticate": 'Basic realm="token"'} if given else {}
    if given and "client_secret" in fields:
        raise TokenRefused("Send the client's secret in one way: by HTTP Basic, or in the form")
    pair = _basic(given) if given else (fields.get("client_id", ""), fields.get("client_secret", ""))
    principal = None
    if pair is not None:
        name, secret = pair
        key_id = tokens.key_id_of(secret)
        if key_id is not None and name == ids.show("key", key_id):
            principal = await request.resources.keyring.authenticate(secret)
    if principal is None or not is_of_host(request, principal):
        request.resources.throttle.failed(request.scope)
        raise InvalidClient(_SEND, headers=headers)
    return principal


def _basic(given: list[bytes]) -> tuple[str, str] | None:
    """Id and secret of a header `Authorization: Basic`, each form-encoded inside; None: it is none."""
    text = given[0].decode("latin-1")
    if len(given) != 1 or text[: len(_BASIC)].lower() != _BASIC:
        return None
    try:
        decoded = base64.b64decode(text[len(_BASIC) :].strip(), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    name, colon, secret = decoded.partition(":")
    return (unquote_plus(name), unquote_plus(secret)) if colon else None


def _scope(wanted: str | None, principal: Principal) -> frozenset[Permission]:
    if wanted is None:
        return principal.permissions
    held = {one.value: one for one in principal.permissions}
    words = wanted.split(" ")
    if any(word not in held for word in words):
        raise InvalidScope("The key does not have all of these permissions; GET /v1/me says which it has")
    return frozenset(held[word] for word in words)


HANDLERS: Final = (issue_token, read_metadata)
