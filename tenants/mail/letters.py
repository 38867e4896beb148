"""A mail's row as the letter that is sent: the partner's name, colour, logo and links, nobody else's (S-69, S-102)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.encryption.key_provider import KeyProvider
from infra.mail.message import LOGO, Letter
from infra.mail.template import in_html, in_text
from tenants.mail.service import context
from tenants.mail.texts import FRAMES, KINDS, WORDS
from tenants.organizations.colours import colours

_PICTURE: Final = re.compile(r'href="data:image/png;base64,([A-Za-z0-9+/=]+)"')
_TIMES: Final = frozenset({"at", "since", "until", "expires"})
_ENDPOINT: Final = "/webhooks/{{endpoint}}"
_ANSWER: Final = "/answer#{{secret}}"
_PATHS: Final[Mapping[str, str]] = {
    "people.invited": "/invitation#{{secret}}",
    "connection.ending": "/readiness/connections",
    "task.offered": _ANSWER,
    "task.reminder": _ANSWER,
    "task.outside": _ANSWER,
    "task.outside-reminder": _ANSWER,
    "task.digest": "/inbox",
    "webhook.gone": _ENDPOINT,
    "webhook.failing": _ENDPOINT,
    "webhook.recovered": _ENDPOINT,
}
_HEAD: Final = (
    '<!doctype html><html lang="{{language}}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>{{subject}}</title></head>'
    '<body style="margin:0;background:#f1f3f5;color:#1a1a1a;font:16px/1.5 system-ui,sans-serif">'
    '<div style="max-width:560px;margin:0 auto;padding:24px 16px">'
    '<div style="background:#ffffff;border-top:4px solid {{accent}};border-radius:6px;padding:24px">'
)
_NAME: Final = '<p style="margin:0 0 16px;font-weight:600;color:{{accent}}">{{brand}}</p>'
_MARK: Final = f'<p style="margin:0 0 16px"><img src="cid:{LOGO}" alt="{{{{brand}}}}" height="32"></p>'
_LINE: Final = '<p style="margin:0 0 12px">{}</p>'
_BUTTON: Final = (
    '<p style="margin:20px 0"><a href="{{link}}" style="display:inline-block;padding:10px 16px;border-radius:6px;'
    'background:{{accent}};color:{{on_accent}};text-decoration:none">%s</a></p>'
    '<p style="margin:0 0 12px;font-size:13px;color:#595959;word-break:break-all">{{link}}</p>'
)
_FOOT: Final = '</div><p style="margin:16px 8px;font-size:13px;color:#595959">%s</p></div></body></html>'


class LinkWithoutHost(Exception):
    """The host that the mail leads to is not the partner's any more, or it never had one: nothing is sent."""


class NoSender(Exception):
    """The partner has no address of its own: nobody's people are shown another's, so nothing is sent."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A mail with whose it is, as the doors tell it."""

    partner_id: UUID
    mail_id: UUID
    tenant_id: UUID | None
    kind: str
    language: str
    recipient: str
    recipient_name: str
    facts: str
    sealed: bytes | None
    tries: int
    created_at: datetime
    is_suppressed: bool
    name: str
    accent: str
    logo: str | None
    support_email: str | None
    sender: str | None
    hosts: list[str]

    @classmethod
    def of(cls, row: Any) -> Row:
        return cls(**{name: row[name] for name in cls.__struct_fields__})


async def written(row: Row, keys: KeyProvider, *, unsent: str | None = None) -> Letter:
    """The letter. `unsent`: what stands for a sender in a letter that is only shown.

    Raises:
        NoSender: its partner has none.
        LinkWithoutHost: it leads to a host that the partner's record does not hold.
        SecretUnreadable: what is sealed in it does not open.
        ValueError: a row that this version knows no words for.
    """
    address = row.sender or unsent
    if address is None:
        raise NoSender
    if row.kind not in KINDS or row.language not in WORDS:
        raise ValueError(f"no words for {row.kind} in {row.language}")
    secret = "" if row.sealed is None else (await keys.unwrap(row.sealed, context(row.mail_id))).decode()
    values = _values(row, secret)
    words = WORDS[row.language][row.kind]
    return Letter(
        sender=address,
        sender_name=row.name,
        recipient=row.recipient,
        recipient_name=row.recipient_name,
        reply_to=row.support_email,
        subject=in_text(words.subject, values),
        text=_text(row, values),
        html=_html(row, values),
        language=row.language,
        message_id=f"{ids.show('mail', row.mail_id)}@{address.rpartition('@')[2]}",
        at=row.created_at,
        picture=_picture(row.logo),
    )


def _values(row: Row, secret: str) -> dict[str, str]:
    facts: dict[str, str | None] = msgspec.json.decode(row.facts)
    host = facts.get("host") or (row.hosts[0] if row.hosts else "")
    if (host and host not in row.hosts) or (secret and not host):
        raise LinkWithoutHost
    told = {name: _moment(value) if name in _TIMES else str(value) for name, value in facts.items() if value}
    light = colours(row.accent).light
    # Of the database's making, both: no words of people's lead anywhere.
    path = in_text(_PATHS.get(row.kind, "/"), {"secret": secret, "endpoint": str(facts.get("endpoint") or "")})
    return told | {
        "brand": row.name,
        "recipient": row.recipient_name,
        "support": row.support_email or "",
        "language": row.language,
        "accent": light.accent,
        "on_accent": light.on_accent,
        "host": host,
        "link": f"{_scheme(host)}://{host}{path}" if host else "",
    }


def _text(row: Row, values: Mapping[str, str]) -> str:
    words, frame = WORDS[row.language][row.kind], FRAMES[row.language]
    lines = [frame.greeting if row.recipient_name else frame.greeting_nobody, "", *words.lines, ""]
    if words.button and values["link"]:
        lines += [f"{words.button}:", "{{link}}", ""]
    lines += [*words.after, ""] if words.after else []
    lines += ["-- ", "{{brand}}", *_foot(row)]
    return "\n".join("-- " if line == "-- " else in_text(line, values) for line in lines) + "\n"


def _html(row: Row, values: Mapping[str, str]) -> str:
    words, frame = WORDS[row.language][row.kind], FRAMES[row.language]
    greeting = frame.greeting if row.recipient_name else frame.greeting_nobody
    parts = [_HEAD, _MARK if _picture(row.logo) else _NAME]
    parts += [_LINE.format(line) for line in (greeting, *words.lines)]
    if words.button and values["link"]:
        parts.append(_BUTTON % words.button)
    parts += [_LINE.format(line) for line in words.after]
    parts.append(_FOOT % " ".join(_foot(row)))
    # All of it is ours but the values, which are put in last and escaped.
    return in_html("".join(parts), {**values, "subject": in_text(words.subject, values)})


def _foot(row: Row) -> list[str]:
    frame = FRAMES[row.language]
    return [frame.automatic, frame.help] if row.support_email else [frame.automatic]


def _picture(logo: str | None) -> bytes | None:
    """The points of a logo that has any: readers of mail show no drawings."""
    found = _PICTURE.search(logo) if logo else None
    if found is None:
        return None
    try:
        return base64.b64decode(found[1], validate=True)
    except binascii.Error:
        return None


def _moment(text: str | None) -> str:
    if not text:
        return ""
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return text


def _scheme(host: str) -> str:
    """This machine's own names have no TLS."""
    return "http" if host == "localhost" or host.endswith(".localhost") else "https"
