"""A business calendar as people write it, and as it is kept: with the days of public holidays beside it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

import msgspec
from msgspec import Meta

NAME: Final = r"^[a-z0-9](-?[a-z0-9]){0,62}$"
SHIFTS: Final = 10
"""Of one day, at most."""
DAYS: Final = 1_000
"""Holidays, days of their own, and cut-offs of a calendar, at most of each."""
SITES: Final = 1_000
CUT_OFFS: Final = 50
"""Each of them is looked for day by day."""
PUBLIC: Final = 5

Name = Annotated[str, Meta(max_length=63, pattern=NAME, examples=["warehouse-north"])]
Time = Annotated[
    str,
    Meta(
        pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
        description="On the clocks of the place, hours and minutes.",
        examples=["08:30"],
    ),
]
Site = Annotated[str, Meta(max_length=125, pattern=NAME)]
"""Its slug."""
Words = Annotated[str, Meta(max_length=200)]


class Shift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From one time of the day to a later one; one that ends no later than it begins ends on the day after."""

    opens: Time
    closes: Annotated[Time, Meta(description="A time no later than `opens` is that of the next day.")]


Shifts = Annotated[list[Shift], Meta(max_length=SHIFTS)]


class Week(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The shifts that begin on each day of the week; none: it is closed."""

    monday: Shifts = []
    tuesday: Shifts = []
    wednesday: Shifts = []
    thursday: Shifts = []
    friday: Shifts = []
    saturday: Shifts = []
    sunday: Shifts = []

    @property
    def days(self) -> tuple[list[Shift], ...]:
        """By `date.weekday`."""
        return (self.monday, self.tuesday, self.wednesday, self.thursday, self.friday, self.saturday, self.sunday)


class Holiday(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No shift begins on it."""

    day: date
    name: Words = ""


class SpecialDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A day with shifts of its own, whatever its weekday is and though it be a holiday; without any it is closed."""

    day: date
    shifts: Shifts = []
    reason: Words = ""


class CutOff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Until when in a day something is still done on that day. One that names a site is that site's alone."""

    name: Name
    at: Time
    site: Site | None = None


class PublicHolidays(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whose public holidays are holidays of the calendar: a country, or a part of it, by ISO 3166."""

    country: Annotated[str, Meta(pattern="^[A-Z]{2}$", examples=["DE"])]
    subdivision: Annotated[str, Meta(pattern="^[A-Z0-9]{1,3}$", examples=["BY"])] | None = None


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What people set. `sites`: slugs of those that it is for; `default`: it is for all that no other one names."""

    time_zone: Annotated[
        str, Meta(min_length=1, max_length=64, examples=["Europe/Berlin"], description="As the IANA names it.")
    ]
    week: Week = msgspec.field(default_factory=Week)
    holidays: Annotated[list[Holiday], Meta(max_length=DAYS)] = []
    public_holidays: Annotated[
        list[PublicHolidays],
        Meta(
            max_length=PUBLIC,
            description="Their days are written down as it is saved, and change no more by themselves.",
        ),
    ] = []
    special_days: Annotated[list[SpecialDay], Meta(max_length=DAYS)] = []
    cut_offs: Annotated[list[CutOff], Meta(max_length=CUT_OFFS)] = []
    sites: Annotated[list[Site], Meta(max_length=SITES, description="Slugs of those that it is for.")] = []
    default: Annotated[
        bool, Meta(description="It is for every site that no calendar names, and for what names none.")
    ] = False


class Definition(Written, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """With the days of public holidays, as they were known when it was saved: until the end of `public_until`."""

    public_days: list[Holiday] = []
    public_until: int | None = None
