"""Values that fit a document: what its expressions read is there, as text, as a list where it is iterated over."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

from template_library.dsl.model import (
    Constant,
    Consumption,
    EventFilter,
    Expression,
    ForTask,
    HttpCallTask,
    Workflow,
)

HOST: Final = "https://sample.example"
_PATH: Final = re.compile(r"(?<![\w\])\"])(\$\w+)?((?:\.[A-Za-z_]\w*|\[\d+\])+)")
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]")
_VARIABLE: Final = re.compile(r"\{(\w+)\}")
_TEXT: Final = re.compile(r'"(?:[^"\\(]|\\[^(])*"')


def of_workflow(workflow: Workflow) -> Any:
    """An input: an event where events start the workflow, else what its schema asks for and its expressions read."""
    if workflow.schedule is not None and workflow.schedule.on is not None:
        return _events_input(workflow, workflow.schedule.on)
    found: dict[str, Any] = {}
    schema = workflow.input.schema
    if schema is not None and isinstance(schema.document, dict):
        given = of_schema(schema.document)
        found = given if isinstance(given, dict) else {}
    return merged(of_data(workflow), found)


def of_data(workflow: Workflow) -> dict[str, Any]:
    """One object with everything that expressions read of the data."""
    found: dict[str, Any] = {}
    for expression in workflow.expressions:
        for variable, path in _paths(expression.program):
            if not variable or variable == "$input":
                _put(found, path)
            elif variable == "$workflow" and path[:1] == ["input"]:
                _put(found, path[1:])
    _put_of_tasks(found, workflow)
    content = found.get("content")
    return merged(content, found) if isinstance(content, dict) else found


def _put_of_tasks(found: dict[str, Any], workflow: Workflow) -> None:
    """Variables of addresses, and lists where tasks iterate."""
    for task in workflow.tasks.values():
        if isinstance(task, HttpCallTask) and isinstance(task.endpoint, Constant):
            for name in _VARIABLE.findall(str(task.endpoint.value)):
                _put(found, [name])
        if isinstance(task, ForTask):
            for variable, path in _paths(task.within.program):
                if not variable:
                    _put(found, path, [_item(workflow, task.each)])


def of_filter(workflow: Workflow, one: EventFilter, number: int) -> dict[str, Any]:
    """An event that passes."""
    event: dict[str, Any] = {"specversion": "1.0", "id": f"event-{number}", "source": "/samples", "type": "sample"}
    data: dict[str, Any] = {}
    for correlation in one.correlate:
        for _, path in _paths(correlation.from_.program):
            _put(data, path)
    for name, template in one.attributes:
        if isinstance(template, Constant):
            event[name] = template.value
        elif isinstance(template, Expression) and name == "data":
            for _, path in _paths(template.program):
                _put(data, path)
    return {**event, "data": merged(of_data(workflow), data) if "data" not in event else event["data"]}


def of_schema(schema: dict[str, Any]) -> Any:
    """A value of the simple schemas that documents have."""
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if "enum" in schema or "const" in schema:
        return schema.get("const", next(iter(schema.get("enum", [])), None))
    if kind == "object":
        return {name: of_schema(one) for name, one in schema.get("properties", {}).items() if isinstance(one, dict)}
    if kind == "array":
        return [of_schema(schema.get("items", {}))]
    if kind in {"integer", "number"}:
        return schema.get("minimum", 1)
    return True if kind == "boolean" else f"{HOST}/text"


def merged(first: Any, second: Any) -> Any:
    """`second` laid over `first`, objects member by member."""
    if isinstance(first, dict) and isinstance(second, dict):
        return {name: merged(first.get(name), second.get(name, first.get(name))) for name in {**first, **second}}
    return first if second is None else second


def _events_input(workflow: Workflow, on: Consumption) -> list[dict[str, Any]]:
    filters = on.filters[:1] if on.strategy != "all" else on.filters
    events = [of_filter(workflow, one, number) for number, one in enumerate(filters)]
    read = of_data(workflow)
    for number, event in enumerate(events):
        known = read.get(str(number), {})
        event["data"] = merged(event["data"], known.get("data") if isinstance(known, dict) else None)
    return events


def _item(workflow: Workflow, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for expression in workflow.expressions:
        for variable, path in _paths(expression.program):
            if variable == f"${name}":
                _put(found, path)
    return found


def _paths(program: str) -> list[tuple[str, list[str]]]:
    return [
        (match[1] or "", [name or index for name, index in _STEP.findall(match[2])])
        for match in _PATH.finditer(_TEXT.sub('""', program))
    ]


def _word(name: str) -> str:
    """Most texts may be addresses; what is called a host is a part of one."""
    return urlsplit(HOST).netloc if name.lower() in {"host", "hostname", "domain"} else f"{HOST}/{name}"


def _put(found: dict[str, Any], path: list[str], value: Any = None) -> None:
    for name in path[:-1]:
        known = found.get(name)
        found[name] = known if isinstance(known, dict) else {}
        found = found[name]
    if path and (value is not None or path[-1] not in found):
        found[path[-1]] = _word(path[-1]) if value is None else value
