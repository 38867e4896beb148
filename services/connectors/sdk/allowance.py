"""What an answer's headers say is left of what a system lets through."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from infra import clock

_NAMES: Final = tuple(
    tuple(f"{prefix}{part}" for part in ("remaining", "limit", "reset"))
    for prefix in ("ratelimit-", "x-ratelimit-", "x-rate-limit-")
)
_USED: Final = "x-shopify-shop-api-call-limit"
"""`32/40`: how many are used, of how many."""
_PART: Final = re.compile(r"\b(r|remaining|q|limit|t|reset)\s*=\s*([0-9]{1,15})\b")
_SHORT: Final = (("remaining", "r"), ("limit", "q"), ("reset", "t"))
_EPOCH: Final = 1_000_000_000
"""A reset of so many seconds is a moment, and no time from now."""
_LONGEST: Final = 366 * 86_400.0
_DIGITS: Final = 15


class Allowance(msgspec.Struct, frozen=True):
    """`seconds`: until it is whole again."""

    left: int
    most: int | None = None
    seconds: float | None = None


def of(headers: Mapping[str, str]) -> Allowance | None:
    """By the drafts of IETF's RateLimit headers, and by what is used in their place. `headers`: names in lower case."""
    for left, most, reset in _NAMES:
        if (found := _number(headers.get(left, ""))) is not None:
            return Allowance(found, _number(headers.get(most, "")), _seconds(_number(headers.get(reset, ""))))
    named = dict(_PART.findall(headers.get("ratelimit", "")))
    return _in_one(named) if named else _used(headers.get(_USED, ""))


def _in_one(named: Mapping[str, str]) -> Allowance | None:
    """`limit=100, remaining=50, reset=50` as in the older drafts, `"default";r=50;t=30` in the newer."""
    left, most, reset = (named.get(long, named.get(short)) for long, short in _SHORT)
    return None if left is None else Allowance(int(left), _number(most or ""), _seconds(_number(reset or "")))


def _used(text: str) -> Allowance | None:
    used, _, most = (_number(part) for part in text.partition("/"))
    return None if used is None or most is None else Allowance(max(most - used, 0), most)


def _number(text: str) -> int | None:
    text = text.partition(",")[0].partition(";")[0].strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def _seconds(reset: int | None) -> float | None:
    if reset is None:
        return None
    left = reset - clock.now().timestamp() if reset >= _EPOCH else float(reset)
    return left if 0 <= left <= _LONGEST else None
