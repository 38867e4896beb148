"""Templates without logic (S-102): `{{name}}` stands for a value, and nothing else means anything.

A value is text to whoever reads it. It is never read as a template, and in HTML everything of it is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Final

_PLACE: Final = re.compile(r"\{\{([a-z_]+)\}\}")
_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_SPACES: Final = re.compile(r"\s+")
LONGEST: Final = 1_000
"""Characters of a value; what is longer is cut."""


class UnknownPlace(KeyError):
    """The template has a place that nothing was given for. A defect of ours; the mail is not sent."""


def names(template: str) -> frozenset[str]:
    """The places of a template."""
    return frozenset(_PLACE.findall(template))


def in_text(template: str, values: Mapping[str, str]) -> str:
    """The template with its values, for a subject or a plain part.

    Raises:
        UnknownPlace: a value is missing.
    """
    return _PLACE.sub(lambda found: plain(_value(values, found[1])), template)


def in_html(template: str, values: Mapping[str, str]) -> str:
    """The template with its values escaped, quotation marks too.

    Raises:
        UnknownPlace: a value is missing.
    """
    return _PLACE.sub(lambda found: escape(plain(_value(values, found[1])), quote=True), template)


def plain(text: str) -> str:
    """`text` on one line, without what cannot be seen and could lie about the rest (S-83, S-102)."""
    return _SPACES.sub(" ", _UNSEEN.sub("", text))[:LONGEST].strip()


def visible(text: str) -> str:
    """`text` with its lines, without what cannot be seen and could lie about the rest (S-83): words of people."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n"))


def _value(values: Mapping[str, str], name: str) -> str:
    try:
        return values[name]
    except KeyError:
        raise UnknownPlace(name) from None
