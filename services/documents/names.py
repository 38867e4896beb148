"""Names that people give to files: shown, and said to whoever downloads; never part of a path of ours (S-18)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import quote

from tenants.organizations.errors import InvalidField

LONGEST: Final = 255
"""Bytes in UTF-8, as file systems have it."""
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NO_NAME: Final = re.compile(r'[/\\:*?"<>|]')
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_PLAIN: Final = re.compile(r"[^A-Za-z0-9 ._-]")


def checked(name: str) -> str:
    """`name` as it is stored.

    Raises:
        InvalidField: empty, over 255 bytes, or a character that cannot be seen and could lie about the rest.
    """
    if not name.strip() or len(name.encode("utf-8", "replace")) > LONGEST:
        raise InvalidField("/name", f"Use 1 to {LONGEST} bytes")
    if any(unicodedata.category(letter) in _UNSEEN for letter in name):
        raise InvalidField("/name", "Use no control, formatting or unassigned characters")
    return name


def disposition(name: str) -> str:
    """`Content-Disposition` (RFC 6266) that saves the file under a name that leads nowhere on anybody's machine.

    The plain form is for old readers; the other one is the name itself (RFC 8187).
    """
    safe = _NO_NAME.sub("_", name).strip(" .") or "document"
    if _DEVICES.fullmatch(safe):
        safe = f"_{safe}"
    plain = _PLAIN.sub("_", unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode()).strip()
    if not plain.partition(".")[0]:
        plain = f"document{plain}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"
