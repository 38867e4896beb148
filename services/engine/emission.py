"""What a run sets going beside itself: events that it emits, runs that it starts without waiting for them.

Both leave as messages in the checkpoint that follows from them; the relay hands them on, and what it hands on twice
counts once. Each is one deeper than what moved the run, so that workflows that set each other going come to an end.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from services.engine import values
from services.engine.claims import Claim
from services.engine.decisions import DEEPEST
from services.engine.journal import Message
from services.engine.state import Step

EMIT: Final = "emit"
START: Final = "start"


class Emitted(msgspec.Struct, frozen=True):
    """The body of a message of topic `emit`: a CloudEvent in the JSON format.

    `actor`: who emitted it, where that was no run; `run` is empty then.
    """

    run: str
    depth: int
    event: msgspec.Raw
    actor: str = ""


class Started(msgspec.Struct, frozen=True):
    """The body of a message of topic `start`, whose id is that of the new run. `run` is the public id of its parent."""

    run: str
    depth: int
    deployment_id: UUID
    revision: int
    program: str
    input: msgspec.Raw


def messages(claim: Claim, step: Step) -> list[Message]:
    """In the order in which the run made them. None may be sent when the run is too deep: see `refused`."""
    run, depth = ids.show("run", claim.run_id), step.snapshot.run.depth + 1
    if depth > DEEPEST:
        return []
    made = [_message(EMIT, Emitted(run, depth, msgspec.Raw(values.encode(event)))) for event in step.emitted]
    for one in step.starts:
        value = msgspec.Raw(values.encode(one.input))
        body = Started(run, depth, claim.deployment_id, claim.revision, one.program, value)
        made.append(_message(START, body))
    return made


def refused(step: Step) -> list[dict[str, Any]]:
    """For the journal and the audit: what is not sent, since it would be the ninth in a row."""
    if step.snapshot.run.depth < DEEPEST:
        return []
    reason = f"more than {DEEPEST} runs and events in a row would have set each other going"
    found: list[dict[str, Any]] = [
        {"event": {name: one.get(name) for name in ("source", "id", "type")}, "reason": reason} for one in step.emitted
    ]
    return found + [{"workflow": one.program, "reason": reason} for one in step.starts]


def _message(topic: str, body: Emitted | Started) -> Message:
    return Message(ids.new(), topic, msgspec.json.encode(body).decode())
