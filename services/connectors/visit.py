"""One operation of one connection on behalf of one call: what is sent, and what is looked for."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from infra import clock
from services.connectors.registry import Checked
from services.connectors.sdk.connector import Absent, CannotTell, Connector, Found, ReadBack, Refused
from services.connectors.sdk.context import Context, OpenConnection
from services.connectors.sdk.errors import Misread, Refusal
from services.engine import decisions
from services.engine.functions import STANDARD_ERRORS, Answer, Done, ErrorDetails, Failed, Later, Unknown

UNKNOWN: Final = "The outcome is unknown"
_BROKEN: Final = 502
_ASKED: Final = frozenset({"check-then-write", "once-or-ask"})
"""Modes in which a person is asked what became of a call."""
_SETTLED_TIMES: Final = 2.0
"""As often as a request may last: behind that, none of ours is on its way any more, nor being worked on."""


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `with` of the task. `connection` is a name in the deployment's bindings.

    `whom`, in a document `for`: what rules choose by where the name has a group of connections (`choices`).
    `authority`: the decision that a guarded write states for the matrix to let it go by itself (ADR 0119).
    """

    connection: str
    operation: str
    input: Any = msgspec.field(default_factory=dict)
    whom: Any = msgspec.field(name="for", default=None)
    authority: Any = None


class Visit:
    """All that is known before anything is sent."""

    def __init__(
        self,
        connector: Connector,
        checked: Checked,
        arguments: Arguments,
        context: Context,
        planned: float | None = None,
    ) -> None:
        """`planned`: see `Call`."""
        self._planned = planned
        self._connector = connector
        self.checked = checked
        self._values = arguments.input
        self.name = arguments.connection
        self.context = context
        self.care = checked.care(arguments.input, context.settings)

    @property
    def connection(self) -> OpenConnection:
        return self.context.connection

    @property
    def input(self) -> Any:
        return self._values

    @property
    def operation(self) -> str:
        return self.checked.operation.name

    @property
    def evens_out(self) -> bool:
        """Whether a request that arrives late does no harm; that the effect is absent counts at once."""
        return self.care.mode == "check-then-write" and self.checked.operation.evens_out

    @property
    def may_look(self) -> bool:
        """Whether it has a row in the ledger, and its connector can find out what became of it."""
        return self.checked.reads_back is not None and self.care.mode in {"check-then-write", "once-or-ask"}

    @property
    def settled_seconds(self) -> float:
        """After its last request, that an effect is absent is the last word."""
        return _SETTLED_TIMES * float(self.connection.settings.get("timeout_seconds", 30))

    @property
    def is_late(self) -> bool:
        """Whether a request that begins now may arrive when others already take the effect for absent."""
        return self._planned is not None and clock.monotonic() - self._planned > self.settled_seconds / _SETTLED_TIMES

    async def call(self) -> Answer:
        """Do it; `check-then-write` only where it is not there yet.

        Raises:
            Refusal, Away: see `Connector.call`.
        """
        if self.care.mode == "check-then-write":
            found = await self._look()
            if not isinstance(found, Absent):
                return self._seen(found)
            if self.is_late:
                return decisions.stood_still(self.operation)
        try:
            output = await self._connector.call(self.operation, self._values, self.context)
        except Misread as misread:
            if self.context.quiet:
                return self._unfit("it cannot be mapped", None)
            return self._unfit(misread.detail, misread.answer, misread.heard)
        return self._fit(output)

    async def read_back(self) -> Answer:
        """What an earlier call did; `Later` with `absent` where it is not there.

        Raises:
            Refusal, Away: see `ReadsBack.read_back`.
        """
        found = await self._look()
        return absent("it was looked for and has not happened") if isinstance(found, Absent) else self._seen(found)

    def unknown(self, why: str, answer: Any = None) -> Unknown:
        """The answer where nobody but a person can tell, with what was exchanged."""
        known: dict[str, Any] = {} if answer is None else {"output": answer}
        if self.context.exchanges:
            known["exchanges"] = [msgspec.to_builtins(one) for one in self.context.exchanges]
        return unknown(why, known or None, sent=self.context.sent)

    async def _look(self) -> ReadBack:
        if self.checked.reads_back is None:
            return CannotTell("it cannot be looked for")
        try:
            return await self.checked.reads_back.read_back(self.operation, self._values, self.context)
        except Misread as misread:
            return CannotTell(f"what looking for it was answered cannot be read: {misread.detail}", misread.answer)

    def _seen(self, found: Found | CannotTell | Refused) -> Answer:
        if isinstance(found, Refused):
            kind = f"{STANDARD_ERRORS}communication"
            error = ErrorDetails(type=kind, status=found.status, title=found.title, detail=found.why)
            return Failed(error=error, sent=self.context.sent)
        return self._fit(found.output) if isinstance(found, Found) else self.unknown(found.why, found.answer)

    def _fit(self, output: Any) -> Answer:
        # What a run waits for is read by people who may not see the answer, which is kept beside it.
        is_hidden = self.care.mode in _ASKED or self.context.quiet
        fault = self.checked.fault_in_output(output, hidden=is_hidden)
        return self._unfit(fault, output) if fault else Done(output=output)

    def _unfit(self, fault: str, answer: Any, heard: str = "") -> Answer:
        """What was answered is no output of the operation; `heard`: the other side's words of it.

        Raises:
            Refusal: of what may be repeated.
        """
        if self.care.mode in _ASKED:
            return self.unknown(f"{self.operation} was answered with what is no output of it: {fault}", answer)
        # The effect may have happened: a person looks, nothing repeats it.
        told = f"{fault}: {heard}" if heard else fault
        raise Refusal(told, name="communication", status=_BROKEN, title="The operation's output is not valid")


def unknown(why: str, answer: Any = None, *, sent: bool = False) -> Unknown:
    error = ErrorDetails(type=f"{STANDARD_ERRORS}communication", status=_BROKEN, title=UNKNOWN, detail=why)
    return Unknown(error=error, answer=answer, sent=sent)


def absent(reason: str) -> Later:
    """The call is made as for the first time."""
    error = ErrorDetails(type=f"{STANDARD_ERRORS}communication", status=503, title="It has not happened", detail=reason)
    return Later(reason=reason, ref="", error=error, seconds=0.0, sent=False, absent=True)
