"""A message as an event's data: who, when, what it says, and which files come along. Nothing of it is believed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from email.message import Message
from typing import Any, Final, Literal

import msgspec

from services.connectors.builtin.imap import markup, words
from services.connectors.builtin.imap.bounds import MOST_FILES, MOST_PARTS, Unfit, parsed
from services.documents import kinds

MOST_TEXT: Final = 30_000
"""Characters."""
_LONGEST_NAME: Final = 200
_MESSAGE_ID: Final = re.compile(r"<([!#-;=?-\[\]-~]{1,250})>")
"""Without what ends it, and without what ends a quoted text."""
_MOST_VERDICTS: Final = 5
_NO_KIND: Final = "its bytes are of no kind that is taken; a layout can still read it as rows"
_A_MESSAGE: Final = "it is a message inside of this one: have it sent by itself"
_VERDICT: Final = "Authentication-Results"


class File(msgspec.Struct, frozen=True):
    """An attachment. `kind`: media type, as its bytes say; None: of no kind that is taken."""

    part: int
    name: str
    kind: str | None
    content: bytes
    is_message: bool = False

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """`id`: of its `Message-ID`, or a digest; `version`: another of another message with the same."""

    id: str
    version: str
    data: dict[str, Any]
    files: list[File]


def read(raw: bytes, verdicts_of: str = "") -> Mail:
    """Takes seconds at worst: call it in a thread.

    `verdicts_of`: by which name the receiving server tells what it found out (RFC 8601); of others nothing counts.

    Raises:
        Unfit: no event is made of it.
    """
    message = parsed(raw)
    try:
        return _read(message, raw, verdicts_of)
    except (RecursionError, LookupError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise Unfit("it is no mail that can be read") from error


def _read(message: Message, raw: bytes, verdicts_of: str) -> Mail:
    said, files = _parts(message)
    named = _MESSAGE_ID.search(str(message.get("Message-ID", ""))[:1000])
    told = [str(message.get(one, "")) for one in ("From", "Date", "Subject")]
    body = raw.partition(b"\r\n\r\n")[2]
    version = hashlib.sha256("\0".join(told).encode("utf-8", "replace") + b"\0" + body).hexdigest()[:24]
    sender = words.addresses(message.get_all("From", []))
    data: dict[str, Any] = {
        "message_id": f"<{named[1]}>" if named else None,
        "from": {"address": sender[0][1], "name": sender[0][0]} if sender else None,
        "to": [address for _, address in words.addresses(message.get_all("To", []))],
        "cc": [address for _, address in words.addresses(message.get_all("Cc", []))],
        "reply_to": next((address for _, address in words.addresses(message.get_all("Reply-To", []))), None),
        "in_reply_to": _answered(message),
        "subject": words.header(message.get("Subject")),
        "date": words.instant(message.get("Date", "")),
        "text": said.text[:MOST_TEXT],
        "text_is_cut": said.is_cut or len(said.text) > MOST_TEXT,
        "text_from": said.written_in,
        "attachments": [shown(one) for one in files],
        "verdicts": list(_verdicts(message, verdicts_of)),
    }
    return Mail(id=named[1] if named else f"no-id-{version}", version=version, data=data, files=files)


def shown(file: File) -> dict[str, Any]:
    """As an event tells of it."""
    return {
        "part": file.part,
        "name": file.name,
        "media_type": file.kind,
        "size": len(file.content),
        "sha256": file.digest,
        "refused": None if file.kind is not None else _A_MESSAGE if file.is_message else _NO_KIND,
    }


def _answered(message: Message) -> str | None:
    found = _MESSAGE_ID.search(str(message.get("In-Reply-To", ""))[:1000])
    return f"<{found[1]}>" if found else None


def _verdicts(message: Message, of: str) -> Iterator[str]:
    """What the receiving server says of DKIM, SPF and DMARC: told, and nobody is let in by it."""
    count = 0
    for one in message.get_all(_VERDICT, []) if of else []:
        text = words.header(one, 1_000)
        if text.partition(";")[0].split(" ")[0].casefold() == of.casefold() and count < _MOST_VERDICTS:
            count += 1
            yield text


class _Said(msgspec.Struct, frozen=True):
    """`is_cut`: there is more that was not looked at. `written_in`: None where it says nothing."""

    text: str = ""
    is_cut: bool = False
    written_in: Literal["plain", "html"] | None = None


def _parts(message: Message) -> tuple[_Said, list[File]]:
    """What it says, in plain text where it has that, and its files.

    A message inside of it is a file of a kind that is not taken.
    """
    text: str | None = None
    html: str | None = None
    files: list[File] = []
    for number, part in enumerate(_leaves(message), 1):
        if number > MOST_PARTS:
            raise Unfit(f"it has more than {MOST_PARTS} parts")
        is_message = part.get_content_maintype() == "message"
        content = b"" if is_message else _content(part)
        name = _name(part)
        is_attached = part.get_content_disposition() == "attachment" or bool(name) or is_message
        if text is None and not is_attached and part.get_content_type() == "text/plain":
            # Some letters have four bytes.
            text = words.decoded(content[: 4 * MOST_TEXT + 4], part.get_content_charset())
            continue
        if html is None and not is_attached and part.get_content_type() == "text/html":
            html = words.decoded(content[: 4 * markup.MOST + 4], part.get_content_charset())
        if not is_attached and part.get_content_maintype() == "text":
            continue  # the same in HTML, or a line behind a file
        if len(files) >= MOST_FILES:
            raise Unfit(f"it has more than {MOST_FILES} attachments: have them sent in parts")
        kind = None if is_message else kinds.kind_of(content[: kinds.HEAD], name)
        files.append(File(number, name, kind, content, is_message))
    return _said(text, html), files


def _said(text: str | None, html: str | None) -> _Said:
    """Some systems write an empty part in plain text beside what they have to say."""
    if html is not None and not (text or "").strip():
        return _Said(markup.words_of(html), len(html) > markup.MOST, "html")
    return _Said() if text is None else _Said(text, written_in="plain")


def _leaves(message: Message) -> Iterator[Message]:
    waiting: list[Message] = [message]
    while waiting:
        part = waiting.pop()
        inside = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inside, list):
            waiting += [one for one in reversed(inside) if isinstance(one, Message)]
        else:
            yield part


def _content(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _name(part: Message) -> str:
    """As its sender calls it: shown, and never a path."""
    try:
        return words.header(part.get_filename(), _LONGEST_NAME)
    except (ValueError, LookupError, TypeError):
        return ""
