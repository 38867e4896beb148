"""Names of folders as IMAP has them (RFC 3501, 5.1.3), and texts in a command."""

from __future__ import annotations

import base64
import re
from typing import Final

_OTHERS: Final = re.compile(r"[^\x20-\x7e]+")


def string(text: str) -> str:
    """A quoted string; of characters that ASCII can show."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quoted(name: str) -> str:
    """A folder's name in a command: letters beside ASCII in modified UTF-7."""
    return string(_OTHERS.sub(_shifted, name.replace("&", "&-")))


def _shifted(found: re.Match[str]) -> str:
    packed = base64.b64encode(found[0].encode("utf-16-be", "surrogatepass")).decode()
    return "&" + packed.rstrip("=").replace("/", ",") + "-"
