"""Which answers a rule of a manifest is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from services.connectors.declared.document import Statuses
from services.connectors.declared.mapping import Filled, Filling, Unmapped
from services.engine.expressions.comparison import truthy


class Ruled(Protocol):
    """The part of a manifest that a rule stands in; `instead` has both, an error rule one of them at least."""

    @property
    def status(self) -> Statuses | None: ...

    @property
    def when(self) -> str | None: ...


class Fits:
    """Whether a rule fits an answer: by its status, and by a program on its body (null where that is no JSON)."""

    def __init__(self, rule: Ruled, pointer: str) -> None:
        self._statuses = None if rule.status is None else of(rule.status)
        self.when = None if rule.when is None else Filled(rule.when, f"{pointer}/when")

    def may(self, status: int) -> bool:
        """As far as the status tells."""
        return self._statuses is None or status in self._statuses

    async def does(self, status: int, body: Any, variables: Mapping[str, Any], filling: Filling) -> bool:
        """A program that fails on this body fits it not: rules ask bodies of many forms."""
        if not self.may(status):
            return False
        if self.when is None:
            return True
        try:
            return truthy(await self.when.of(body, variables, filling))
        except Unmapped:
            return False


def of(given: Statuses) -> frozenset[int]:
    """All that are meant: `4xx` is a hundred of them."""
    listed = given if isinstance(given, list) else [given]
    return frozenset(
        status
        for one in listed
        for status in ([one] if isinstance(one, int) else range(int(one[0]) * 100, int(one[0]) * 100 + 100))
    )
