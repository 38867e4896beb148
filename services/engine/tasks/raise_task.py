from __future__ import annotations

from services.engine.activation import Activation
from services.engine.faults import Fault, standard
from services.engine.functions import ErrorDetails
from services.engine.tasks.outcome import Outcome
from template_library.dsl.model import RaiseTask


async def run(task: RaiseTask, activation: Activation) -> Outcome:
    """Always raises Fault. The runtime sets `instance` (DSL reference, Error)."""
    value = activation.top.value
    error = await activation.render(task.error, value, input=value)
    kind, title, detail = error["type"], error.get("title"), error.get("detail")
    if not isinstance(kind, str):
        raise Fault(standard("expression", "The error has no type", "`type` must evaluate to a string"))
    raise Fault(ErrorDetails(type=kind, status=error["status"], title=_text(title), detail=_text(detail)))


def _text(value: object) -> str:
    return "" if value is None else str(value)
