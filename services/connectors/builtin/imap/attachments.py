"""An attachment that an event told of, out of the mailbox, which keeps it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import msgspec

from infra.mail.imap import Mailbox
from services.connectors.builtin.imap import reading
from services.connectors.builtin.imap.bounds import MOST_BYTES, Unfit
from services.connectors.builtin.imap.reading import File
from services.connectors.builtin.imap.words import decoded
from services.connectors.declared.files.layouts import Layouts
from services.connectors.files import rows
from services.connectors.files.layout import LayoutRefused
from services.connectors.files.rows import Unreadable
from services.connectors.sdk.errors import Refusal

_MOST_NAMESAKES: Final = 3
"""Messages of one `Message-ID` that are looked into."""


async def read(mailbox: Mailbox, values: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The file that has this digest, in the form that is asked for.

    Raises:
        Refusal: it is not there any more, or is not to be had in this form.
        NotRead: as of `Mailbox`.
    """
    async for raw in _messages(mailbox, values, settings):
        try:
            mail = await asyncio.to_thread(reading.read, raw)
        except Unfit:
            continue
        found = next((one for one in mail.files if one.digest == values["sha256"]), None)
        if found is not None:
            return await _shown(found, values, settings)
    folders = " nor in that of the setting `done`" if settings.get("done") else ""
    detail = f"The message with this attachment is not in the folder of the setting `folder`{folders} any more"
    raise Refusal(detail, status=404, title="It is not there")


async def _messages(mailbox: Mailbox, values: Mapping[str, Any], settings: Mapping[str, Any]) -> AsyncIterator[bytes]:
    """By its number as long as that holds, else by its name, here and where what was taken is moved."""
    folder = await mailbox.open(settings["folder"])
    if folder.validity == values["uidvalidity"]:
        raw = await mailbox.read(values["uid"], MOST_BYTES + 1)
        if raw is not None:
            yield raw
    name = values.get("message_id")
    if not name:
        return
    for place in filter(None, [settings["folder"], settings.get("done", "")]):
        await mailbox.open(place)
        for uid in (await mailbox.named(name))[:_MOST_NAMESAKES]:
            raw = await mailbox.read(uid, MOST_BYTES + 1)
            if raw is not None:
                yield raw


async def _shown(file: File, values: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    told = reading.shown(file)
    del told["part"], told["refused"]
    match values.get("as", "text"):
        case "rows":
            return {**told, **await _rows(file, values.get("layout"), settings)}
        case "base64" if file.kind is not None:
            return {**told, "base64": base64.b64encode(file.content).decode()}
        case "text" if file.kind is not None and (file.kind.startswith("text/") or file.kind in _TEXTS):
            return {**told, "text": decoded(file.content, "utf-8")}
    detail = "The attachment is of no kind that is handed on in this form: see its `media_type` in the event"
    raise Refusal(detail, status=415, title="Files of this kind are not taken")


_TEXTS: Final = frozenset({"application/json", "application/xml"})


async def _rows(file: File, layout: str | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = Layouts(settings.get("layouts", {})).found(layout)
    except LayoutRefused as refused:
        detail = f"A layout of the setting `layouts` cannot be used: {refused.detail}"
        raise Refusal(detail, name="configuration", title="The layout cannot be used") from refused
    try:
        table = await asyncio.to_thread(rows.read, file.content, found, file.name)
    except Unreadable as unreadable:
        return {"as_of": None, "rows": [], "faults": [{"line": 0, "why": unreadable.why}]}
    return msgspec.to_builtins({"as_of": table.as_of, "rows": table.rows, "faults": table.faults})  # type: ignore[no-any-return]  # a mapping
