from __future__ import annotations

from typing import Any

from services.engine.activation import Activation
from services.engine.state import Start
from services.engine.tasks.nesting import nest
from services.engine.tasks.outcome import Invoke, Outcome, Output
from template_library.dsl.model import NOTHING, RunTask


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
    activation.starts.append(Start(program=program, input=given, key=f"{frame.keyed}|{frame.iteration}"))
    return Output(value)


async def _process(task: RunTask, activation: Activation) -> Outcome:
    value = activation.top.value
    process = await activation.render(task.process or NOTHING, value, input=value)
    document = activation.workflow.document
    arguments = {
        "process": process,
        "await": task.wait,
        "return": task.returns,
        "workflow": {"namespace": document.namespace, "name": document.name, "version": document.version},
        "task": task.name,
    }
    return Invoke(f"run.{task.kind}", arguments)


def completed(task: RunTask, output: Any) -> Any:
    """What a nested workflow's output becomes: a workflow has no other stream than its output."""
    return None if task.returns == "none" else output


def answered(task: RunTask, activation: Activation, answer: Any) -> Output:
    """What comes of a process: its result, or the task's input where nobody waits for it (DSL reference, Run)."""
    return Output(answer if task.wait else activation.top.value)
