"""Whether an event is one that a listener asked for (DSL reference, Event Filter, Correlation)."""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec.structs import replace

from services.engine.activation import Activation
from services.engine.faults import Fault
from services.engine.frames import Hearing
from template_library.dsl.model import Constant, Consumption, EventFilter, Expression, Template

# A path into a runtime argument: its value does not depend on the event.
_ARGUMENT: Final = re.compile(r"\$[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_ANCHORED: Final = re.compile(r"\^.*|.*\$", re.DOTALL)


class Ears:
    """The filters of one strategy, in the eyes of the innermost scope. `first` is the place of its first filter."""

    def __init__(self, activation: Activation, to: Consumption, first: int = 0) -> None:
        self._activation = activation
        self._to = to
        self._first = first

    async def wanted(self) -> list[dict[str, Any]]:
        """By filter, those of `until` behind the others: the attributes whose values are known before any event."""
        found = [await self._known(one) for one in self._to.filters]
        if isinstance(self._to.until, Consumption):
            found += await Ears(self._activation, self._to.until).wanted()
        return found

    async def expected(self) -> dict[str, Any]:
        """Values of the correlations that say what they expect."""
        found: dict[str, Any] = {}
        value = self._activation.top.value
        for one in self._to.filters:
            for correlation in one.correlate:
                if correlation.expect is not None:
                    found[correlation.name] = await self._activation.render(correlation.expect, value, input=value)
        if isinstance(self._to.until, Consumption):
            found |= await Ears(self._activation, self._to.until).expected()
        return found

    async def match(self, event: dict[str, Any], memory: Hearing, met: list[int]) -> tuple[int | None, Hearing]:
        """The place of the first filter that `event` passes, None for none; and what that taught of correlations.

        `met` are the places that events passed before: one of `all` counts once.
        """
        if not self._to.filters and self._to.strategy == "any":
            return 0, memory
        for place, one in enumerate(self._to.filters):
            if self._to.strategy == "all" and place in met:
                continue
            expected = await self._learned(one, memory.filters[self._first + place], memory.expected, event)
            if expected is not None:
                return place, replace(memory, expected=expected)
        return None, memory

    async def _learned(
        self, one: EventFilter, known: dict[str, Any], expected: dict[str, Any], event: dict[str, Any]
    ) -> dict[str, Any] | None:
        """The correlations once `event` has passed the filter; None where it does not."""
        try:
            if not await self._passes(one, known, event):
                return None
            return await self._correlated(one, expected, event)
        except Fault:
            # Who sends an event must not be able to end the runs that listen for its type.
            return None

    async def _known(self, one: EventFilter) -> dict[str, Any]:
        value = self._activation.top.value
        return {
            name: await self._activation.render(template, value, input=value)
            for name, template in one.attributes
            if isinstance(template, Constant)
            or (isinstance(template, Expression) and _ARGUMENT.fullmatch(template.program))
        }

    async def _passes(self, one: EventFilter, known: dict[str, Any], event: dict[str, Any]) -> bool:
        for name, wanted in known.items():
            if not await self._equals(wanted, event.get(name)):
                return False
        for name, template in one.attributes:
            if name not in known and not await self._holds(template, event.get(name)):
                return False
        return True

    async def _equals(self, wanted: Any, found: Any) -> bool:
        if wanted == found and isinstance(wanted, bool) == isinstance(found, bool):
            return True
        if not (isinstance(wanted, str) and isinstance(found, str) and _ANCHORED.fullmatch(wanted)):
            return False
        # A pattern, and its author's: it runs where a costly one can be stopped (S-27).
        pattern = Expression("test($pattern)", "", ("pattern",))
        return await self._activation.test(pattern, found, pattern=wanted)

    async def _holds(self, template: Template, found: Any) -> bool:
        """An expression sees the attribute: it says whether it passes, or what it must be."""
        result = await self._activation.render(template, found, input=self._activation.top.value)
        return result if isinstance(result, bool) else result is not None and result == found

    async def _correlated(
        self, one: EventFilter, expected: dict[str, Any], event: dict[str, Any]
    ) -> dict[str, Any] | None:
        learned = dict(expected)
        for correlation in one.correlate:
            key = await self._activation.render(correlation.from_, event.get("data"), input=self._activation.top.value)
            if key is None or learned.setdefault(correlation.name, key) != key:
                return None
        return learned
