"""Small rules of a run that must give the same answer everywhere. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from services.engine.faults import standard
from services.engine.functions import Call, Done, ErrorDetails, Failed, Later, Unknown
from services.engine.state import Snapshot, Step
from services.engine.waits import Calling, Effect, Verdict

UNKNOWN: Final = "The outcome is unknown"
UNCERTAIN: Final = "/errors/outcome-unknown"
"""Type of the error of a task whose effect may or may not have happened."""
_CONFLICT: Final = 409
_UNAVAILABLE: Final = 503
_FIRST_DELAY: Final = 0.5
_LONGEST_DELAY: Final = 30.0
DEEPEST: Final = 8
"""Runs and events in a row, each of which set the next one going (S-34)."""


def idempotency_key(tenant: UUID, run: UUID, reference: str, iteration: int) -> str:
    """sha256 hex. Equal for every repetition of one effect: retry, crash, replay; different for every other effect."""
    return hashlib.sha256(f"{tenant}|{run}|{reference}|{iteration}".encode()).hexdigest()


def key_of(effect: Effect, tenant: UUID, run: UUID) -> str:
    """The effect's idempotency key, wherever its task has been moved to since."""
    return idempotency_key(tenant, run, effect.key or effect.reference, effect.iteration)


def call_of(  # noqa: PLR0913 (the parts of one call)
    effect: Effect,
    *,
    tenant: UUID,
    run: UUID,
    attempt: int = 1,
    bindings: Mapping[str, UUID] | None = None,
    groups: Mapping[str, UUID] | None = None,
    has_waited: bool = False,
    fence: int = 0,
) -> Call:
    """The call that an effect asks for."""
    return Call(
        function=effect.function,
        arguments=effect.arguments,
        reference=effect.reference,
        key=key_of(effect, tenant, run),
        tenant=tenant,
        run=run,
        bindings=dict(bindings or {}),
        groups=dict(groups or {}),
        attempt=attempt,
        has_waited=has_waited,
        fence=fence,
    )


def delay(later: Later, attempt: int, chance: float) -> float:
    """Seconds until the next call: 0.5 doubled to 30 with full jitter, never under the other side's own wish.

    `attempt` is that of the call just answered; `chance` is uniform in [0, 1).
    """
    ceiling = min(_LONGEST_DELAY, _FIRST_DELAY * 2.0 ** min(attempt - 1, 10))
    return max(later.seconds or 0.0, ceiling * chance)


def calling(snapshot: Snapshot, strand: int) -> Calling:
    """The open call of a strand. Raises LookupError where it has none."""
    for one, wait in snapshot.calls():
        if one.id == strand:
            return wait
    raise LookupError(strand)


def waits(snapshot: Snapshot, strand: int) -> bool:
    """Whether the strand still waits for an answer."""
    return any(one.id == strand for one, _ in snapshot.calls())


def attempt(snapshot: Snapshot) -> int:
    """The highest attempt of the open calls, 1 where there is none."""
    return max((wait.attempt for _, wait in snapshot.calls()), default=1)


def put_off(  # noqa: PLR0913 (what was answered, and what is known of it)
    snapshot: Snapshot, strand: int, later: Later, due: int, *, is_doubtful: bool = False, now: int | None = None
) -> Snapshot:
    """The snapshot when the call of `strand` answered `Later` and is made again at `due`, Unix milliseconds.

    `is_doubtful`: it was looked for, and nobody knows yet what became of it. `now`: Unix milliseconds. That a request
    of it went out is kept whatever its terms are, since people or files may take it over (ADR 0035).
    """
    wait = calling(snapshot, strand)
    tries = wait.attempt if later.parked else wait.attempt + 1
    changed = replace(
        wait,
        attempt=tries,
        due=due,
        reason=later.reason,
        ref=later.ref,
        parked=later.parked,
        line=later.line,
        last=now if later.sent and wait.last is None else wait.last,
    )
    if later.absent:
        changed = replace(changed, sent=False, first=None, last=None)
    elif not is_doubtful:
        changed = replace(changed, sent=wait.sent and later.uncertain)
    return _with(snapshot, {strand: changed})


def unsent(snapshot: Snapshot, strand: int) -> Snapshot:
    """The snapshot when the first call of `strand` was noted before it, and no request of it went out."""
    return _with(snapshot, {strand: replace(calling(snapshot, strand), first=None, last=None)})


