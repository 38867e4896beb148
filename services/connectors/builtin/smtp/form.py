"""What a mail that is sent may hold, as JSON Schema: nothing that could end a header or a command."""

from __future__ import annotations

from typing import Any, Final

from services.connectors.mail import signing
from services.connectors.sdk.settings import mail_settings

_ATOM: Final = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS: Final = rf"^{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})*$"
"""One in ASCII (RFC 5321, 4.1.2), without a quoted part; a domain in other letters is written as `xn--…`."""
MOST_ADDRESSES: Final = 50
MOST_FILES: Final = 10
MOST_BYTES: Final = 7 * 1024 * 1024
"""Of all attachments: with a third more on the way, what most servers take."""
_PLAIN: Final = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
_ADDRESS: Final[dict[str, Any]] = {"type": "string", "pattern": ADDRESS, "maxLength": 254}
_ADDRESSES: Final[dict[str, Any]] = {"type": "array", "items": _ADDRESS, "maxItems": MOST_ADDRESSES}
_LAYOUTS: Final[dict[str, Any]] = {
    "type": "object",
    "title": "Layouts of files",
    "description": "By name: each says how files of its kind are written and read.",
    "additionalProperties": {"type": "object"},
    "default": {},
}

SETTINGS: Final = mail_settings(
    "^smtps?://[^\\s@?#/]+/?$",
    "smtps://mail.example.com:465 begins in TLS; smtp://mail.example.com:587 begins it by STARTTLS, or says nothing.",
    "sender",
    **signing.SETTINGS,
    allow_http={
        "type": "boolean",
        "default": False,
        "title": "Allow smtp without TLS",
        "description": "For a server that offers nothing better. No account is signed in then.",
    },
    sender={**_ADDRESS, "title": "Address that mail comes from"},
    sender_name={"type": "string", "pattern": _PLAIN, "maxLength": 100, "title": "Name that mail comes from"},
    sent_url={
        "type": "string",
        "pattern": "^imaps?://[^\\s@?#/]+/?$",
        "maxLength": 300,
        "title": "Mailbox in which the server files what it sends",
        "description": "imaps://mail.example.com:993, of the same account. What is found there was sent. Where it is "
        "another server than that of the address, its password is the secret sent_password.",
    },
    sent_folder={
        "type": "string",
        "minLength": 1,
        "maxLength": 200,
        "pattern": _PLAIN,
        "default": "Sent",
        "title": "Its folder",
    },
    layouts=_LAYOUTS,
)
MESSAGE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "to": {**_ADDRESSES, "minItems": 1},
        "cc": _ADDRESSES,
        "reply_to": _ADDRESS,
        "in_reply_to": {
            "type": "string",
            "pattern": "^<[!-;=?-~]{1,250}>$",
            "description": "The Message-ID that it answers.",
        },
        "subject": {"type": "string", "minLength": 1, "maxLength": 300, "pattern": _PLAIN},
        "text": {"type": "string", "maxLength": 100_000},
        "attachments": {
            "type": "array",
            "maxItems": MOST_FILES,
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "maxLength": 100, "pattern": r"^[^\u0000-\u001f\u007f/\\]+$"},
                    "text": {"type": "string", "maxLength": MOST_BYTES},
                    "rows": {"type": "array", "items": {"type": "object"}},
                    "layout": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 100,
                        "description": "Of the setting layouts; without one each row is a line of JSON.",
                    },
                },
                "required": ["name"],
                "oneOf": [{"required": ["text"]}, {"required": ["rows"]}],
                "additionalProperties": False,
            },
        },
    },
    "required": ["to", "subject", "text"],
    "additionalProperties": False,
}
SENT: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "message_id": {"type": "string", "description": "The same of the same call, however often it is made."},
        "recipients": {"type": "integer"},
    },
    "required": ["message_id", "recipients"],
}
NOTHING: Final[dict[str, Any]] = {"type": "object", "additionalProperties": False}
WELL: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"signed_in": {"type": "boolean"}},
    "required": ["signed_in"],
}
