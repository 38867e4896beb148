"""The one cookie. Its name binds it to the host and to TLS: no other host or path can set or read it (S-63)."""

from __future__ import annotations

from typing import Final

from services.api.call import Call
from tenants.identity.sessions import LIFE

NAME: Final = "__Host-session"
_ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=Lax"


def token_of(request: Call) -> str | None:
    """The cookie's text; None when it is absent, or there twice: one of the two is somebody else's."""
    pairs = [
        pair.strip().partition("=")
        for name, value in request.scope["headers"]
        if name == b"cookie"
        for pair in value.decode("latin-1").split(";")
    ]
    found = [value for name, _, value in pairs if name == NAME]
    return found[0] if len(found) == 1 else None


def setting(token: str) -> str:
    """`Set-Cookie` of a new session."""
    return f"{NAME}={token}; {_ATTRIBUTES}; Max-Age={int(LIFE.total_seconds())}"


def clearing() -> str:
    """`Set-Cookie` that has the browser forget it."""
    return f"{NAME}=; {_ATTRIBUTES}; Max-Age=0"
