"""A letter as a MIME message: text and HTML of the same words, and a picture that comes along."""

from __future__ import annotations

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

import msgspec

_POLICY: Final = SMTP.clone(cte_type="7bit", max_line_length=78)
_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9._~:/?#=&%-]{1,500}")
LOGO: Final = "logo@brand"
"""By which the HTML names the picture: `cid:logo@brand`."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent to one person.

    Attributes:
        message_id: without angle brackets; equal however often the letter is sent.
        picture: a PNG that the HTML shows.
        reply_to: an address; None: nobody answers.
        unsubscribe: where a POST ends further letters of the kind, of whoever sends it (RFC 8058).
    """

    sender: str
    sender_name: str
    recipient: str
    recipient_name: str
    reply_to: str | None
    subject: str
    text: str
    html: str
    language: str
    message_id: str
    at: datetime
    picture: bytes | None = None
    unsubscribe: str | None = None

    def message(self) -> EmailMessage:
        """Raises ValueError: a header holds what it may not; nobody's name passes that was checked when it was set."""
        made = EmailMessage(policy=_POLICY)
        made["From"] = Address(self.sender_name, addr_spec=self.sender)
        made["To"] = Address(self.recipient_name, addr_spec=self.recipient)
        if self.reply_to is not None:
            made["Reply-To"] = Address(addr_spec=self.reply_to)
        made["Subject"] = self.subject
        made["Date"] = format_datetime(self.at)
        made["Message-ID"] = f"<{self.message_id}>"
        # No machine answers a machine (RFC 3834).
        made["Auto-Submitted"] = "auto-generated"
        made.set_content(self.text)
        made.add_alternative(self.html, subtype="html")
        if self.picture is not None:
            parts = made.get_payload()
            if isinstance(parts, list) and isinstance(parts[1], EmailMessage):
                parts[1].add_related(self.picture, maintype="image", subtype="png", cid=f"<{LOGO}>")
        # Behind the parts, which would take it along.
        made["Content-Language"] = self.language
        return made

    def content(self) -> bytes:
        """The message as it goes over the wire. Raises ValueError as `message`."""
        return self._of_lists() + self.message().as_bytes(policy=_POLICY)

    def _of_lists(self) -> bytes:
        """By ourselves: a long address without a blank would be made an encoded word, which nobody reads there."""
        if self.unsubscribe is None:
            return b""
        if _ADDRESS.fullmatch(self.unsubscribe) is None:
            raise ValueError("a header holds what it may not")
        lines = f"List-Unsubscribe: <{self.unsubscribe}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        return lines.encode("ascii")
