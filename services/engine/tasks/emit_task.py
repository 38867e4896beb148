from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from services.engine.activation import Activation
from services.engine.faults import Fault, standard
from services.engine.tasks.outcome import Outcome, Output
from template_library.dsl.model import EmitTask


async def run(task: EmitTask, activation: Activation) -> Outcome:
    """The event is the output. Its id is the same in every repetition: it is published once (DSL reference, Emit)."""
    value = activation.top.value
    given = await activation.render(task.event, value, input=value)
    for name in ("source", "type"):
        if not isinstance(given.get(name), str) or not given[name]:
            raise Fault(standard("expression", "The event is incomplete", f"`{name}` must evaluate to a string"))
    event = {"specversion": "1.0", "id": _identity(activation), "time": _time(activation.now)}
    event |= {name: member for name, member in given.items() if member is not None}
    activation.emitted.append(event)
    return Output(event)


def _identity(activation: Activation) -> str:
    frame = activation.top
    text = f"{activation.run.tenant}|{activation.run.id}|{frame.reference}|{frame.iteration}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _time(milliseconds: int) -> str:
    moment: Any = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    return str(moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
