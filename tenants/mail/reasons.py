"""Why a mail did not arrive, as it is kept beside it. Pure.

A mail server's words name that server, and with it whose it is; partners and clients read what is kept (ADR 0074). The
words are in the worker's log, without the address that they repeat: nobody's is taken out of a log (S-79).
"""

from __future__ import annotations

import re
from typing import Final

NO_SENDER: Final = "there is no address yet that mail of this brand comes from"
NO_SERVER: Final = "there is no mail server yet"
SUPPRESSED: Final = "the address is suppressed"
_OURS: Final = re.compile(rf"{NO_SENDER}|{SUPPRESSED}|it could not be written: \w+")
_ENHANCED: Final = r"[245]\.[0-9]{1,3}\.[0-9]{1,3}"
# A reply's code and the enhanced one (RFC 5321, 4.2.1; RFC 3463): at the beginning, or behind the stage.
_CODES: Final = re.compile(rf"(?:^|: )([245][0-9]{{2}}(?: {_ENHANCED})?|{_ENHANCED})(?![0-9.])")


_ADDRESS: Final = re.compile(r"[^\s<>()\[\]:;,]+@[^\s<>()\[\]:;,]+")


def unaddressed(reason: str) -> str:
    """`reason` with whatever looks like an address of mail left out."""
    return _ADDRESS.sub("…@…", reason)


def told(reason: str) -> str:
    """`reason` without what a mail server said beside its codes."""
    ours = _OURS.search(reason)
    if ours is not None:
        return ours[0]
    found = _CODES.search(reason)
    return f"a mail server answered {found[1]}" if found else "no mail server took it"
