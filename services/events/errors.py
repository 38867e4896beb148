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


class EventBreaksSchema(Invalid):
    """The event's data are not of the schema that holds for them; `schema` names it, `errors` say where.

    Nothing was stored. Correct the data and send the event again under the same id.
    """

    name = "event-breaks-schema"
    title = "The event's data break their schema"


class UnknownEventSchema(Invalid):
    """`dataschema` names a schema that is not registered, or another type's. Name one that is, or leave it out."""

    name = "unknown-event-schema"
    title = "No such schema of this event type"


class UnknownEventType(Invalid):
    """The catalogue does not know this type. Send the schema that its data have."""

    name = "unknown-event-type"
    title = "The catalogue does not know this event type"


class UnusableEventSchema(Invalid):
    """This is no schema that can be registered. `errors` says what to change."""

    name = "unusable-event-schema"
    title = "This schema cannot be registered"


class IncompatibleEventSchema(Conflict):
    """The schema would break who sends or reads by the one before; `errors` names each path. Nothing was registered.

    Further members that nobody has to send may be added. For everything else take a type of another name.
    """

    name = "incompatible-event-schema"
    title = "The schema would break those who rely on the one before"


class TooManyEventSchemas(Conflict):
    """The environment has as many schemas as it may, each version counted."""

    name = "too-many-event-schemas"
    title = "No further schema is taken now"
