"""A notice to a customer as the letter that is sent: the text in the partner's brand, and the way out (ADR 0113).

What it says is filled in now, with the brand of this moment; values are data and stay so (S-102). Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from infra import ids
from infra.mail.message import Letter
from infra.mail.template import in_html, in_text
from template_library import notice_texts
from tenants.mail import look
from tenants.mail.rows import LinkWithoutHost, Row
from tenants.organizations.colours import colours

KIND: Final = "customer.notice"
PATH: Final = "/portal/notices/"
"""Behind it stands what the link has."""
STATUS: Final = "/status#"
"""Behind it stands the text of a status page's link (ADR 0127)."""
_SUBJECT: Final = 300


class Words(msgspec.Struct, frozen=True):
    """What stands below a notice."""

    why: str
    stop: str
    help: str


WORDS: Final[Mapping[str, Words]] = {
    "en": Words(
        "{{brand}} tells you this about your order or account.",
        "No more such messages",
        "Questions? Write to {{support}}.",
    ),
    "es": Words(
        "{{brand}} le informa así sobre su pedido o su cuenta.",
        "No recibir más mensajes de este tipo",
        "¿Preguntas? Escriba a {{support}}.",
    ),
    "de": Words(
        "{{brand}} informiert Sie so über Ihre Bestellung oder Ihr Konto.",
        "Keine solchen Nachrichten mehr",
        "Fragen? Schreiben Sie an {{support}}.",
    ),
    "fr": Words(
        "{{brand}} vous informe ainsi de votre commande ou de votre compte.",
        "Ne plus recevoir ces messages",
        "Des questions ? Écrivez à {{support}}.",
    ),
    "nl": Words(
        "{{brand}} informeert u zo over uw bestelling of uw account.",
        "Geen berichten van deze soort meer",
        "Vragen? Schrijf naar {{support}}.",
    ),
}
"""By language; of every other one the English words."""


class Said(msgspec.Struct, frozen=True):
    """What a notice was asked to say."""

    subject: str
    text: str
    told: dict[str, str] = {}
    links: list[str] = []


def letter(row: Row, sender: str, secret: str) -> Letter:
    """The letter.

    Args:
        row: the mail.
        sender: its address.
        secret: what stands in the link that ends further notices, and behind a space what stands in a status page's.

    Raises:
        LinkWithoutHost: there is none that it could lead to.
        ValueError: the row holds no notice.
    """
    if not row.hosts:
        raise LinkWithoutHost
    said = msgspec.json.decode(row.facts, type=Said)
    ends, _, token = secret.partition(" ")
    origin = f"{look.scheme(row.hosts[0])}://{row.hosts[0]}"
    out = f"{origin}{PATH}{ends}"
    said = msgspec.structs.replace(
        said, told={**said.told, notice_texts.STATUS: f"{origin}{STATUS}{token}" if token else ""}
    )
    subject = subject_of(said, row)
    return Letter(
        sender=sender,
        sender_name=row.name,
        recipient=row.recipient,
        recipient_name=row.recipient_name,
        reply_to=row.support_email,
        subject=subject,
        text=text_of(said, row, out),
        html=html_of(said, row, out),
        language=row.language,
        message_id=f"{ids.show('mail', row.mail_id)}@{sender.rpartition('@')[2]}",
        at=row.created_at,
        picture=look.picture(row.logo),
        unsubscribe=out,
    )


def subject_of(said: Said, row: Row) -> str:
    """On one line."""
    found = notice_texts.in_text(said.subject, _told(said, row))
    return " ".join(found.split())[:_SUBJECT] or row.name


def text_of(said: Said, row: Row, out: str) -> str:
    """The plain part."""
    body = notice_texts.in_text(said.text, _told(said, row), frozenset(said.links)).replace("\r\n", "\n").strip()
    words, values = _words(row), _around(row, out)
    foot = [words.why, f"{words.stop}: {{{{link}}}}", *([words.help] if row.support_email else [])]
    return "\n".join([body, "", "-- ", row.name, *(in_text(one, values) for one in foot)]) + "\n"


def html_of(said: Said, row: Row, out: str) -> str:
    """The part with the brand's look."""
    words, values = _words(row), _around(row, out)
    head = in_html(look.HEAD + (look.MARK if look.picture(row.logo) else look.NAME), values)
    told = notice_texts.in_html(said.text, _told(said, row), frozenset(said.links))
    stop = f'<a href="{{{{link}}}}" style="color:#595959">{words.stop}</a>'
    foot = [words.why, *([words.help] if row.support_email else []), stop]
    # What is told was escaped as it was filled in, and is no template from here on.
    body = "".join(look.LINE.format(one) for one in told)
    return head + body + in_html(look.FOOT % " ".join(foot), values)


def _told(said: Said, row: Row) -> dict[str, str]:
    return {**said.told, "brand": row.name, "recipient": row.recipient_name}


def _words(row: Row) -> Words:
    return WORDS.get(row.language[:2], WORDS["en"])


def _around(row: Row, out: str) -> dict[str, str]:
    light = colours(row.accent).light
    return {
        "brand": row.name,
        "support": row.support_email or "",
        "language": row.language,
        "accent": light.accent,
        "on_accent": light.on_accent,
        "subject": row.name,
        "link": out,
    }
