"""Events: what is listened to, and what is emitted."""

from __future__ import annotations

from typing import Any
from typing import Literal as OneOf

import msgspec

from template_library.dsl.model.tasks import TaskBase
from template_library.dsl.model.values import Expression, Template, Transform


class Correlation(msgspec.Struct, frozen=True):
    """`from_` is evaluated on the event; without `expect` the first event's value is what the others must have."""

    name: str
    from_: Expression
    expect: Template | None = None


class EventFilter(msgspec.Struct, frozen=True):
    """An event passes when it has all `attributes`: written text or pattern, or an expression that holds."""

    attributes: tuple[tuple[str, Template], ...]
    correlate: tuple[Correlation, ...] = ()


class Consumption(msgspec.Struct, frozen=True):
    """Which events are consumed, and when it is enough.

    Attributes:
        filters: exactly one for `one`; none for `any` takes every event.
        until: of `any` only: a condition on the events consumed so far, or events that end the listening and are not
            part of the output. Without it the first event ends it.
        forever: `until` is the constant false.
    """

    strategy: OneOf["one", "any", "all"]
    filters: tuple[EventFilter, ...]
    until: Expression | Consumption | None = None
    forever: bool = False


class Iterator(msgspec.Struct, frozen=True, kw_only=True):
    """What is done with each event or message consumed. `item` and `at` name its variables."""

    item: str = "item"
    at: str = "index"
    tasks: tuple[str, ...] = ()
    output: Transform = Transform()
    export: Transform = Transform()


class EmitTask(TaskBase, frozen=True, kw_only=True):
    """`event` has the event's attributes and its `data`; `source` and `type` are among them."""

    event: Template


class ListenTask(TaskBase, frozen=True, kw_only=True):
    to: Consumption
    read: OneOf["data", "envelope", "raw"] = "data"
    foreach: Iterator | None = None


class EventTrigger(msgspec.Struct, frozen=True):
    """`schedule.on.one`: attributes that an event must have, compared as equal text (`type`, `source`, …)."""

    attributes: dict[str, Any]
