"""What a picture of a workflow says about each task, in a line or two."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from template_library.dsl import durations
from template_library.dsl.model import (
    Constant,
    Consumption,
    EmitTask,
    Expression,
    ForkTask,
    ForTask,
    FunctionCallTask,
    HttpCallTask,
    ListenTask,
    MapTemplate,
    ProtocolCallTask,
    RaiseTask,
    RunTask,
    SetTask,
    SwitchTask,
    Task,
    Template,
    TryTask,
    WaitTask,
)

_MOST: Final = 500


def title(task: Task) -> str:
    """`metadata.title`, else the name as words: `check-credit` is Check credit."""
    given = task.definition.get("metadata", {}).get("title")
    if isinstance(given, str) and given.strip():
        return _bounded(given.strip())
    words = task.name.replace("-", " ").replace("_", " ").strip() or task.name
    return _bounded(words[:1].upper() + words[1:])


def detail(task: Task) -> str | None:
    """What the task is about: its operation, its conditions, its members. Never a header, a query or an argument."""
    found = _detail(task)
    return _bounded(found) if found else None


def _detail(task: Task) -> str | None:
    if isinstance(task, FunctionCallTask | HttpCallTask | ProtocolCallTask):
        return _call(task)
    if isinstance(task, EmitTask | ListenTask):
        return _events(task)
    if isinstance(task, SetTask):
        return ", ".join(_names(task.value)) or None
    if isinstance(task, RaiseTask | TryTask):
        error = task.error if isinstance(task, RaiseTask) else task.catch.errors
        return _text(_member(error, "title") or _member(error, "type")) if error is not None else None
    return _control(task)


def _control(task: Task) -> str | None:
    if isinstance(task, SwitchTask):
        return "\n".join(
            case.name if case.when is None else f"{case.name}: {case.when.program.strip()}" for case in task.cases
        )
    if isinstance(task, ForTask):
        return f"{task.each}: {task.within.program.strip()}"
    if isinstance(task, WaitTask):
        return durations.text(task.duration.value) if isinstance(task.duration, Constant) else "…"
    if isinstance(task, RunTask):
        return task.workflow.name if task.workflow is not None else task.kind
    return f"the first of {len(task.branches)}" if isinstance(task, ForkTask) and task.compete else None


def _call(task: FunctionCallTask | HttpCallTask | ProtocolCallTask) -> str:
    if isinstance(task, HttpCallTask):
        return f"{_text(task.method).upper()} {_address(task.endpoint)}"
    if isinstance(task, FunctionCallTask):
        operation = _member(task.arguments, "operation")
        return operation if isinstance(operation, str) else task.function
    named = [_member(task.arguments, name) for name in ("operationId", "operation", "channel", "method")]
    return f"{task.protocol} {_text(next((one for one in named if one is not None), None))}"


def _events(task: EmitTask | ListenTask) -> str | None:
    if isinstance(task, EmitTask):
        return _text(_member(task.event, "type"))
    return "\n".join(_awaited(task.to)) or None


def _awaited(consumption: Consumption) -> list[str]:
    types = [dict(one.attributes).get("type") for one in consumption.filters]
    return [_text(one) for one in types if one is not None]


def _names(template: Template) -> list[str]:
    if isinstance(template, MapTemplate):
        return [name for name, _ in template.members]
    return list(template.value) if isinstance(template, Constant) and isinstance(template.value, dict) else []


def _member(template: Template, name: str) -> Any:
    """The written value of a member, the template of one that is computed, None for none."""
    if isinstance(template, Constant):
        return template.value.get(name) if isinstance(template.value, dict) else None
    if isinstance(template, MapTemplate):
        found = dict(template.members).get(name)
        return found.value if isinstance(found, Constant) else found
    return None


def _text(value: Any) -> str:
    if isinstance(value, Constant):
        value = value.value
    return value if isinstance(value, str) else "…"


def _address(endpoint: Template) -> str:
    """Host and path: a user's name, a password or a query in a URL stays where it is."""
    if isinstance(endpoint, Expression):
        return "…"
    try:
        parts = urlsplit(_text(endpoint))
    except ValueError:
        return "…"
    return parts.netloc.rpartition("@")[2] + parts.path


def _bounded(text: str) -> str:
    return text if len(text) <= _MOST else text[: _MOST - 1] + "…"
