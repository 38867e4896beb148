"""A mail's row as the letter that is sent: the partner's name, colour, logo and links, nobody else's (S-69, S-102)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from infra import ids
from infra.encryption.key_provider import KeyProvider
from infra.mail.message import Letter
from infra.mail.template import in_html, in_text, plain
from template_library import notice_texts
from tenants.mail import customer_letters, look
from tenants.mail.rows import LinkWithoutHost, NoSender, Row
from tenants.mail.service import context
from tenants.mail.texts import FRAMES, KINDS, WORDS
from tenants.organizations.colours import colours

__all__ = ["LinkWithoutHost", "NoSender", "Row", "written"]

_TIMES: Final = frozenset({"at", "since", "until", "expires"})
_OURS: Final = frozenset({"host", "endpoint", "address"})
"""Facts that are no words of anybody's: hosts and ids of the partner's record, and where an endpoint's webhooks go."""
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
    if row.kind == customer_letters.KIND:
        return customer_letters.letter(row, address, await _opened(row, keys))
    if row.kind not in KINDS or row.language not in WORDS:
        raise ValueError(f"no words for {row.kind} in {row.language}")
    values = _values(row, await _opened(row, keys))
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
        picture=look.picture(row.logo),
    )


async def _opened(row: Row, keys: KeyProvider) -> str:
    return "" if row.sealed is None else (await keys.unwrap(row.sealed, context(row.mail_id))).decode()


def _values(row: Row, secret: str) -> dict[str, str]:
    facts: dict[str, Any] = msgspec.json.decode(row.facts)
    host = facts.get("host") or (row.hosts[0] if row.hosts else "")
    if (host and host not in row.hosts) or (secret and not host):
        raise LinkWithoutHost
    told = {name: _said(name, str(value)) for name, value in facts.items() if value}
    light = colours(row.accent).light
    # Of the database's making, both: no words of people's lead anywhere.
    path = in_text(_PATHS.get(row.kind, "/"), {"secret": secret, "endpoint": str(facts.get("endpoint") or "")})
    return told | {
        "brand": row.name,
        "recipient": _unlinked(row.recipient_name),
        "support": row.support_email or "",
        "language": row.language,
        "accent": light.accent,
        "on_accent": light.on_accent,
        "host": host,
        "link": f"{look.scheme(host)}://{host}{path}" if host else "",
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
    parts = [look.HEAD, look.MARK if look.picture(row.logo) else look.NAME]
    parts += [look.LINE.format(line) for line in (greeting, *words.lines)]
    if words.button and values["link"]:
        parts.append(look.BUTTON % words.button)
    parts += [look.LINE.format(line) for line in words.after]
    parts.append(look.FOOT % " ".join(_foot(row)))
    # All of it is ours but the values, which are put in last and escaped.
    return in_html("".join(parts), {**values, "subject": in_text(words.subject, values)})


def _foot(row: Row) -> list[str]:
    frame = FRAMES[row.language]
    return [frame.automatic, frame.help] if row.support_email else [frame.automatic]


def _said(name: str, value: str) -> str:
    if name in _TIMES:
        return _moment(value)
    return value if name in _OURS else _unlinked(value)


def _unlinked(text: str) -> str:
    """What people, runs and systems have named leads nowhere, though readers of mail make links of words (S-102)."""
    # What cannot be seen goes first: it could stand between the letters of a host.
    return notice_texts.unlinked(plain(text))


def _moment(text: str) -> str:
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return _unlinked(text)
