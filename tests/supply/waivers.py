"""Findings that may stand for a while, each with a reason and a last day."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import msgspec

FILE: Final = Path(__file__).parent / "waivers.toml"
LONGEST: Final = timedelta(days=90)
_SHORTEST_REASON: Final = 20


class Waiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    package: str
    id: str
    reason: str
    until: date


class Waivers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    waiver: list[Waiver] = []


def read(text: str) -> list[Waiver]:
    """Raises msgspec.ValidationError for what is no list of waivers."""
    return msgspec.convert(tomllib.loads(text), Waivers).waiver


def mistakes(waivers: list[Waiver], today: date) -> list[str]:
    """What makes waivers worth nothing."""
    found = []
    for one in waivers:
        named = f"{one.package} {one.id}"
        if len(one.reason.strip()) < _SHORTEST_REASON:
            found.append(f"{named}: says no reason")
        if one.until < today:
            found.append(f"{named}: ended on {one.until}")
        if one.until > today + LONGEST:
            found.append(f"{named}: lasts longer than {LONGEST.days} days")
    return found
