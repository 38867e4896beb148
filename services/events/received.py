from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec

from services.events.cloud_event import CloudEvent

Beside = Callable[[Any, UUID], Awaitable[None]]
"""Writes what belongs to a new event, in its transaction: called with the connection and our id of the event."""


class Received(msgspec.Struct, frozen=True):
    """An event at the door: the id that it gets if it is new, who sent it (`key:key_…`), the place in its trace.

    `depth`: runs and events between it and an event from outside, which has 0. `beside`: what is stored with it.
    """

    event_id: UUID
    event: CloudEvent
    actor: str
    trace: bytes | None = None
    depth: int = 0
    beside: Beside | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same event as another: source and id (CloudEvents 1.0, `id`)."""
        return self.event.source, self.event.id
