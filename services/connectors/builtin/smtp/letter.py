"""A message as MIME, made of a call's input: the same call makes the same Message-ID."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Final

from infra import clock
from infra.mail.smtp import Envelope
from services.connectors.builtin.smtp.form import MOST_BYTES
from services.connectors.declared.files.layouts import Layouts
from services.connectors.files import writing
from services.connectors.files.layout import LayoutRefused
from services.connectors.files.writing import Unwritable
from services.connectors.sdk.errors import Refusal

_POLICY: Final = SMTP.clone(cte_type="7bit", max_line_length=78)
_MARK: Final = 32
_TYPES: Final = {"csv": ("text", "csv"), "json": ("application", "json"), "xml": ("application", "xml")}
"""Of what is sent as a file, by the ending of its name; everything else is text."""


def message_id(key: str, sender: str) -> str:
    """Of the message that the call with this key sends, with its angle brackets."""
    mark = hashlib.sha256(key.encode()).hexdigest()[:_MARK]
    return f"<{mark}@{sender.rpartition('@')[2]}>"


def envelope(values: Mapping[str, Any], settings: Mapping[str, Any], key: str) -> Envelope:
    """What is handed to the server. `values` and `settings` are valid by their schemas.

    Raises:
        Refusal: an attachment cannot be made, they are too large together, or a header holds what it may not.
    """
    sender, cc = str(settings["sender"]), values.get("cc", [])
    try:
        made = EmailMessage(policy=_POLICY)
        made["From"] = Address(settings.get("sender_name", ""), addr_spec=sender)
        made["To"] = [Address(addr_spec=one) for one in values["to"]]
        if cc:
            made["Cc"] = [Address(addr_spec=one) for one in cc]
        if "reply_to" in values:
            made["Reply-To"] = Address(addr_spec=values["reply_to"])
        if "in_reply_to" in values:
            made["In-Reply-To"] = made["References"] = values["in_reply_to"]
        made["Subject"] = values["subject"]
        made["Date"] = format_datetime(clock.now())
        made["Message-ID"] = message_id(key, sender)
        # No machine answers a machine (RFC 3834).
        made["Auto-Submitted"] = "auto-generated"
        made.set_content(values["text"])
        for name, content in _files(values.get("attachments", []), settings):
            kind, subkind = _TYPES.get(name.rpartition(".")[2].lower(), ("text", "plain"))
            made.add_attachment(content, maintype=kind, subtype=subkind, filename=name)
        content = made.as_bytes(policy=_POLICY)
    except (ValueError, IndexError) as error:
        detail = "An address, a subject or a name holds what a header of mail may not"
        raise Refusal(detail, name="validation", status=400, title="The input has no place") from error
    recipients = tuple(dict.fromkeys([*values["to"], *cc]))
    return Envelope(sender=sender, recipients=recipients, content=content)


def _files(given: list[Mapping[str, Any]], settings: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """Raises Refusal."""
    found = [(one["name"], _content(one, settings)) for one in given]
    if sum(len(content) for _, content in found) > MOST_BYTES:
        raise _unfit(f"The attachments have more than {MOST_BYTES} bytes together")
    return found


def _content(one: Mapping[str, Any], settings: Mapping[str, Any]) -> bytes:
    if "text" in one:
        return str(one["text"]).encode()
    try:
        layouts = Layouts(settings.get("layouts", {}))
    except LayoutRefused as refused:
        raise _unfit(f"A layout of the setting `layouts` cannot be used: {refused.detail}") from refused
    try:
        return writing.write(one["rows"], layouts.found(one.get("layout")))
    except Unwritable as unwritable:
        raise _unfit(f"No file can be made of this input: {unwritable.why}") from unwritable


def _unfit(detail: str) -> Refusal:
    return Refusal(detail, name="validation", status=400, title="The input has no place")
