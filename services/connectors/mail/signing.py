"""How a mail account signs in: by its password, or by a token that a person authorised (XOAUTH2, ADR 0086)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from infra.encryption.secret import Secret
from services.connectors.declared.credentials import token_endpoint
from services.connectors.sdk.authorization import CodeGrant, checked
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away, Refusal
from services.connectors.sdk.manifest import SecretField

_GOOGLE: Final = ("https://accounts.google.com/o/oauth2/v2/auth", "https://oauth2.googleapis.com/token")
_MICROSOFT: Final = "https://login.microsoftonline.com"
_RIGHTS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "google": {"imap": ("https://mail.google.com/",), "smtp": ("https://mail.google.com/",)},
    "microsoft": {
        "imap": ("https://outlook.office.com/IMAP.AccessAsUser.All", "offline_access"),
        "smtp": ("https://outlook.office.com/SMTP.Send", "offline_access"),
    },
}
"""What a program asks for to read mail, and to send it, at those whose addresses are known."""
_ADDRESS: Final[dict[str, Any]] = {"type": "string", "maxLength": 1000, "pattern": r"^https?://[^\s@#]+$"}
_NOBODY: Final = "This process has nothing that people authorised"

SETTINGS: Final[dict[str, Any]] = {
    "sign_in": {
        "enum": ["password", "google", "microsoft", "other"],
        "default": "password",
        "title": "How the account signs in",
        "description": "By its password, or by a token that a person authorises by a link, at Google, Microsoft or "
        "another server of OAuth 2.",
    },
    "client_id": {
        "type": "string",
        "minLength": 1,
        "maxLength": 300,
        "title": "Client id that is registered there",
    },
    "client_shown_by": {
        "enum": ["post", "basic", "none"],
        "default": "post",
        "title": "How that client shows who it is",
        "description": "post and basic have the secret client_secret; none has none.",
    },
    "directory": {
        "type": "string",
        "pattern": "^[A-Za-z0-9.-]{1,100}$",
        "default": "organizations",
        "title": "Directory at Microsoft",
        "description": "Its id or domain; organizations: of any company.",
    },
    "authorize_url": {**_ADDRESS, "title": "Address at which a person allows it", "description": "Of another server."},
    "token_url": {**_ADDRESS, "title": "Address that gives tokens", "description": "Of the same origin."},
    "scopes": {
        "type": "array",
        "items": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[!#-\[\]-~]+$"},
        "maxItems": 20,
        "default": [],
        "title": "Rights that are asked for there",
    },
}
SECRETS: Final = (
    SecretField(name="password", title="Password", required=False),
    SecretField(name="client_secret", title="Client secret, where it signs in by a token", required=False),
)

DESTINATIONS: Final = frozenset({"sign_in", "directory", "token_url"})
"""Settings that say where the client's secret goes."""


def code_grant(connector: str, settings: Mapping[str, Any]) -> CodeGrant | None:
    """What a person authorises of the connection; None: it has a password. Raises Refusal: a setting is missing."""
    kind = settings.get("sign_in", "password")
    if kind == "password":
        return None
    authorize, token = _addresses(kind, settings)
    proof = settings.get("client_shown_by", "post")
    grant = CodeGrant(
        connector=connector,
        base_url=settings["base_url"],
        authorize_url=authorize,
        token_url=token,
        client_id=_setting("client_id", settings),
        secret="" if proof == "none" else "client_secret",
        client=proof,
        scopes=_scopes(kind, connector, settings.get("scopes", [])),
        # Without both a server gives no refresh token, or only the first time.
        parameters={"access_type": "offline", "prompt": "consent"} if kind == "google" else {},
    )
    return checked(grant, is_set=kind == "other")


def is_by_token(context: Context) -> bool:
    return bool(context.settings.get("sign_in", "password") != "password")


async def token(connector: str, context: Context) -> Secret | None:
    """The access token that holds now; None: the account has a password.

    Raises:
        Refusal: a setting is missing, or the authorization server refuses.
        Away: nobody has authorised it, or it cannot be renewed now.
    """
    grant = code_grant(connector, context.settings)
    if grant is None:
        return None
    granted = context.connection.granted
    if granted is None:
        raise Refusal(_NOBODY, name="configuration", title="It cannot be authorised here")
    was_sent = context.sent
    try:
        found = await granted.access(grant.leads_to, partial(token_endpoint.by_refresh, grant, context))
        context.grant = granted.grant
    except Away as away:
        raise Away(away.reason, seconds=away.seconds, sent=False, name=away.name) from away
    finally:
        context.sent = was_sent
    return found


def refused(context: Context) -> Away | None:
    """That the server did not take the token: the next call has another one. None: there is none."""
    granted = context.connection.granted
    if not is_by_token(context) or granted is None or not granted.forget():
        return None
    return Away("it does not take the access token, and another one is asked for", sent=False, name="authentication")


def _addresses(kind: str, settings: Mapping[str, Any]) -> tuple[str, str]:
    if kind == "google":
        return _GOOGLE
    if kind == "microsoft":
        place = f"{_MICROSOFT}/{settings.get('directory', 'organizations')}/oauth2/v2.0"
        return f"{place}/authorize", f"{place}/token"
    return _setting("authorize_url", settings), _setting("token_url", settings)


def _scopes(kind: str, connector: str, given: Sequence[str]) -> tuple[str, ...]:
    return tuple(given) or _RIGHTS.get(kind, {}).get(connector, ())


def _setting(name: str, settings: Mapping[str, Any]) -> str:
    found = settings.get(name)
    if not found:
        raise Refusal(f"The connection lacks its setting `{name}`", name="configuration", title="A setting is missing")
    return str(found)
