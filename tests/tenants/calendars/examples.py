"""Calendars that several tests count by."""

from __future__ import annotations

from typing import Any

import msgspec

from tenants.calendars.calendar import Calendar
from tenants.calendars.definition import Definition

OFFICE = {"opens": "08:00", "closes": "12:00"}, {"opens": "13:00", "closes": "17:00"}
WEEK: dict[str, Any] = {day: list(OFFICE) for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
NIGHTS: dict[str, Any] = {
    day: [{"opens": "22:00", "closes": "06:00"}]
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
}
ALWAYS: dict[str, Any] = {day: [{"opens": "00:00", "closes": "24:00"}] for day in NIGHTS}


def calendar(zone: str = "Europe/Berlin", week: Any = None, **more: Any) -> Calendar:
    written = {"time_zone": zone, "week": WEEK if week is None else week, **more}
    return Calendar("test", msgspec.convert(written, Definition))
