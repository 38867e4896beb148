from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from services.engine.activation import Activation
from services.engine.faults import Fault, standard
from services.engine.tasks.outcome import Outcome, Output
from services.events.cloud_event import faults
from template_library.dsl.events import URI_REFERENCE
from template_library.dsl.model import EmitTask


async def run(task: EmitTask, activation: Activation) -> Outcome:
    """The event is the output. Its id is the same in every repetition: it is published once (DSL reference, Emit)."""
    value = activation.top.value
    given = await activation.render(task.event, value, input=value)
    event = {"specversion": "1.0", "id": _identity(activation), "time": _time(activation.now)}
    event |= {name: member for name, member in given.items() if member is not None}
    _check(event)
    activation.emitted.append(event)
    return Output(event)


def _check(event: dict[str, Any]) -> None:
    """Raises Fault where nobody would take the event in, and where an address is none (CloudEvents 1.0.2)."""
    attributes = {name: member for name, member in event.items() if name != "data"}
    found = {one["pointer"][1:]: one["detail"] for one in faults(attributes, event.get("data"))}
    for name in ("source", "dataschema"):
        if name not in found and name in event and not URI_REFERENCE.fullmatch(event[name]):
            found[name] = "must be a URI"
    if found:
        detail = "; ".join(f"`{name}` {words}" for name, words in found.items())
        raise Fault(standard("expression", "This is no CloudEvent", detail))


def _identity(activation: Activation) -> str:
    frame = activation.top
    text = f"{activation.run.tenant}|{activation.run.id}|{frame.keyed}|{frame.iteration}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _time(milliseconds: int) -> str:
    moment: Any = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    return str(moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
