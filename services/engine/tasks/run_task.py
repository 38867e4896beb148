from __future__ import annotations

from services.engine.activation import Activation
from services.engine.state import Start
from services.engine.tasks.nesting import nest
from services.engine.tasks.outcome import Invoke, Outcome, Output
from template_library.dsl.model import RunTask


async def run(task: RunTask, activation: Activation) -> Outcome:
    """A nested workflow within this run, or as a run of its own where nobody waits; processes are a function's work."""
    value = activation.top.value
    if task.workflow is None:
        return await _process(task, activation)
    program = f"{task.workflow.namespace}/{task.workflow.name}:{task.workflow.version}"
    given = await activation.render(task.workflow.input, value, input=value)
    nested = nest(activation, program, given)
    if task.wait:
        return nested
    frame = activation.top
    activation.starts.append(Start(program=program, input=given, key=f"{frame.reference}|{frame.iteration}"))
    return Output(value)


async def _process(task: RunTask, activation: Activation) -> Outcome:
    value = activation.top.value
    process = None if task.process is None else await activation.render(task.process, value, input=value)
    return Invoke(f"run.{task.kind}", {"process": process, "await": task.wait, "return": task.returns})
