"""What a deadline is to do, and after how much business time, as a workflow writes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from services.deadlines.errors import InvalidPlan
from template_library.dsl.durations import DurationError, milliseconds

STEPS: Final = 20
_RANKS: Final = {"warn": 0, "due": 1}
_LAST: Final = frozenset({"auto_decide", "expire"})
Do = Literal["warn", "due", "notify", "reassign", "auto_decide", "expire"]
_Slug = Annotated[str, Meta(max_length=125)]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """`after`: milliseconds of business time since the deadline began. `role`: whom it is told or given to."""

    after: int
    do: Do
    role: str = ""
    outcome: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """By which calendar it counts: one by its name, else that of a site by its slug, else the default."""

    steps: tuple[Step, ...]
    calendar: str | None = None
    site: str | None = None


class AskedStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    after: Any
    do: Literal["notify", "reassign", "auto_decide", "expire"]
    role: _Slug | None = None
    outcome: Annotated[str, Meta(max_length=100)] | None = None


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """As it is written. Durations are those of the language, and count business time."""

    calendar: _Slug | None = None
    site: _Slug | None = None
    warn: Any = None
    due: Any = None
    steps: Annotated[list[AskedStep], Meta(max_length=STEPS)] = []


def read(given: Any) -> Plan:
    """The plan in `{calendar, site, warn, due, steps: [{after, do, role, outcome}]}`, its steps in their order.

    Raises:
        InvalidPlan: it has another form, or nothing is to be done, or not in this order.
    """
    try:
        asked = msgspec.convert(given, Asked)
    except msgspec.ValidationError as error:
        raise InvalidPlan.at("", str(error)) from None
    steps = tuple(sorted(_steps(asked), key=lambda one: (one.after, _RANKS.get(one.do, 2))))
    if not steps:
        raise InvalidPlan.at("", "give `warn`, `due` or `steps`")
    by_name = {one.do: one.after for one in steps}
    if by_name.get("warn", 0) > by_name.get("due", by_name.get("warn", 0)):
        raise InvalidPlan.at("/warn", "a warning comes before it is due")
    if any(one.do in _LAST for one in steps[:-1]):
        raise InvalidPlan.at("/steps", "nothing comes behind what ends the subject: `auto_decide`, `expire`")
    return Plan(steps=steps, calendar=asked.calendar, site=asked.site)


def _steps(asked: Asked) -> Iterator[Step]:
    if asked.warn is not None:
        yield Step(after=_length("/warn", asked.warn), do="warn")
    if asked.due is not None:
        yield Step(after=_length("/due", asked.due), do="due")
    for place, one in enumerate(asked.steps):
        if one.do == "reassign" and not one.role:
            raise InvalidPlan.at(f"/steps/{place}/role", "say to which role")
        if one.do == "auto_decide" and not one.outcome:
            raise InvalidPlan.at(f"/steps/{place}/outcome", "say which outcome")
        after = _length(f"/steps/{place}/after", one.after)
        yield Step(after=after, do=one.do, role=one.role or "", outcome=one.outcome or "")


def _length(pointer: str, value: Any) -> int:
    try:
        return milliseconds(value)
    except DurationError as error:
        raise InvalidPlan.at(pointer, str(error)) from None
