from __future__ import annotations

from infra.problems import BadRequest, Conflict, Invalid


class MalformedEvent(BadRequest):
    """The request is no CloudEvent in structured or binary mode. Correct its form and send it again."""

    name = "malformed-event"
    title = "This is no CloudEvent"


class InvalidEvent(Invalid):
    """A CloudEvent, but an attribute breaks the specification. `errors` names it."""

    name = "invalid-event"
    title = "An attribute of the event breaks CloudEvents 1.0"


class EventIdReused(Conflict):
    """The same source used the id for another event. Nothing was stored; give the new event its own id."""

    name = "event-id-reused"
    title = "This event id belongs to another event"
