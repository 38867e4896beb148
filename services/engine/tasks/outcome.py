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
    """Leave the interpreter and call a function. `goes_on`: see `Calling`."""

    function: str
    arguments: dict[str, Any]
    goes_on: bool = False


class Sleep(msgspec.Struct, frozen=True):
    """Nothing until a moment, in Unix milliseconds."""

    until: int


class Spread(msgspec.Struct, frozen=True):
    """Run each branch of a fork as a strand of its own, on `value`."""

    value: Any
    branches: int


class Nest(msgspec.Struct, frozen=True):
    """Run another workflow on the raw input `value` and wait for it."""

    program: str
    value: Any


class Hear(msgspec.Struct, frozen=True):
    """Wait for an event; the frame's memory says for which."""


Outcome = Output | Descend | Invoke | Sleep | Spread | Nest | Hear
