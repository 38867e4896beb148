"""A session with a connection's mail server, and what it refuses, with the setting to change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from infra.mail import smtp
from infra.mail.errors import NotDelivered, Stage
from infra.mail.server import Server
from infra.mail.smtp import Session
from services.connectors.mail import signing
from services.connectors.mail.place import Place, dialled, place, way
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away, ErrorName, Refusal
from services.connectors.sdk.redaction import excerpt

_FINAL: Final = 500
"""Replies from here on will be the same again (RFC 5321, 4.2.1)."""
_NO_STARTTLS: Final = (
    "It does not offer STARTTLS, and nothing was said to it. Does it begin in TLS, so that the setting `base_url` has "
    "to begin with `smtps:`? A server that offers nothing better is spoken to without TLS where `allow_http` says so"
)
_IN_THE_CLEAR: Final = (
    "A password is sent in TLS only: take the settings `user` and `allow_http` away, or change `base_url`"
)
_NO_WAY_IN: Final = (
    "It offers no way to sign in that is known here (PLAIN, LOGIN, XOAUTH2). Does it want no setting `user`?"
)

_TOLD: Final[dict[Stage, tuple[ErrorName, int, str, str]]] = {
    "sign-in": (
        "authentication",
        401,
        "The credentials are refused",
        "It does not let the account in{}. Look at the setting `user` and at the secret `password`",
    ),
    "sender": (
        "authorization",
        403,
        "The sender is refused",
        "It takes no mail from this sender{}. Look at the setting `sender`, and at what the account may",
    ),
    "recipient": (
        "communication",
        422,
        "A recipient is refused",
        "It takes no mail for one of the recipients{}. Nobody was sent it",
    ),
    "content": ("communication", 422, "The mail is refused", "It refuses the mail{}. Nobody was sent it"),
}


@asynccontextmanager
async def opened(context: Context) -> AsyncIterator[Session]:
    """Greeted, in TLS, signed in. `Context.sent` says afterwards whether a mail may have been taken.

    Raises:
        Refusal: it takes no mail from this connection, or not this one; with the setting to change.
        Away: it is away; with `sent` a mail may have been taken.
    """
    settings = context.settings
    found = place(settings["base_url"], "smtp")
    plain = not found.is_tls and bool(settings.get("allow_http", False))
    token = None if plain else await signing.token("smtp", context)
    server = Server(
        host=found.host,
        port=found.port,
        security="tls" if found.is_tls else "none" if plain else "starttls",
        # A name of the client's: ours is nobody's business.
        greets_as=str(settings["sender"]).rpartition("@")[2],
        user=settings.get("user", ""),
        password=None if token else context.secrets.get("password"),
        token=token,
    )
    _check(server, plain=plain)
    async with dialled(context, found, plain=plain) as wire:
        try:
            async with smtp.begun(wire, server) as session:
                try:
                    yield session
                finally:
                    context.sent = context.sent or session.is_in_doubt
        except NotDelivered as error:
            raise _told(error, context, found) from error


def _check(server: Server, *, plain: bool) -> None:
    if server.token is not None and not server.user:
        raise Refusal("The connection lacks its setting `user`", name="configuration", title="A setting is missing")
    if server.user and server.password is None and server.token is None:
        raise Refusal("The connection lacks its secret `password`", name="configuration", title="A secret is missing")
    if server.user and plain:
        raise Refusal(_IN_THE_CLEAR, name="configuration", title="A password would be sent in the clear")


def _told(error: NotDelivered, context: Context, found: Place) -> Exception:
    words = "" if context.quiet or not error.code else f" ({excerpt(error.why, context.secrets.values())})"
    if error.stage == "connection" and not error.code:
        if "STARTTLS" in error.why:
            return Refusal(_NO_STARTTLS, name="configuration", title="It offers no TLS")
        return Away(way(error.why, found) or error.why, sent=context.sent)
    if error.stage == "sign-in" and error.code >= _FINAL and (away := signing.refused(context)) is not None:
        return away
    if error.stage == "sign-in" and not error.code:
        return Refusal(_NO_WAY_IN, name="configuration", title="Nobody can sign in")
    if error.stage == "connection" or (error.code < _FINAL and not error.is_final):
        return Away(f"it takes nothing now{words}", sent=False)
    name, status, title, detail = _TOLD[error.stage]
    return Refusal(detail.format(words), name=name, status=status, title=title)
