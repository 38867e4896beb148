"""Which names a partner may claim at all (S-99). What passes still has to be proven."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from functools import cache
from typing import Final

import idna
from publicsuffixlist import PublicSuffixList

from tenants.organizations.branding import check_host
from tenants.organizations.errors import HostTaken, InvalidField

_POINTER: Final = "/domain"
# Names that mean something else in each place, or nothing anywhere (RFC 6761, RFC 9476).
_LOCAL: Final = frozenset({"localhost", "local", "internal", "onion", "arpa", "invalid", "alt", "lan", "home", "corp"})
# Cyrillic and Greek letters that look like Latin ones: a label of nothing else reads as another name.
_LOOK_LIKE_LATIN: Final = frozenset("асԁеһіјӏорԛѕԝхуъьҽпгѵѡґ" + "αικνρυωοτϲϳ")
_TOGETHER: Final = (
    frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}),
    frozenset({"CJK", "HANGUL"}),
    frozenset({"CJK", "BOPOMOFO"}),
)
_OF_EVERY_SCRIPT: Final = frozenset({"DIGIT", "HYPHEN-MINUS", "MIDDLE"})


def check_domain(text: str, own: Collection[str]) -> str:
    """`text` as hosts are compared, when a partner may claim it.

    Args:
        text: what was asked for.
        own: names of the operator's; none of them, above them, below them or of the same registration is anybody's.

    Raises:
        InvalidField: no name, an address, a wildcard, a public suffix, a name of no place, or one that looks like
            another.
        HostTaken: it is one of `own`.
    """
    try:
        name = check_host(text)
    except InvalidField:
        raise _refused("Use a domain such as portal.example.com: no address, no wildcard, no port") from None
    labels = name.split(".")
    if len(labels) == 1 or labels[-1] in _LOCAL:
        raise _refused("Use a name of the public domain name system")
    if _suffixes().is_public(name):
        raise _refused("Below this name others register theirs; claim a name of your own")
    written = [_decoded(label) for label in labels]
    if any(is_mixed(label) for label in written):
        raise _refused("A part of this name reads like another name; use letters of one script")
    if any(_is_of(name, one) or _skeleton(written) == _skeleton(one.split(".")) for one in own):
        raise HostTaken
    return name


def is_mixed(label: str) -> bool:
    """Whether a label of another script than Latin could be taken for another one: two scripts, or look-alikes only."""
    if label.isascii():
        return False
    letters = [letter for letter in label if unicodedata.category(letter)[0] in "LM"]
    scripts = {unicodedata.name(letter, "NONE").split()[0] for letter in label} - _OF_EVERY_SCRIPT - {"COMBINING"}
    if len(scripts) > 1 and not any(scripts <= allowed for allowed in _TOGETHER):
        return True
    return bool(letters) and all(letter in _LOOK_LIKE_LATIN for letter in letters)


def _is_of(name: str, own: str) -> bool:
    if name == own or name.endswith(f".{own}") or own.endswith(f".{name}"):
        return True
    registered = _suffixes().privatesuffix(own)
    return registered is not None and _suffixes().privatesuffix(name) == registered


def _decoded(label: str) -> str:
    return idna.decode(label) if label.startswith("xn--") else label


def _skeleton(labels: Collection[str]) -> str:
    """Without marks: `plätform` reads as `platform`."""
    whole = unicodedata.normalize("NFKD", ".".join(labels))
    return "".join(letter for letter in whole if not unicodedata.combining(letter))


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _refused(detail: str) -> InvalidField:
    return InvalidField(_POINTER, detail)
