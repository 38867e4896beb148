"""What a list may tell of an order that was held: the kinds of its holds, and no word of its data."""

from __future__ import annotations

import re
from typing import Final

import msgspec

# A word that a template chose, and nothing that an order brought along.
_KIND: Final = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")
_MOST: Final = 8


class _Hold(msgspec.Struct):
    type: str = ""


class _Output(msgspec.Struct):
    released: bool | None = None
    hold: _Hold | None = None
    holds: list[_Hold] = []


def kinds_of_hold(output: str | None) -> list[str] | None:
    """Each kind once, in the order of the holds; None when the output tells of no hold.

    Everybody who may see the run may see these, so what is no plain word is left out.
    """
    if output is None:
        return None
    try:
        found = msgspec.json.decode(output, type=_Output)
    except msgspec.DecodeError:
        return None
    if found.released is not False:
        return None
    holds = found.holds or ([found.hold] if found.hold else [])
    kinds = dict.fromkeys(hold.type for hold in holds if _KIND.fullmatch(hold.type))
    return list(kinds)[:_MOST]
