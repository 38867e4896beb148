"""Reports that a mail did not arrive (RFC 3464), read from whatever somebody sent us."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from typing import Final

import msgspec

LARGEST: Final = 1024 * 1024
_MOST_RECIPIENTS: Final = 20
_IDS: Final = re.compile(r"<([^<>@\s]{1,100})@([^<>\s]{1,255})>")
_STATUS: Final = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")


class Failure(msgspec.Struct, frozen=True):
    """That one address failed for good.

    Attributes:
        local_id: of the message that failed: what stands before the `@` of its id.
        address: lower case.
        why: the status and what the other server said, at most 300 characters.
    """

    local_id: str
    address: str
    why: str


def failures(raw: bytes) -> list[Failure]:
    """What the report says; empty for anything that is no report of a permanent failure of a message of ours."""
    if len(raw) > LARGEST:
        return []
    message = message_from_bytes(raw, policy=default)
    if message.get_content_type() != "multipart/report":
        return []
    parts = list(message.walk())
    ids = [found for part in parts for found in _message_ids(part)]
    if not ids:
        return []
    reports = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    blocks = [block for part in reports for block in _inner(part)]
    found = []
    for block in blocks[: _MOST_RECIPIENTS + 1]:
        address, status = _address(block), _STATUS.search(_field(block, "Status"))
        if address and _field(block, "Action").lower() == "failed" and status is not None and status[0][0] == "5":
            why = f"{status[0]} {_field(block, 'Diagnostic-Code')}".strip()[:300]
            found.append(Failure(ids[0], address, why))
    return found


def _message_ids(part: Message) -> list[str]:
    """Of the returned message, whole or its headers alone."""
    if part.get_content_type() == "message/rfc822":
        texts = [str(one.get("Message-ID", "")) for one in _inner(part)]
    elif part.get_content_type() == "text/rfc822-headers" and isinstance(part, EmailMessage):
        texts = [line[11:] for line in str(part.get_content()).splitlines() if line.lower().startswith("message-id:")]
    else:
        texts = []
    return [found[1] for text in texts if (found := _IDS.search(text))]


def _inner(part: Message) -> list[Message]:
    inner = part.get_payload()
    return [one for one in inner if isinstance(one, Message)] if isinstance(inner, list) else []


def _address(block: Message) -> str:
    kind, _, address = _field(block, "Final-Recipient").partition(";")
    return address.strip().strip("<>").lower() if kind.strip().lower() == "rfc822" else ""


def _field(block: Message, name: str) -> str:
    text = str(block.get(name, ""))
    return "".join(letter for letter in text if letter.isprintable()).strip()
