"""The last commit of a run: its end, with everything that tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from infra import crash_points, ids
from infra.telemetry import instruments, trace
from services.engine import lifecycle, values
from services.engine.claims import Claim
from services.engine.definitions import Definition
from services.engine.faults import kind_of
from services.engine.functions import ErrorDetails, without_words
from services.engine.journal import Audit, Message
from services.engine.lifecycle import Subject
from services.engine.payloads import LARGE_OUTPUT
from services.engine.progress import Progress
from services.engine.state import Ended, Snapshot


class Ending:
    """One for each claim."""

    def __init__(self, claim: Claim, progress: Progress) -> None:
        self._claim = claim
        self._progress = progress

    async def end(self, definition: Definition, ended: Ended, stood: Snapshot | None = None, failing: str = "") -> None:
        """What the workflow came to. `definition` is the run's; `stood`: what to try a faulted run again from.

        `failing`: public id of the connection that it failed at, for whoever looks after the run.
        """
        error = msgspec.to_builtins(ended.error) if ended.error else None
        crash_points.pass_by("end.before")
        if await self._commit(
            ended.state,
            definition.identity,
            error,
            output=self._progress.large.text(ended.output, LARGE_OUTPUT) if ended.state == "completed" else None,
            error=_stored(error | _beside(definition, stood, failing)) if error else None,
            kept=self._progress.large.encode(stood) if stood else None,
        ):
            crash_points.pass_by("end.committed")
            self._tell(ended.state, ended.error)

    async def unrunnable(self, fault: ErrorDetails, identity: Mapping[str, str]) -> None:
        """A pinned document or an input that cannot be run: the run ends with the cause, its worker goes on."""
        error = msgspec.to_builtins(fault)
        described = _stored(error)
        self._progress.add("workflow.faulted", data=values.encode({"error": error}).decode())
        if await self._commit("faulted", identity, error, error=described, kept=self._claim.snapshot):
            self._tell("faulted", fault)

    async def _commit(
        self, run_state: str, identity: Mapping[str, str], fault: dict[str, Any] | None, **columns: Any
    ) -> bool:
        claim = self._claim
        # The audit is read by the partner's people, too, and kept for years: it has no words that may quote a payload.
        after = values.encode({"error": without_words(fault)} if fault else {}).decode()
        told = Subject(tenant=claim.tenant_id, run=claim.run_id, definition=identity)
        event = lifecycle.own(told, self._progress.line(f"workflow.{run_state}"))
        message = Message(ids.new(), lifecycle.TOPIC, values.encode(event).decode())
        audit = Audit(ids.new(), f"run.{run_state}", ids.show("run", claim.run_id), after)
        return await self._progress.commit(run_state, audit=(audit,), messages=(message,), **columns)

    def _tell(self, run_state: str, error: ErrorDetails | None) -> None:
        instruments.RUNS_ENDED.add(1, run_state)
        seconds = max((self._claim.moment() - self._claim.created_at).total_seconds(), 0.0)
        instruments.RUN_DURATION.record(seconds, run_state)
        trace.current().note("state", run_state)
        if error is not None:
            trace.current().fail(kind_of(error))


def _beside(definition: Definition, stood: Snapshot | None, failing: str) -> dict[str, Any]:
    """What the run's row has with its error, for whoever looks after it."""
    takes_skip = stood is not None and stood.failed is not None and stood.failed.takes_skip
    undoes = definition.interpreter.program.workflow.compensation
    return (
        ({"connection": failing} if failing else {})
        | ({"skippable": True} if takes_skip else {})
        | ({"compensation": undoes} if undoes else {})
    )


def _stored(error: dict[str, Any]) -> str:
    """As the run's row has it: people look for runs by type and place, and a document's words may be any."""
    return values.encode(
        {name: values.plain(member) if isinstance(member, str) else member for name, member in error.items()}
    ).decode()
