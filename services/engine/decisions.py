"""Small rules of a run that must give the same answer everywhere. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final
from uuid import UUID

import msgspec

from services.engine.faults import standard
from services.engine.functions import Call, Failed, Later
from services.engine.state import Effect, Snapshot

_FIRST_DELAY: Final = 0.5
_LONGEST_DELAY: Final = 30.0


def idempotency_key(tenant: UUID, run: UUID, reference: str, iteration: int) -> str:
    """sha256 hex. Equal for every repetition of one effect: retry, crash, replay; different for every other effect."""
    return hashlib.sha256(f"{tenant}|{run}|{reference}|{iteration}".encode()).hexdigest()


def call_of(
    effect: Effect, *, tenant: UUID, run: UUID, attempt: int = 1, bindings: Mapping[str, UUID] | None = None
) -> Call:
    """The call that an effect asks for."""
    return Call(
        function=effect.function,
        arguments=effect.arguments,
        reference=effect.reference,
        key=idempotency_key(tenant, run, effect.reference, effect.iteration),
        tenant=tenant,
        run=run,
        bindings=dict(bindings or {}),
        attempt=attempt,
    )


def delay(later: Later, attempt: int, chance: float) -> float:
    """Seconds until the next call: 0.5 doubled to 30 with full jitter, never under the other side's own wish.

    `attempt` is that of the call just answered; `chance` is uniform in [0, 1).
    """
    ceiling = min(_LONGEST_DELAY, _FIRST_DELAY * 2.0 ** min(attempt - 1, 10))
    return max(later.seconds or 0.0, ceiling * chance)


def parked(snapshot: Snapshot) -> Snapshot:
    """The snapshot to store when a call answered `Later`."""
    return msgspec.structs.replace(snapshot, attempt=snapshot.attempt + 1, sent=False)


def out_of_patience(later: Later) -> Failed:
    """The answer to resume with when the engine waits no longer; metered when its last call went out."""
    return Failed(error=later.error, sent=later.sent)


def outcome_unknown(effect: Effect) -> Failed:
    """The answer to a call that was sent and whose answer a crash swallowed. Not metered: it may never have arrived."""
    detail = f"{effect.name} was sent and its answer was lost; look in the other system before you do it again"
    return Failed(error=standard("communication", "The outcome is unknown", detail), sent=False)
