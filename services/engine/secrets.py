"""The protocol by which a worker opens the secrets of a run's deployment, at the moment of a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import UUID

import msgspec


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
