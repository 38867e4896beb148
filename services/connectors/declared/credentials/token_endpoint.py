"""The token endpoint of an authorization server: what it is sent, and what it gives (RFC 6749, 3.2, 4.1.3, 4.4, 6)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import msgspec

from infra import redaction
from infra.egress import Response
from infra.encryption.secret import MIN_LENGTH, Secret
from services.connectors.declared.credentials.fetched import LONGEST, SHORTEST
from services.connectors.declared.credentials.kinds import pair, secret
from services.connectors.sdk import claims
from services.connectors.sdk.authorization import ClientProof, CodeGrant
from services.connectors.sdk.context import Context, GrantOver, Pair
from services.connectors.sdk.errors import Away, Refusal

_OK: Final = 200
_UNAUTHORIZED: Final = 401
_SERVER_ERROR: Final = 500
_BUSY: Final = frozenset({404, 405, 408, 429})
_CODE: Final = re.compile(r"[a-z_]{1,60}")
_BEARER: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_LONGEST: Final = 32_768
_DIGITS: Final = 15


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, where, and for which rights. `secret`: its name; empty where `proof` is none."""

    address: str
    client_id: str
    secret: str
    proof: ClientProof
    change: str
    scopes: tuple[str, ...] = ()


async def by_code(grant: CodeGrant, context: Context, code: Secret, verifier: Secret, redirect_uri: str) -> Pair:
    """What the code is good for; it is sent once.

    Raises:
        GrantOver: the server does not take the code.
        Refusal: it does not take the client, or gives something else.
        Away: no answer that can be read; `sent` says whether the server may have had the code.
    """
    redaction.hold([code, verifier])
    fields = {"grant_type": "authorization_code", "code": code.reveal(), "redirect_uri": redirect_uri}
    found = await ask(_client(grant), context, {**fields, "code_verifier": verifier.reveal()})
    return msgspec.structs.replace(found, scopes=found.scopes or asked(grant.scopes))


async def by_refresh(grant: CodeGrant, context: Context, refresh: Secret) -> Pair:
    """The next pair; with the old refresh token where the server gives no other. Raises as `by_code`."""
    redaction.hold([refresh])
    found = await ask(_client(grant), context, {"grant_type": "refresh_token", "refresh_token": refresh.reveal()})
    return found if found.refresh is not None else msgspec.structs.replace(found, refresh=refresh)


def asked(scopes: Sequence[str]) -> frozenset[str]:
    """What a server gives that says nothing of rights: those that it was asked for (RFC 6749, 5.1).

    But `/.default` asks for whatever somebody has entered there, so that nobody says which those are.
    """
    return frozenset() if any(one.endswith("/.default") for one in scopes) else frozenset(scopes)


def _client(grant: CodeGrant) -> Client:
    change = f"the setting that holds the client's id{f' and the secret `{grant.secret}`' if grant.secret else ''}"
    return Client(
        address=grant.token_url,
        client_id=grant.client_id,
        secret=grant.secret,
        proof=grant.client,
        change=change,
        scopes=grant.scopes,
    )


async def ask(client: Client, context: Context, fields: dict[str, str]) -> Pair:
    """What the endpoint gives for `fields`. Raises as `by_code`."""
    credentials = {}
    if client.proof == "basic":
        # Both are form-encoded before they are joined (RFC 6749, 2.3.1).
        password = Secret(quote_plus(secret(context, client.secret).reveal()))
        credentials["Authorization"] = pair(quote_plus(client.client_id), password)
    else:
        fields["client_id"] = client.client_id
    if client.proof == "post":
        fields["client_secret"] = secret(context, client.secret).reveal()
    is_whole = "://" in client.address
    answer = await context.send(
        "POST",
        "" if is_whole else client.address,
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        credentials=credentials,
        body=urlencode(fields).encode(),
        base=client.address if is_whole else None,
    )
    return _granted(answer, client)


def _granted(answer: Response, client: Client) -> Pair:
    if answer.status >= _SERVER_ERROR or answer.status in _BUSY:
        raise Away(f"its token endpoint answered with status {answer.status}", sent=False)
    found = _told(answer.body)
    access, refresh = found.get("access_token"), found.get("refresh_token")
    if answer.status != _OK or not isinstance(access, str):
        raise _refused(answer.status, found.get("error"), client)
    is_bearer = str(found.get("token_type", "bearer")).lower() == "bearer"
    if not is_bearer or not MIN_LENGTH <= len(access) <= _LONGEST or not _BEARER.fullmatch(access):
        raise Refusal("Its token endpoint gave no bearer token, and no other kind is known", name="authentication")
    next_one = refresh if isinstance(refresh, str) and MIN_LENGTH <= len(refresh) <= _LONGEST else None
    said = found.get("scope")
    # What it says beside the token counts; else what the token says of itself.
    scopes = frozenset(said.split() if isinstance(said, str) else ()) or claims.rights(access)
    renewing = None if next_one is None else Secret(next_one)
    return Pair(Secret(access), renewing, _seconds(found.get("expires_in")), scopes)


def _told(body: bytes) -> Mapping[str, Any]:
    """A JSON object; empty where it is none. A number that no float holds is infinite: no pair is lost by it."""
    try:
        given = json.loads(body, parse_int=float)
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}


def _refused(status: int, error: Any, client: Client) -> Exception:
    code = error if isinstance(error, str) and _CODE.fullmatch(error) else ""
    if code == "invalid_grant":
        return GrantOver(code)
    said = f"Its token endpoint refused with status {status}{f' ({code})' if code else ''}"
    if code == "invalid_scope":
        detail = f"{said}: give the client the rights {', '.join(client.scopes)}"
        return Refusal(detail, name="authorization", status=403, title="A right is missing")
    detail = f"{said}; look at {client.change}"
    return Refusal(detail, name="authentication", status=_UNAUTHORIZED, title="The credentials are refused")


def _seconds(given: Any) -> float | None:
    """Raises nothing: a pair that was given may be the last one, however long the server says that it holds."""
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) <= _DIGITS:
        given = int(given)
    is_number = isinstance(given, int | float) and not isinstance(given, bool) and given > 0
    return float(max(SHORTEST, min(given, LONGEST))) if is_number else None
