"""What a run waits for as the API shows it: types of events to everybody, the rest as far as the caller may see it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from services.api.fields import Instant
from services.api.payloads import Show
from services.engine import values
from services.engine.open_waits import Awaited, Kind, OpenWait
from services.engine.standing import MOST_AHEAD, Standing


class AwaitedEvent(msgspec.Struct, frozen=True, kw_only=True):
    type: Annotated[str | None, Meta(description="Null for any.")]
    attributes: Annotated[
        Any, Meta(description="What its other attributes must be. Null for a key above the client; masked as its data.")
    ]
    met: Annotated[bool, Meta(description="Of a listener for all of several events: this one has come.")]


class RunWait(msgspec.Struct, frozen=True, kw_only=True):
    """One of the things that the run waits for."""

    kind: Annotated[
        Kind,
        Meta(
            description="`uncertain`: a person is to say what became of a call; a `connection` that is away, a `slot`"
            " or the `quota` of one; `manual`: a person is to do it; `playbook`: that the connection's is left;"
            " `person`: somebody is to do a human task;"
            " `hold`: that none keeps an order;"
            " `program`, or `call` for any other answer; `event`; `timer`, or the next `attempt` of what failed."
            " `key`: the run waits for nothing else while another one has its key."
        ),
    ]
    reference: Annotated[str, Meta(description="JSON pointer of the task that waits; empty of a `key`.")]
    name: str
    connection: Annotated[str | None, Meta(description="Id of the connection, or what the function said it waits for.")]
    run: Annotated[str | None, Meta(description="Of a `key`: the run that has it now.")]
    task: Annotated[str | None, Meta(description="Of a `person`: the human task that they are to do.")]
    away_since: Annotated[Instant | None, Meta(description="While the connection has an outage.")]
    reason: Annotated[str | None, Meta(examples=["it answered with status 503"])]
    attempt: Annotated[int | None, Meta(description="Of the call, or of the tasks that are tried; from 1.")]
    unknown: Annotated[bool, Meta(description="The call may not be made again, and nobody knows its outcome.")]
    until: Annotated[Instant | None, Meta(description="When the clock moves it.")]
    interrupted_at: Annotated[Instant | None, Meta(description="When the time limit around it is over.")]
    events: list[AwaitedEvent]
    heard: Annotated[int, Meta(description="Events that it has taken so far.")]
    correlation: Annotated[
        Any,
        Meta(description="Values that its events must agree on, as far as they are known; as much as `attributes`."),
    ]


class RunLine(msgspec.Struct, frozen=True, kw_only=True):
    """The run is in line: nothing keeps it but the runs before it."""

    ahead: Annotated[int, Meta(description=f"Runs of the same tenant that come before it, counted to {MOST_AHEAD:,}.")]
    alone: Annotated[bool, Meta(description="It will run apart from all others, since its worker died.")]


def waits(found: Standing, show: Show) -> list[RunWait]:
    """`show` makes of JSON what the caller may see of it."""
    return [_wait(one, found, show) for one in found.waits]


def line(found: Standing) -> RunLine | None:
    return None if found.ahead is None else RunLine(ahead=found.ahead, alone=found.is_alone)


def _wait(one: OpenWait, found: Standing, show: Show) -> RunWait:
    return RunWait(
        kind=one.kind,
        reference=one.reference,
        name=one.name,
        connection=None if one.kind in {"key", "person"} else one.ref or None,
        run=one.ref if one.kind == "key" else None,
        task=one.ref if one.kind == "person" else None,
        away_since=found.outages.get(one.ref),
        reason=one.reason or None,
        attempt=one.attempt,
        unknown=one.unknown,
        until=one.until,
        interrupted_at=one.interrupted_at,
        events=[_event(event, show) for event in one.events],
        heard=one.heard,
        correlation=show(values.encode(one.correlation).decode()) if one.correlation else None,
    )


def _event(event: Awaited, show: Show) -> AwaitedEvent:
    return AwaitedEvent(type=event.type, attributes=show(values.encode(event.attributes).decode()), met=event.is_met)
