"""What becomes of a tender, and what happens to its load, reckoned from when the carrier was asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from services.connectors.simulators.documents import shown

ANSWERED: Final = 1
"""Hours after which a carrier answers."""
_PICKED_UP, _ON_THE_WAY, _LATE = 6, 10, 14
"""Hours after the tender."""


class Event(msgspec.Struct):
    """`code`: as the TMS writes it."""

    code: str
    at: str
    place: str
    reason: str | None = None


def events(
    tender: dict[str, Any], load: dict[str, Any], carrier: dict[str, Any], habit: dict[str, Any] | None
) -> list[Event]:
    """All of them, the first first, also those that are still to come."""
    began, city = datetime.fromisoformat(tender["at"]), load["city"]
    listed: list[tuple[str, int, str, str | None]] = [("TENDERED", 0, "Origin", None)]
    if carrier["declines"]:
        listed.append(("DECLINED", ANSWERED, "Origin", carrier["declines"]))
    else:
        delay, why = (habit["delay"], habit["why"]) if habit else (0, None)
        listed += [("ACCEPTED", ANSWERED, "Origin", None), ("PICKED_UP", _PICKED_UP, "Origin", None)]
        listed.append(("EN_ROUTE", _ON_THE_WAY, "Sample Hub", None))
        listed += [("LATE", _LATE, "Sample Hub", why)] if delay else []
        listed.append(("ARRIVED", carrier["days"] * 24 + delay, city, None))
    return [Event(code, shown(began + timedelta(hours=hours)), place, why) for code, hours, place, why in listed]
