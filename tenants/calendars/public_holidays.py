"""The days of public holidays, from the library `holidays` where it is installed (ADR 0102).

What it says is written down when a calendar is saved: another version of the library, which knows a country better or
otherwise, moves nothing by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any, Final

from tenants.calendars.definition import Holiday, PublicHolidays

library: Any
try:
    library = import_module("holidays")
except ImportError:  # an extra of the installation: without it people write the days down themselves
    library = None

YEARS: Final = 6
"""This one and those behind it for which days are written down."""
_LONGEST: Final = 200

Source = Callable[[PublicHolidays, Sequence[int]], list[Holiday]]
"""The days of some years. Raises UnknownRegion, NoSource."""


class NoSource(LookupError):
    """This installation knows no public holidays."""


class UnknownRegion(LookupError):
    """The library knows no such country, or no such part of it."""


def of_library(region: PublicHolidays, years: Sequence[int]) -> list[Holiday]:
    """In their order, by the names that the country itself has for them; see `Source`."""
    if library is None:
        raise NoSource
    try:
        found: Any = library.country_holidays(region.country, subdiv=region.subdivision, years=list(years))
    except NotImplementedError:
        raise UnknownRegion from None
    return [Holiday(day, str(name)[:_LONGEST]) for day, name in sorted(found.items())]


def days(regions: Iterable[PublicHolidays], years: Sequence[int], source: Source) -> list[Holiday]:
    """Of all regions, each day once. Raises as `Source`."""
    found: dict[Any, Holiday] = {}
    for region in regions:
        for one in source(region, years):
            found.setdefault(one.day, one)
    return [found[day] for day in sorted(found)]
