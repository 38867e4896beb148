"""Whether one schema may take another's place: for those who send by the old one and those who read by it alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

_WORDS: Final = frozenset({"$schema", "$comment", "title", "description", "examples", "deprecated", "default"})
"""They tell people something and decide nothing."""
_ONE: Final = frozenset({"items", "additionalProperties", "unevaluatedProperties", "unevaluatedItems"})
_MANY: Final = frozenset({"allOf", "prefixItems"})
MOST: Final = 50


class Break(msgspec.Struct, frozen=True):
    """What no longer holds: `pointer` (RFC 6901) leads to it in the schema, the new one where it is there."""

    pointer: str
    detail: str


def breaks(old: Any, new: Any) -> list[Break]:
    """What keeps `new` from standing for `old`; empty when it may. At most 50.

    Every value that the old schema takes, the new one takes, and what is sent by the new one is read by the old one.
    So what is said of a member stays; objects that are open may get further members that nobody has to send.
    """
    found: list[Break] = []
    _compare(old, new, "", found)
    return found[:MOST]


def _compare(old: Any, new: Any, at: str, found: list[Break]) -> None:
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        if old != new:
            found.append(Break(at, f"was {_short(old)} and would be {_short(new)}"))
        return
    for name in sorted((old.keys() | new.keys()) - _WORDS):
        place = f"{at}/{_escaped(name)}"
        if name == "properties":
            _compare_members(old, new, place, found)
        elif name == "required":
            _compare_required(old, new, place, found)
        elif name not in new:
            found.append(Break(place, "is gone: those who read by the old schema rely on it"))
        elif name not in old:
            found.append(Break(place, "is new: those who send by the old schema know nothing of it"))
        else:
            _compare_rule(name, old[name], new[name], place, found)


def _compare_rule(name: str, old: Any, new: Any, at: str, found: list[Break]) -> None:
    if name in _ONE:
        _compare(old, new, at, found)
    elif name in _MANY and isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            _compare(before, after, f"{at}/{number}", found)
    elif not _same(old, new):
        found.append(Break(at, f"was {_short(old)} and would be {_short(new)}"))


def _compare_members(old: Mapping[str, Any], new: Mapping[str, Any], at: str, found: list[Break]) -> None:
    before, after = old.get("properties", {}), new.get("properties", {})
    is_closed = "additionalProperties" in old or "unevaluatedProperties" in old
    for name in sorted(before.keys() | after.keys()):
        place = f"{at}/{_escaped(name)}"
        if name not in after:
            found.append(Break(place, "is gone: those who read by the old schema rely on it"))
        elif name in before:
            _compare(before[name], after[name], place, found)
        elif name in old.get("required", ()):
            found.append(Break(place, "is new, and those who send by the old schema send it as whatever they like"))
        elif is_closed:
            found.append(Break(place, "is new, and the old schema says what further members there may be"))


def _compare_required(old: Mapping[str, Any], new: Mapping[str, Any], at: str, found: list[Break]) -> None:
    before, after = set(old.get("required", ())), set(new.get("required", ()))
    found += [
        Break(at, f"would demand `{name}`, which those who send by the old schema may leave out")
        for name in sorted(after - before)
    ]
    found += [
        Break(at, f"would no longer demand `{name}`, on which those who read by the old schema rely")
        for name in sorted(before - after)
    ]


def _same(old: Any, new: Any) -> bool:
    # JSON tells 1 from true, and Python does not.
    return msgspec.json.encode(old, order="sorted") == msgspec.json.encode(new, order="sorted")


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else text[:60] + "…"  # noqa: PLR2004 (a line's worth)
