"""What a customer is told: a text in each language, with places for values and no logic (ADR 0113). Pure.

A value is data: it is on one line, escaped in HTML, never read as a text, and no link unless the text declares one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from infra.mail.template import plain

_PLACE: Final = re.compile(r"\{\{[ ]*([A-Za-z0-9_.]{1,80})[ ]*\}\}")
_NAMED: Final = re.compile(r"brand|recipient|status|about\.key|promise\.(was|now)|values\.[A-Za-z][A-Za-z0-9_]{0,62}")
_LIKE_A_PLACE: Final = re.compile(r"\{\{|\}\}")
# What readers of mail make a link of by themselves: a scheme, an address, a name that ends in letters.
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)//")
_HOST: Final = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2})")
_LONGEST_LINK: Final = 500
STATUS: Final = "status"
"""The place of the link to a status page: ours, and of no value."""
_Language = Annotated[str, Meta(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]


class _Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subject: Annotated[dict[_Language, Annotated[str, Meta(min_length=1, max_length=200)]], Meta(max_length=30)]
    text: Annotated[dict[_Language, Annotated[str, Meta(min_length=1, max_length=10_000)]], Meta(max_length=30)]
    links: list[str] = []


class Text(msgspec.Struct, frozen=True):
    """Plain words; an empty line begins a new paragraph."""

    subject: str
    text: str


class Texts(msgspec.Struct, frozen=True):
    """By language, such as `en` or `pt-BR`; `links`: the values that may be links."""

    by_language: Mapping[str, Text]
    links: frozenset[str] = frozenset()

    def language(self, *wanted: str | None) -> str:
        """The first of `wanted` that there is a text in, English else, and else the first that there is.

        A text in Spanish does for who wants that of Mexico, and the other way round.
        """
        for one in (*wanted, "en"):
            if one is None:
                continue
            exact = [name for name in self.by_language if name.lower() == one.lower()]
            alike = [name for name in self.by_language if name[:2] == one[:2].lower()]
            if exact or alike:
                return (exact or alike)[0]
        return next(iter(self.by_language))


def read(document: Any) -> Texts:
    """What `mails/NAME.yaml` says: `subject` and `text`, each by language, and `links`.

    Raises:
        ValueError: its words say what is wrong, and where.
    """
    try:
        mail = msgspec.convert(document, _Mail)
    except msgspec.ValidationError as error:
        raise ValueError(f"a mail has `subject` and `text`, each by language: {error}") from None
    if not mail.subject or mail.subject.keys() != mail.text.keys():
        raise ValueError("a mail has its subject and its text in the same languages")
    found = {name: Text(mail.subject[name], text) for name, text in mail.text.items()}
    made = Texts(found, frozenset(mail.links))
    for detail in _faults(made):
        raise ValueError(detail)
    return made


def values_of(texts: Texts) -> frozenset[str]:
    """Names of the values that any of the texts has a place for."""
    named = (place for one in texts.by_language.values() for place in _places(one))
    return frozenset(one.removeprefix("values.") for one in named if one.startswith("values."))


def asks_for_status(texts: Texts) -> bool:
    """Whether any of the texts leads to the status page of what it is about."""
    return any(STATUS in _places(one) for one in texts.by_language.values())


def in_text(template: str, told: Mapping[str, str], links: frozenset[str] = frozenset()) -> str:
    """`template` with what is `told` by the names of its places; of one that is not told, nothing."""
    return _PLACE.sub(lambda found: _said(found[1], told, links), template)


def in_html(template: str, told: Mapping[str, str], links: frozenset[str] = frozenset()) -> list[str]:
    """Its paragraphs, escaped; a declared link is one."""

    def filled(found: re.Match[str]) -> str:
        said = _said(found[1], told, links)
        shown = escape(said, quote=True)
        return f'<a href="{shown}">{shown}</a>' if _is_link(found[1], said, links) else shown

    # Marks of places are of no letter that escaping changes.
    whole = _PLACE.sub(filled, escape(template, quote=True))
    parts = [one.strip() for one in re.split(r"\n[ \t]*\n", whole.replace("\r\n", "\n"))]
    return [one.replace("\n", "<br>") for one in parts if one]


def unlinked(text: str) -> str:
    """`text` so that no reader of mail makes a link of it."""
    return _HOST.sub("·", _SCHEME.sub(r"\1 ", text))


def _said(name: str, told: Mapping[str, str], links: frozenset[str]) -> str:
    said = plain(told.get(name, ""))
    # A brand is the partner's own, and checked as it was set; where a status page is, is known as it is sent.
    return said if name in {"brand", STATUS} or _is_link(name, said, links) else unlinked(said)


def _is_link(name: str, said: str, links: frozenset[str]) -> bool:
    if name == STATUS:
        return said != ""
    if not name.startswith("values.") or name.removeprefix("values.") not in links or len(said) > _LONGEST_LINK:
        return False
    if not said.isascii() or re.search(r"[\s\"'<>\\`{}|^]", said):
        return False
    try:
        parts = urlsplit(said)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _places(one: Text) -> list[str]:
    return _PLACE.findall(one.subject) + _PLACE.findall(one.text)


def _faults(texts: Texts) -> Iterator[str]:
    for language, one in texts.by_language.items():
        if "\n" in one.subject or "\r" in one.subject:
            yield f"{language}: a subject is one line"
        for text in (one.subject, one.text):
            if _LIKE_A_PLACE.search(_PLACE.sub("", text)):
                yield f"{language}: a place is written as {{{{ values.NAME }}}}"
        for place in _places(one):
            if _NAMED.fullmatch(place) is None:
                known = "there is brand, recipient, status, values.NAME, …"
                yield f"{language}: there is nothing called `{place}`; {known}"
    for name in sorted(texts.links - values_of(texts)):
        yield f"`links` names {name[:60]}, which no text has a place for"
