"""What every protocol's function has in common: arguments as a struct, errors as answers, one measurement a call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import msgspec

from infra import clock
from infra.telemetry import instruments
from services.engine import decisions, values
from services.engine.functions import Answer, Call, Done, Failed, Terms
from services.protocols import errors

T = TypeVar("T")


class ProtocolFunction(ABC):
    """Fills the engine's Function and Cautious protocols."""

    name: ClassVar[str]

    async def __call__(self, call: Call) -> Answer:
        began = clock.monotonic()
        answer = await self._answer(call)
        outcome = "done" if isinstance(answer, Done) else "failed"
        instruments.CONNECTOR_CALLS.record(clock.monotonic() - began, self.name, "request", outcome)
        return answer

    async def _answer(self, call: Call) -> Answer:
        try:
            with errors.leaving():
                return Done(output=await self.perform(call))
        except errors.Refusal as refusal:
            return Failed(error=refusal.error, sent=refusal.sent)

    async def terms(self, call: Call) -> Terms | None:
        """See `Cautious`. What may not be repeated is sent once; a worker's death during it is a person's question."""
        if await self.may_repeat(call):
            return None
        return Terms(mode="once-or-ask", operation=self.operation(call))

    async def settle(self, call: Call) -> Answer:
        """Nobody can look for what a request of a document did."""
        return decisions.outcome_unknown(self.operation(call))

    def operation(self, call: Call) -> str:
        """What is called, for people: no member that may hold a secret."""
        del call
        return self.name

    @abstractmethod
    async def perform(self, call: Call) -> Any:
        """The task's output, as JSON.

        Raises:
            Refusal: the call failed.
            Refused, Failed: of egress; they become the task's error.
        """

    @abstractmethod
    async def may_repeat(self, call: Call) -> bool:
        """Whether the same call may be made again after a crash that swallowed its answer."""


def read(arguments: Mapping[str, Any], form: type[T]) -> T:
    """The arguments of a call as `form`.

    Raises:
        Refusal: `configuration`, naming the argument and never its value.
    """
    try:
        return msgspec.convert(arguments, form)
    except msgspec.ValidationError as error:
        raise errors.configuration("An argument of the call has the wrong type", errors.mismatch(error)) from None


def bounded(value: Any) -> Any:
    """`value`, when a run can hold it.

    Raises:
        Refusal: `communication`: too deep or too large.
    """
    try:
        values.check_bounds(value)
    except values.ValueRefused as error:
        raise errors.unreadable(f"the answer is {error}") from error
    return value
