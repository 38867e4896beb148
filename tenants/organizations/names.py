"""What partners, clients and keys may be called."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from tenants.organizations.errors import InvalidField

SLUG: Final = r"[a-z0-9](-?[a-z0-9]){0,62}"
NAME_LENGTH: Final = 200
_SLUG: Final = re.compile(SLUG)


def is_slug(text: str) -> bool:
    return _SLUG.fullmatch(text) is not None


def check_slug(text: str, pointer: str) -> str:
    """`text`, when it is a slug.

    Raises:
        InvalidField: it is none; `pointer` (RFC 6901) names the field.
    """
    if not is_slug(text):
        raise InvalidField(pointer, "Use 1 to 63 lower-case letters and digits, with single hyphens between them")
    return text


def check_name(text: str, pointer: str) -> str:
    """`text`, when it is fit to be shown anywhere: control and bidirectional characters could lie about it (S-83).

    Raises:
        InvalidField: empty, over 200 characters, spaces at its ends, or a character that cannot be seen.
    """
    if not 1 <= len(text) <= NAME_LENGTH or text != text.strip():
        raise InvalidField(pointer, f"Use 1 to {NAME_LENGTH} characters, with no space at either end")
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for letter in text):
        raise InvalidField(pointer, "Use no control, formatting or unassigned characters")
    return text
