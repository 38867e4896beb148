"""Which answers a rule of a manifest is about."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

from services.connectors.declared.document import Codes, Statuses
from services.connectors.declared.mapping import Filled, Filling, Unmapped
from services.engine.expressions.comparison import truthy


class Ruled(Protocol):
    """The part of a manifest that a rule stands in; `instead` has both, an error rule one of them at least."""

    @property
    def status(self) -> Statuses | None: ...

    @property
    def code(self) -> Codes | None: ...

    @property
    def when(self) -> str | None: ...


class Fits:
    """Whether a rule fits an answer: by its status, an error's codes, and a program on its body.

    That is null where it is not of the operation's form.
    """

    def __init__(self, rule: Ruled, pointer: str) -> None:
        self._statuses = None if rule.status is None else of(rule.status)
        self._codes = None if rule.code is None else frozenset(str(one) for one in _listed(rule.code))
        self.when = None if rule.when is None else Filled(rule.when, f"{pointer}/when")

    def may(self, status: int, codes: AbstractSet[str]) -> bool:
        """As far as status and codes tell."""
        if self._codes is not None and self._codes.isdisjoint(codes):
            return False
        return self._statuses is None or status in self._statuses

    async def does(self, body: Any, variables: Mapping[str, Any], filling: Filling) -> bool:
        """Whether its program, if any, fits the body. One that fails does not: rules ask bodies of many forms."""
        if self.when is None:
            return True
        try:
            return truthy(await self.when.of(body, variables, filling))
        except Unmapped:
            return False


def of(given: Statuses) -> frozenset[int]:
    """All that are meant: `4xx` is a hundred of them."""
    return frozenset(
        status
        for one in _listed(given)
        for status in ([one] if isinstance(one, int) else range(int(one[0]) * 100, int(one[0]) * 100 + 100))
    )


def _listed(given: Statuses | Codes) -> list[int | str]:
    return given if isinstance(given, list) else [given]
