"""Who may ask what of the portal's own routes, written once (house rule 10).

A route without a row here stops the process at its start, and a test walks the routes against these rows (S-01).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from services.api.app import RouteWithoutPolicy, routes_of
from services.api.call import Call
from services.api.errors import MethodNotAllowed
from services.portal.brands import brand_of
from services.portal.cookies import token_of
from services.portal.doorkeeper import NotSignedIn, doorkeeper_of
from tenants.identity import proving


class Who(StrEnum):
    """`PROVEN` is signed in and has proved it within ten minutes (S-63)."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed in"
    PROVEN = "proven"


POLICY: Final = {
    ("GET", "/portal/brand"): Who.ANYBODY,
    ("GET", "/portal/brand.css"): Who.ANYBODY,
    ("GET", "/portal/logo.svg"): Who.ANYBODY,
    ("GET", "/portal/icon.svg"): Who.ANYBODY,
    ("GET", "/portal/notices.css"): Who.ANYBODY,
    # Who has the link of a notice, and the reader of mail that posts for them.
    ("GET", "/portal/notices/{token}"): Who.ANYBODY,
    ("POST", "/portal/notices/{token}"): Who.ANYBODY,
    ("POST", "/portal/notices/{token}/again"): Who.ANYBODY,
    ("POST", "/portal/session"): Who.ANYBODY,
    ("GET", "/portal/session"): Who.SIGNED_IN,
    ("DELETE", "/portal/session"): Who.ANYBODY,  # signing out is safe to repeat
    ("POST", "/portal/session/proof"): Who.SIGNED_IN,
    ("GET", "/portal/providers"): Who.ANYBODY,
    ("POST", "/portal/providers/{provider}/leave"): Who.ANYBODY,
    ("GET", "/portal/providers/{provider}/return"): Who.ANYBODY,
    ("POST", "/portal/providers/{provider}/logout"): Who.ANYBODY,  # a provider's server, by what it signed
    ("POST", "/portal/invitation"): Who.ANYBODY,
    ("POST", "/portal/invitation/accept"): Who.ANYBODY,
    ("POST", "/portal/reconnect"): Who.ANYBODY,  # who has a connection's link, by its text and then by its cookie
    ("POST", "/portal/reconnect/leave"): Who.ANYBODY,
    ("GET", "/portal/reconnect"): Who.ANYBODY,
    ("GET", "/portal/connectors/{connector}/return"): Who.ANYBODY,
    ("GET", "/portal/link"): Who.ANYBODY,  # who has a task's link, by its text
    ("POST", "/portal/link/decide"): Who.ANYBODY,
    ("POST", "/portal/link/documents"): Who.ANYBODY,
    ("GET", "/portal/status"): Who.ANYBODY,  # a customer who has the link of a notice, by its text
    ("GET", "/portal/second-factor"): Who.SIGNED_IN,
    ("POST", "/portal/second-factor"): Who.PROVEN,
    ("POST", "/portal/second-factor/confirm"): Who.PROVEN,
    ("DELETE", "/portal/second-factor"): Who.PROVEN,
    ("GET", "/portal/passkeys"): Who.SIGNED_IN,
    ("POST", "/portal/passkeys"): Who.PROVEN,
    ("POST", "/portal/passkeys/ask"): Who.PROVEN,
    ("POST", "/portal/passkeys/proof/ask"): Who.SIGNED_IN,
    ("POST", "/portal/passkeys/proof"): Who.SIGNED_IN,
    ("DELETE", "/portal/passkeys/{passkey}"): Who.PROVEN,
    ("POST", "/portal/passkey-session/ask"): Who.ANYBODY,
    ("POST", "/portal/passkey-session"): Who.ANYBODY,
    ("GET", "/portal/password"): Who.SIGNED_IN,
    ("POST", "/portal/password"): Who.SIGNED_IN,  # proved by the old one
    ("POST", "/portal/acting"): Who.PROVEN,
    ("DELETE", "/portal/acting"): Who.SIGNED_IN,
}


async def guard(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Runs for every route, before anything of its body is read.

    Raises:
        NotSignedIn: no live session here.
        ProofNeeded: the last proof is too old.
    """
    if not isinstance(connection, Call):
        raise TypeError("the application's request class is Call")
    method, template = connection.scope["method"], connection.scope["path_template"]
    who = POLICY.get((method, template))
    if who is None:
        raise MethodNotAllowed(offered for offered, path in POLICY if path == template)
    if who is Who.ANYBODY:
        return
    # Looking is no activity of the person's; the handler says what is.
    found = await doorkeeper_of(connection).session(brand_of(connection), token_of(connection), passing=True)
    if found is None:
        raise NotSignedIn
    # Whose a refusal is, is told from here on.
    connection.scope["state"]["principal"] = found.principal
    if who is Who.PROVEN:
        proving.check(found.principal)


def check_complete(app: Litestar) -> None:
    """Raises RouteWithoutPolicy: what nobody allowed, nobody reaches."""
    missing = [f"{method} {path}" for method, path in routes_of(app) if (method, path) not in POLICY]
    if missing:
        raise RouteWithoutPolicy(f"no policy for {', '.join(missing)}")
