"""The cookies: of a session, of a browser that somebody has signed in with (ADR 0016), and of a way in under way.

Their names bind them to the host and to TLS: no other host or path can set or read them (S-63).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from litestar.datastructures import Cookie

from services.api.call import Call
from tenants.connections import link_repository as links
from tenants.identity import devices, invitations, passkeys
from tenants.identity.openid import flow
from tenants.identity.sessions import LIFE

NAME: Final = "__Host-session"
DEVICE: Final = "__Host-device"
FLOW: Final = "__Host-flow"
INVITATION: Final = "__Host-invitation"
PASSKEY: Final = "__Host-passkey"
RECONNECT: Final = "__Host-reconnect"


def token_of(request: Call, cookie: str = NAME) -> str | None:
    """The text of a cookie; None when it is absent, or there twice: one of the two is somebody else's."""
    pairs = [
        pair.strip().partition("=")
        for name, value in request.scope["headers"]
        if name == b"cookie"
        for pair in value.decode("latin-1").split(";")
    ]
    found = [value for name, _, value in pairs if name == cookie]
    return found[0] if len(found) == 1 else None


def setting(token: str) -> Cookie:
    """Of a new session."""
    return _cookie(NAME, token, LIFE)


def setting_device(token: str) -> Cookie:
    """Of a browser that was a stranger. It outlives the session, and signing out."""
    return _cookie(DEVICE, token, devices.LIFE)


def setting_flow(text: str) -> Cookie:
    """Of a sign-in at a provider."""
    return _cookie(FLOW, text, flow.LIFE)


def setting_invitation(text: str) -> Cookie:
    """Of the browser that opened an invitation."""
    return _cookie(INVITATION, text, invitations.OPEN)


def setting_passkey(text: str) -> Cookie:
    """Of the browser whose passkey is asked."""
    return _cookie(PASSKEY, text, passkeys.LIFE)


def setting_reconnect(text: str) -> Cookie:
    """Of the browser that opened a link by which a connection is authorised, or left by it."""
    return _cookie(RECONNECT, text, links.OPEN)


def clearing(name: str = NAME) -> Cookie:
    """Has the browser forget its session, or another of them."""
    return _cookie(name, "", timedelta())


def _cookie(name: str, value: str, life: timedelta) -> Cookie:
    seconds = int(life.total_seconds())
    return Cookie(name, value=value, path="/", max_age=seconds, secure=True, httponly=True, samesite="lax")
