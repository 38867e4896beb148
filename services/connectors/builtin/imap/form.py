"""Settings, and what the operations of a mailbox take and give."""

from __future__ import annotations

from typing import Any, Final

from services.connectors.mail import signing
from services.connectors.sdk.settings import mail_settings, watch_setting

TRIGGER: Final = "mail"
_FOLDER: Final[dict[str, Any]] = {"type": "string", "maxLength": 200, "pattern": r"^[^\u0000-\u001f\u007f]*$"}

SETTINGS: Final = mail_settings(
    "^imaps?://[^\\s@?#/]+/?$",
    "imaps://mail.example.com:993 begins in TLS; imap://mail.example.com:143 begins it by STARTTLS, or says nothing.",
    "user",
    **signing.SETTINGS,
    folder={**_FOLDER, "minLength": 1, "default": "INBOX", "title": "Folder in which mail comes"},
    since={
        "type": "string",
        "format": "date",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        "title": "Take what came since this day",
        "description": "Without it, since the day before it was first watched.",
    },
    done={**_FOLDER, "default": "", "title": "Folder to which mail is moved that was taken"},
    mark={"enum": ["none", "seen", "flagged"], "default": "none", "title": "How mail is marked that was taken"},
    verdicts_of={
        "type": "string",
        "maxLength": 200,
        "pattern": "^[^\\s;]*$",
        "default": "",
        "title": "Name by which the server tells its verdicts (Authentication-Results)",
    },
    layouts={
        "type": "object",
        "title": "Layouts of files",
        "description": "By name: each says how files of its kind are written and read.",
        "additionalProperties": {"type": "object"},
        "default": {},
    },
    watch=watch_setting([TRIGGER]),
)
TAKE_INPUT: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"cursor": {}, "began": {"type": "string"}},
    "required": ["cursor", "began"],
    "additionalProperties": False,
}
TAKE_OUTPUT: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"messages": {"type": "array", "items": {"type": "object"}}, "cursor": {"type": "object"}},
    "required": ["messages", "cursor"],
    "additionalProperties": False,
}
FOLDER: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"folder": {"type": "string"}, "messages": {"type": "integer"}},
    "required": ["folder", "messages"],
}
NOTHING: Final[dict[str, Any]] = {"type": "object", "additionalProperties": False}
READ: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "uid": {"type": "integer", "minimum": 1, "maximum": 4_294_967_295},
        "uidvalidity": {"type": "integer", "minimum": 1, "maximum": 4_294_967_295},
        "message_id": {
            "type": ["string", "null"],
            "maxLength": 300,
            "description": "By which it is found once it was moved.",
        },
        "sha256": {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "As the event says; nothing else is given.",
        },
        "as": {"enum": ["rows", "text", "base64"], "default": "text"},
        "layout": {
            "type": "string",
            "minLength": 1,
            "maxLength": 100,
            "description": "Of the setting layouts; without one each row is a line of JSON.",
        },
    },
    "required": ["uid", "uidvalidity", "sha256"],
    "additionalProperties": False,
}
FILE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "media_type": {"type": ["string", "null"]},
        "size": {"type": "integer"},
        "sha256": {"type": "string"},
        "text": {"type": "string"},
        "base64": {"type": "string"},
        "as_of": {"type": ["string", "null"]},
        "rows": {"type": "array", "items": {"type": "object"}},
        "faults": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["name", "media_type", "size", "sha256"],
}
