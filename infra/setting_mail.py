"""The settings of mail: the operator's server, and how we speak to it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from infra import setting_values as values
from infra.encryption.secret import Secret
from infra.setting_values import Definition

ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9]([a-z0-9.-]{0,180}[a-z0-9])?")


_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9A-Fa-f:.]{3,60}\]")


def _greeting(text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise ValueError(text)
    return text


def _password(text: str) -> Secret | None:
    return Secret(text) if text else None


def _file(text: str) -> Path | None:
    return values.folder(text) if text else None


MAIL: Final = (
    Definition(
        "mail_host",
        "",
        "a host name or address",
        "Mail server that takes our mail (see docs/operator/mail.md). Empty: mail is kept and shown by `waybill mail`.",
        values.host,
    ),
    Definition("mail_port", "587", "1 to 65535", "Its port: 587 with STARTTLS, 465 with TLS.", values.whole(1, 65535)),
    Definition(
        "mail_security",
        "starttls",
        "starttls, tls or none",
        "How the connection is secured; `none` only to this machine or a private network, and without a password.",
        values.one_of("starttls", "tls", "none"),
    ),
    Definition("mail_user", "", "a user name", "Whom we sign in as at the mail server. Empty: nobody.", str),
    Definition("mail_password", "", "8 characters or more", "The password of that user.", _password),
    Definition(
        "mail_greeting",
        "[127.0.0.1]",
        "a host name such as mail.example.com, or an address in brackets",
        "Name by which the mail server is greeted. It may stand in headers that people see: take one that is nobody's.",
        _greeting,
    ),
    Definition(
        "mail_ca",
        "",
        "a file of certificates (PEM)",
        "Authorities that the mail server's certificate is verified against, in place of the system's.",
        _file,
    ),
)


def missing(found: dict[str, Any]) -> tuple[str, str] | None:
    """The variable that is missing or stands in the way, and what is expected of it."""
    if not found["mail_host"]:
        return None
    if bool(found["mail_user"]) != (found["mail_password"] is not None):
        return "WAYBILL_MAIL_PASSWORD", "a password together with WAYBILL_MAIL_USER"
    if found["mail_user"] and found["mail_security"] == "none":
        return "WAYBILL_MAIL_SECURITY", "starttls or tls, since a password goes along"
    return None
