"""Whether an event is one that a listener asked for (DSL reference, Event Filter, Correlation)."""

from __future__ import annotations

import re
from typing import Any, Final, Protocol

from msgspec.structs import replace

from services.engine.faults import Fault
from services.engine.frames import Hearing
from template_library.dsl.events import is_pattern
from template_library.dsl.model import Constant, Consumption, EventFilter, Expression, Template

# A path into a runtime argument: its value does not depend on the event.
_ARGUMENT: Final = re.compile(r"\$[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_TEST: Final = Expression("test($pattern)", "", ("pattern",))


Keys = dict[str, Any]
"""Values of correlations by name."""


class Scene(Protocol):
    """Where somebody listens: what the expressions of the filters see, `value` as the input."""

    @property
    def value(self) -> Any: ...

    async def render(self, template: Template, value: Any, **scope: Any) -> Any: ...

    async def test(self, condition: Expression, value: Any, **scope: Any) -> bool: ...


class Ears:
    """The filters of one strategy, in the eyes of `scene`. `first` is the place of its first filter."""

    def __init__(self, scene: Scene, to: Consumption, first: int = 0) -> None:
        self._scene = scene
        self._to = to
        self._first = first

    async def wanted(self) -> list[dict[str, Any]]:
        """By filter, those of `until` behind the others: the attributes whose values are known before any event."""
        found = [await self._known(one) for one in self._to.filters]
        if isinstance(self._to.until, Consumption):
            found += await Ears(self._scene, self._to.until).wanted()
        return found

    async def expected(self) -> Keys:
        """Values of the correlations that say what they expect."""
        found: Keys = {}
        value = self._scene.value
        for one in self._to.filters:
            for correlation in one.correlate:
                if correlation.expect is not None:
                    found[correlation.name] = await self._scene.render(correlation.expect, value, input=value)
        if isinstance(self._to.until, Consumption):
            found |= await Ears(self._scene, self._to.until).expected()
        return found

    async def match(self, event: dict[str, Any], memory: Hearing, met: list[int]) -> tuple[int | None, Hearing]:
        """The place of the first filter that `event` passes, None for none; and what that taught of correlations.

        `met` are the places that events passed before: one of `all` counts once.
        """
        if not self._to.filters and self._to.strategy == "any":
            return 0, memory
        for place in range(len(self._to.filters)):
            if self._to.strategy == "all" and place in met:
                continue
            expected = agreed(memory.expected, await self._heard(place, memory, event))
            if expected is not None:
                return place, replace(memory, expected=expected)
        return None, memory

    async def _heard(self, place: int, memory: Hearing, event: dict[str, Any]) -> Keys | None:
        """What `offer` says; a filter whose expression fails does not let the event pass."""
        try:
            return await self.offer(place, memory.filters[self._first + place], event)
        except Fault:
            # Who sends an event must not be able to end the runs that listen for its type.
            return None

    async def offer(self, place: int, known: dict[str, Any], event: dict[str, Any]) -> Keys | None:
        """What the filter at `place` makes of `event`: its values by correlation, None when it does not pass."""
        one = self._to.filters[place]
        return await self._keys(one, event) if await self._passes(one, known, event) else None

    async def _known(self, one: EventFilter) -> dict[str, Any]:
        value = self._scene.value
        return {
            name: await self._scene.render(template, value, input=value)
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
        if not (isinstance(found, str) and is_pattern(wanted)):
            return False
        # A pattern, and its author's: it runs where a costly one can be stopped (S-27).
        return await self._scene.test(_TEST, found, pattern=wanted)

    async def _holds(self, template: Template, found: Any) -> bool:
        """An expression sees the attribute: it says whether it passes, or what it must be."""
        result = await self._scene.render(template, found, input=self._scene.value)
        return result if isinstance(result, bool) else result is not None and result == found

    async def _keys(self, one: EventFilter, event: dict[str, Any]) -> Keys | None:
        """None where the event lacks a value that it should be correlated by."""
        found: Keys = {}
        for correlation in one.correlate:
            key = await self._scene.render(correlation.from_, event.get("data"), input=self._scene.value)
            if key is None:
                return None
            found[correlation.name] = key
        return found


def agreed(expected: Keys, keys: Keys | None) -> Keys | None:
    """What is expected from now on; None when the keys are others. What was not known yet is learned."""
    if keys is None or any(name in expected and expected[name] != key for name, key in keys.items()):
        return None
    return {**expected, **keys}
