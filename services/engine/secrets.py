"""The protocol by which a worker opens the secrets of a run's deployment, at the moment of a call."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec

from services.engine.faults import standard
from services.engine.functions import Later

KMS_UNAVAILABLE: Final = "kms_unavailable"
LOOK_SECONDS: Final = 10.0
"""At least so long a run waits before it looks again whether its secrets can be opened."""


class Opened(msgspec.Struct, frozen=True):
    """Secrets in the hand of one call.

    Attributes:
        members: each secret's members by its name.
        origins: URL of the only place that a secret may be sent to, by its name; one that is not there may go anywhere.
        hide: a JSON value without them, whatever form they have in its texts; what came back goes through it (S-72).
    """

    members: dict[str, Any]
    hide: Callable[[Any], Any]
    origins: dict[str, str] = {}


def key_service_away(what: str, ref: str = "") -> Later:
    """The answer to a call whose secrets cannot be unwrapped now: it waits, and no attempt of it is used up (F-27)."""
    reason = f"{KMS_UNAVAILABLE}: the secrets of {what} cannot be opened while the key service is away"
    error = standard("communication", "Secrets cannot be opened at the moment", reason, status=503)
    seconds = LOOK_SECONDS * random.uniform(1, 2)  # noqa: S311 (jitter, no secret)
    return Later(reason=reason, ref=ref, error=error, seconds=seconds, sent=False, parked=True)


class Secrets(Protocol):
    async def open(self, tenant: UUID, bindings: Mapping[str, UUID], names: tuple[str, ...]) -> Opened:
        """The secrets of these names.

        Raises:
            Problem: one cannot be opened; 503 while that may change by itself.
        """
        ...


class NoSecrets:
    """Where nobody has any: every secret is an object without members."""

    async def open(self, tenant: UUID, bindings: Mapping[str, UUID], names: tuple[str, ...]) -> Opened:
        del tenant, bindings
        return Opened({name: {} for name in names}, lambda value: value)
