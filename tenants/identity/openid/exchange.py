"""The two legs of a sign-in: where the browser is sent, and the code that it brings back turned into an ID token."""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import Final
from urllib.parse import quote_plus
from uuid import UUID

import msgspec
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from infra import strict_json
from infra.egress import Client, Failed, Refused, Request
from infra.encryption.secret import Secret
from tenants.identity.openid.discovery import Metadata, destination
from tenants.identity.openid.errors import ProviderAway, ProviderRefused

SCOPE: Final = "openid email profile"
_TIMEOUT: Final = 15.0
_LARGEST: Final = 64 * 1024


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One sign-in. `redirect_uri` is of this provider alone; `anew`: the person is to prove themselves again.

    `partner_id` is whose connections carry it.
    """

    partner_id: UUID
    client_id: str
    redirect_uri: str
    state: str
    nonce: str
    verifier: str
    anew: bool = False


def location(metadata: Metadata, ask: Ask) -> str:
    """Where the browser is sent to. Always with PKCE S256, whatever the provider says that it knows (S-60)."""
    more = {"prompt": "login", "max_age": "0"} if ask.anew else {}
    found: str = prepare_grant_uri(
        metadata.authorization_endpoint,
        ask.client_id,
        "code",
        redirect_uri=ask.redirect_uri,
        scope=SCOPE,
        state=ask.state,
        nonce=ask.nonce,
        code_challenge=create_s256_code_challenge(ask.verifier),
        code_challenge_method="S256",
        **more,
    )
    return found


async def id_token(client: Client, metadata: Metadata, ask: Ask, code: str, secret: Secret | None) -> str:
    """The ID token that the code is good for.

    Raises:
        ProviderAway: no answer that can be read.
        ProviderRefused: the provider does not take the code, or us.
    """
    body = prepare_token_request(
        "authorization_code", code=code, redirect_uri=ask.redirect_uri, code_verifier=ask.verifier
    )
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    credentials: dict[str, Secret] = {}
    if secret is None:
        body += f"&client_id={quote_plus(ask.client_id)}"
    elif "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
        credentials["authorization"] = _basic(ask.client_id, secret)
    else:
        body += f"&client_id={quote_plus(ask.client_id)}&client_secret={quote_plus(secret.reveal())}"
    url = metadata.token_endpoint
    try:
        answer = await client.send(
            ask.partner_id,
            Request(
                method="POST",
                url=url,
                headers=headers,
                credentials=credentials,
                body=body.encode(),
                timeout=_TIMEOUT,
                destination=destination(url, with_credentials=True),
            ),
        )
    except (Failed, Refused):
        raise ProviderAway from None
    if answer.status != HTTPStatus.OK:
        raise ProviderRefused("token-endpoint") if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR else ProviderAway
    return _token_of(answer.body)


def _token_of(body: bytes) -> str:
    try:
        found = strict_json.decode(body) if len(body) <= _LARGEST else None
    except strict_json.MalformedJson:
        found = None
    token = found.get("id_token") if isinstance(found, dict) else None
    if not isinstance(token, str) or not token.isascii():
        raise ProviderRefused("no-id-token")
    return token


def _basic(client_id: str, secret: Secret) -> Secret:
    """RFC 6749, 2.3.1: both are form-encoded before they are joined."""
    joined = f"{quote_plus(client_id)}:{quote_plus(secret.reveal())}"
    return Secret(f"Basic {base64.b64encode(joined.encode()).decode()}")
