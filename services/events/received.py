from __future__ import annotations

from uuid import UUID

import msgspec

from services.events.cloud_event import CloudEvent


class Received(msgspec.Struct, frozen=True):
    """An event at the door: the id that it gets if it is new, who sent it (`key:key_…`), the place in its trace.

    `depth`: runs and events between it and an event from outside, which has 0.
    """

    event_id: UUID
    event: CloudEvent
    actor: str
    trace: bytes | None = None
    depth: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same event as another: source and id (CloudEvents 1.0, `id`)."""
        return self.event.source, self.event.id
