"""Whether a mail was sent, by the folder in which the client's server files what it sends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from infra.encryption.secret import Secret
from infra.mail import imap
from infra.mail.errors import NotRead
from infra.mail.imap import Login, Mailbox
from services.connectors.builtin.smtp.letter import message_id
from services.connectors.mail import signing
from services.connectors.mail.place import Place, dialled, place
from services.connectors.sdk.connector import CannotTell, Found, ReadBack
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away, Refusal

_MOST: Final = 1024 * 1024
_LOOKS: Final = 3
_PAUSE: Final = 3.0
"""Seconds: servers file behind their answer."""
_ANOTHER_SERVER: Final = (
    "the setting `sent_url` names another server than `base_url`, which the password is not sent to: give that of the "
    "mailbox as the secret `sent_password`"
)
_ELSEWHERE: Final = "it was handed over and its answer was lost; look in the mailbox of what was sent"


async def look(values: Mapping[str, Any], context: Context) -> ReadBack:
    """That it is not there says nothing: not every server files what it sends, or keeps its name.

    Raises:
        Refusal, Away: it cannot be looked for.
    """
    settings = context.settings
    name = message_id(context.key, settings["sender"])
    if not settings.get("sent_url") or not settings.get("user"):
        return CannotTell(f"{_ELSEWHERE} for {name}")
    found = place(settings["sent_url"], "imap")
    password = _password(found, context)
    if password is None:
        return CannotTell(f"{_ELSEWHERE} for {name}: {_ANOTHER_SERVER}")
    login = Login(user=settings["user"], password=password, host=None if found.is_tls else found.host)
    async with dialled(context, found) as wire:
        try:
            async with imap.begun(wire, login, _MOST) as mailbox:
                is_there = await _is_there(mailbox, settings["sent_folder"], name)
        except NotRead as error:
            if error.stage == "connection":
                raise Away("the mailbox of what was sent does not answer", sent=False) from error
            detail = "The mailbox of what was sent cannot be opened: look at the settings `sent_url` and `sent_folder`"
            raise Refusal(detail, name="configuration", title="It cannot be looked for") from error
    if not is_there:
        return CannotTell(f"{_ELSEWHERE} for {name}: it was not there some seconds later")
    recipients = {*values["to"], *values.get("cc", [])}
    return Found({"message_id": name, "recipients": len(recipients)})


def _password(found: Place, context: Context) -> Secret | None:
    """Each goes to the server that it was given for, and to no other (S-56)."""
    own = context.secrets.get("sent_password")
    if signing.is_by_token(context):
        return own
    if own is not None or found.host.casefold() != place(context.settings["base_url"], "smtp").host.casefold():
        return own
    return context.secrets.get("password")


async def _is_there(mailbox: Mailbox, folder: str, name: str) -> bool:
    for number in range(_LOOKS):
        if number:
            await asyncio.sleep(_PAUSE)
        # Opened anew: an open folder need not show what came meanwhile.
        await mailbox.open(folder)
        if await mailbox.named(name):
            return True
    return False
