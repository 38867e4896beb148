"""A session with a connection's mailbox, and what it refuses, with the setting to change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from infra.mail import imap
from infra.mail.errors import Asked, NotRead
from infra.mail.imap import Login, Mailbox
from services.connectors.builtin.imap.bounds import MOST_BYTES
from services.connectors.mail import signing
from services.connectors.mail.place import Place, dialled, place, way
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away, ErrorName, Refusal
from services.connectors.sdk.redaction import excerpt

MOST_READ: Final = 2 * MOST_BYTES
"""Bytes of messages in one session; one more message may follow on these."""
_MOST_SAID: Final = MOST_READ + MOST_BYTES + 4 * 1024 * 1024
_NO_STARTTLS: Final = (
    "It does not offer STARTTLS, and nothing was said to it. Does it begin in TLS, so that the setting "
    "`base_url` has to begin with `imaps:`?"
)

_TOLD: Final[dict[Asked, tuple[ErrorName, int, str, str]]] = {
    "starttls": ("configuration", 422, "It offers no TLS", _NO_STARTTLS),
    "sign-in": (
        "authentication",
        401,
        "The credentials are refused",
        "It does not let the account in{}. Look at the setting `user` and at the secret `password`",
    ),
    "folder": (
        "configuration",
        404,
        "The folder cannot be opened",
        "It does not open the folder{}. Look at the settings `folder` and `done`, and at what the account may",
    ),
    "large": ("communication", 413, "It is too large", "It says too much{}"),
    "refused": ("communication", 422, "The other system refused", "It refused what it was asked{}"),
}


@asynccontextmanager
async def opened(context: Context) -> AsyncIterator[Mailbox]:
    """Greeted, in TLS, signed in.

    Raises:
        Refusal: with the setting to change.
        Away: it is away.
    """
    settings, password = context.settings, context.secrets.get("password")
    found = place(settings["base_url"], "imap")
    token = await signing.token("imap", context)
    if token is None and password is None:
        raise Refusal("The connection lacks its secret `password`", name="configuration", title="A secret is missing")
    host = None if found.is_tls else found.host
    login = Login(user=settings["user"], password=None if token else password, token=token, host=host)
    async with dialled(context, found) as wire:
        try:
            async with imap.begun(wire, login, _MOST_SAID) as mailbox:
                yield mailbox
        except NotRead as error:
            raise _told(error, context, found) from error


def _told(error: NotRead, context: Context, found: Place) -> Exception:
    words = "" if context.quiet else f" ({excerpt(error.why, context.secrets.values())})"
    if error.stage == "sign-in" and (away := signing.refused(context)) is not None:
        return away
    if error.stage == "connection":
        return Away(way(error.why, found) or f"it did not answer as a mailbox does{words}", sent=False)
    name, status, title, detail = _TOLD[error.stage]
    return Refusal(detail.format(words), name=name, status=status, title=title)
