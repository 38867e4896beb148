"""The way of a parcel: what happens to it, and when, reckoned from when its label was made."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from services.connectors.simulators.documents import shown

_HUB: Final = "Sample Hub"
_PICKED_UP, _AT_HUB, _LAST_MILE = 4, 12, 4
"""Hours after the label, after the label, and before the end."""


class Milestone(msgspec.Struct):
    """`code`: as the carrier writes it."""

    code: str
    at: str
    place: str
    reason: str | None = None


def milestones(parcel: dict[str, Any], service: dict[str, Any], habit: dict[str, Any] | None) -> list[Milestone]:
    """All of them, the first first, also those that are still to come."""
    made, city = datetime.fromisoformat(parcel["at"]), parcel["city"]
    kind = habit or {"ends": "delivered", "delay": 0, "why": None}
    ends = service["hours"] + kind["delay"]
    listed = [("LABEL", 0, "Origin", None), ("PICKUP", _PICKED_UP, "Origin", None), ("TRANSIT", _AT_HUB, _HUB, None)]
    if kind["delay"]:
        listed.append(("DELAY", _AT_HUB + 4, _HUB, kind["why"]))
    last = ("REFUSED", ends, city, kind["why"]) if kind["ends"] == "refused" else ("DELIVERED", ends, city, None)
    listed += [("OUT_FOR_DELIVERY", ends - _LAST_MILE, city, None), last]
    return [Milestone(code, shown(made + timedelta(hours=hours)), place, why) for code, hours, place, why in listed]


def expected(parcel: dict[str, Any], service: dict[str, Any], delay: int) -> str:
    """When it is to arrive; `delay`: the hours more that the carrier knows of by now."""
    return shown(datetime.fromisoformat(parcel["at"]) + timedelta(hours=service["hours"] + delay))
