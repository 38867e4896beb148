from __future__ import annotations

from typing import Any

from services.engine.activation import Activation
from services.engine.faults import Fault, standard
from services.engine.tasks.outcome import Nest


def nest(activation: Activation, program: str, value: Any) -> Nest:
    """Run what was pinned under the name. Raises Fault `configuration` where nothing was."""
    if program not in activation.programs:
        detail = f"{program} is not part of this deployment; publish it, then deploy again"
        raise Fault(standard("configuration", "Unknown workflow", detail))
    return Nest(program, value)
