from __future__ import annotations

import unicodedata
from typing import Final

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def printable(text: str) -> str:
    """`text` for a terminal: what would move its cursor, colour it or turn its order around stands there spelled out.

    Names, errors and other systems' words are anybody's (S-103).
    """
    if text.isprintable():
        return text
    return "".join(_spelled(letter) if unicodedata.category(letter) in _UNSEEN else letter for letter in text)


def _spelled(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
