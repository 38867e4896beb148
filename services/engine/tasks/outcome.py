"""What running the body of a task asks of the interpreter."""

from __future__ import annotations

from typing import Any

import msgspec


class Output(msgspec.Struct, frozen=True):
    """The raw output. `then` overrides the task's own directive (`switch`)."""

    value: Any
    then: str | None = None


class Descend(msgspec.Struct, frozen=True):
    """Open the task's children, the first on `value`."""

    value: Any


class Invoke(msgspec.Struct, frozen=True):
    """Leave the interpreter and call a function."""

    function: str
    arguments: dict[str, Any]


Outcome = Output | Descend | Invoke
