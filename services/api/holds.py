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
    hold: msgspec.Raw = msgspec.Raw()
    holds: msgspec.Raw = msgspec.Raw()


def kinds_of_hold(output: str | None) -> list[str] | None:
    """Each kind once, in the order of the holds; None for None, which is the output of a run that was not held.

    Whether it was is the database's to say (`app.is_held`), for a list and its filter alike. Everybody who may see the
    run may see the kinds, so what is no plain word is left out.
    """
    if output is None:
        return None
    found = msgspec.json.decode(output, type=_Output)
    holds = _holds(found.holds, list[_Hold]) or _holds(found.hold, _Hold)
    kinds = dict.fromkeys(hold.type for hold in holds if _KIND.fullmatch(hold.type))
    return list(kinds)[:_MOST]


def _holds(text: msgspec.Raw, kind: type[list[_Hold] | _Hold]) -> list[_Hold]:
    try:
        found = msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError:
        return []
    return found if isinstance(found, list) else [found]
