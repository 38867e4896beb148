"""The three classes of runs: whose turn comes sooner among a tenant's own (ADR 0033)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

Priority = Literal["interactive", "normal", "bulk"]
NAMES: Final[tuple[Priority, ...]] = ("interactive", "normal", "bulk")
"""By the number that rows hold."""
NORMAL: Final = 1
ATTRIBUTE: Final = "runpriority"
"""Extension attribute of a CloudEvent: the class of the runs that this one event begins."""


def number(name: str) -> int:
    """Raises ValueError for any other name."""
    return list[str](NAMES).index(name)


def of_event(attributes: Mapping[str, Any], declared: int) -> int:
    """What the event asks for, else what its deployment declares."""
    asked = attributes.get(ATTRIBUTE)
    return declared if asked is None else number(asked)