def unparked(snapshot: Snapshot) -> Snapshot:
    """The snapshot as it is claimed: calls that were parked may be made now."""
    parked = {one.id: replace(wait, due=None, parked=False) for one, wait in snapshot.calls() if wait.parked}
    return _with(snapshot, parked)


def sent(snapshot: Snapshot, careful: set[int], aging: set[int], now: int) -> Snapshot:
    """The snapshot to store before calls: of `careful` strands, which may not be made twice, and of `aging` keys."""
    changes = {
        strand: replace(wait, sent=wait.sent or strand in careful, first=wait.first or now, last=now)
        for strand in careful | aging
        for wait in (calling(snapshot, strand),)
    }
    return _with(snapshot, changes)


def asked(snapshot: Snapshot, strand: int, now: int, reason: str) -> Snapshot:
    """The snapshot when only a person can say what became of the call of `strand`."""
    wait = replace(calling(snapshot, strand), asked=now, sent=True, due=None, parked=False, reason=reason)
    return _with(snapshot, {strand: wait})


def known(snapshot: Snapshot, strand: int, verdict: Verdict | None, *, is_sent: bool) -> Snapshot:
    """The snapshot with what is known of the call of `strand`, which is asked about no more."""
    wait = replace(calling(snapshot, strand), verdict=verdict, asked=None, due=None, sent=is_sent)
    return _with(snapshot, {strand: wait if is_sent or verdict else replace(wait, first=None, last=None)})


def undue(snapshot: Snapshot, strands: set[int]) -> Snapshot:
    """The snapshot while the calls of `strands` are under way: no clock asks for them."""
    due = {strand for strand in strands if calling(snapshot, strand).due is not None}
    return _with(snapshot, {strand: replace(calling(snapshot, strand), due=None) for strand in due})


def rested(snapshot: Snapshot, strands: set[int], due: int) -> Snapshot:
    """The snapshot when those who are in line come before the next calls of `strands`, which are made at `due`."""
    reason = "it takes messages in batches, and other runs are in line"
    changes = {one: replace(calling(snapshot, one), due=due, goes_on=False, reason=reason) for one in strands}
    return _with(snapshot, changes)


def usage(effect: Effect, answer: Done | Failed) -> str:
    """What is metered of an answer, empty for nothing: no call that never went out, and no batch without messages."""
    if isinstance(answer, Failed):
        return "call" if answer.sent else ""
    is_batch = effect.function == "asyncapi" and effect.arguments.get("subscription") is not None
    return "" if is_batch and not answer.output["messages"] else answer.usage


def joined(first: Step, second: Step) -> Step:
    """Two steps in a row as one."""
    return replace(
        second,
        entries=[*first.entries, *second.entries],
        emitted=[*first.emitted, *second.emitted],
        starts=[*first.starts, *second.starts],
    )


def _with(snapshot: Snapshot, changes: Mapping[int, Calling]) -> Snapshot:
    if not changes:
        return snapshot
    strands = [replace(one, wait=changes[one.id]) if one.id in changes else one for one in snapshot.strands]
    return replace(snapshot, strands=strands)


def out_of_patience(later: Later) -> Failed:
    """The answer to resume with when the engine waits no longer; metered when its last call went out."""
    return Failed(error=later.error, sent=later.sent, ref=later.ref if later.ref.startswith("con_") else "")


def outcome_unknown(what: str) -> Unknown:
    """The answer to a call that was sent, whose answer a crash swallowed and that nobody can look for."""
    detail = f"{what} was sent and its answer was lost; look in the other system"
    return Unknown(error=standard("communication", UNKNOWN, detail), sent=False)


def stood_still(what: str) -> Later:
    """The answer to a call that was not made since too much time has passed: another worker may have it by now."""
    reason = f"{what} was not sent: this worker stood still before it"
    error = standard("communication", "It was not sent", reason, status=_UNAVAILABLE)
    return Later(reason=reason, ref="", error=error, seconds=0.0, sent=False)


def final(answer: Done | Failed | Later | Unknown) -> Done | Failed:
    """What to resume with where nobody waits any longer and nobody is asked."""
    if isinstance(answer, Unknown):
        return Failed(error=uncertain(answer.error.detail), sent=answer.sent)
    return out_of_patience(answer) if isinstance(answer, Later) else answer


def uncertain(why: str) -> ErrorDetails:
    """The task's error where what became of its effect stays unknown.

    No standard one: a `retry` that repeats those must not repeat this.
    """
    return ErrorDetails(type=UNCERTAIN, status=_CONFLICT, title=UNKNOWN, detail=why)
