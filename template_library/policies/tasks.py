"""What a task of a document may write, and what a call of a run does: as far as it is written down, else anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from template_library import cross_references, evidence, holds, notices
from template_library.dsl.model import (
    Constant,
    FunctionCallTask,
    HttpCallTask,
    MapTemplate,
    ProtocolCallTask,
    RunTask,
    Task,
    Template,
)
from template_library.human_tasks import FAMILY
from template_library.policies.capabilities import ANYTHING, NOTHING, Access, Writes

CONNECTOR: Final = re.compile(r"connector:[^@]*@default")
CALENDAR: Final = re.compile(r"calendar:[^@]*@default")
_READING_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_READING_TOOLS: Final = frozenset(
    {"tools/list", "prompts/list", "prompts/get", "resources/list", "resources/read", "resources/templates/list"}
)
_OPEN: Final = object()
"""A value that is known when the task runs."""

Operations = Callable[[str, str], Access | None]
"""The access of an operation of a connection, both by the names that the document gives them; None: unknown."""


def of_task(task: Task, operations: Operations) -> Writes:
    """What the task itself may write, not what it encloses or runs."""
    if isinstance(task, FunctionCallTask):
        return NOTHING if task.local else _of_function(task, operations)
    if isinstance(task, HttpCallTask):
        return of_protocol("http", {"method": _value(task.method)})
    if isinstance(task, ProtocolCallTask):
        arguments = {"method": member(task.arguments, "method")}
        return of_protocol(task.protocol, arguments | ({"subscription": True} if task.subscription else {}))
    if isinstance(task, RunTask):
        return NOTHING if task.workflow is not None else ANYTHING
    return NOTHING


def of_protocol(function: str, arguments: Mapping[str, Any]) -> Writes:
    """What a call that goes by no connection may write, by the function and its arguments."""
    method = arguments.get("method")
    if function == "http":
        return NOTHING if isinstance(method, str) and method.upper() in _READING_METHODS else ANYTHING
    if function == "mcp":
        return NOTHING if isinstance(method, str) and method in _READING_TOOLS else ANYTHING
    if function == "asyncapi":
        return NOTHING if arguments.get("subscription") is not None else ANYTHING
    return ANYTHING


def _of_function(task: FunctionCallTask, operations: Operations) -> Writes:
    if CALENDAR.fullmatch(task.function) is not None or task.function == holds.NAME:  # nothing outside
        return NOTHING
    if task.function in {notices.NAME, evidence.NAME, cross_references.NAME}:
        return NOTHING  # words to somebody, a list of papers, or which ids are of one, and nothing that a system keeps
    if FAMILY.fullmatch(task.function) is not None:
        return NOTHING  # what a person decides is written by what comes behind
    if CONNECTOR.fullmatch(task.function) is None:
        return ANYTHING
    connection, operation = (member(task.arguments, name) for name in ("connection", "operation"))
    found = operations(connection, operation) if isinstance(connection, str) and isinstance(operation, str) else None
    if found is None:
        return ANYTHING
    return found.of(_input(task.arguments, found.member))


def _input(arguments: Template, member: str) -> dict[str, Any]:
    """The operation's input as far as it is written down; an expression may give it any `member`."""
    given = part(arguments, "input")
    if given is None:
        return {}
    if isinstance(given, MapTemplate):
        return {name: _value(one) for name, one in given.members}
    value = _value(given)
    return value if isinstance(value, dict) else {member: _OPEN}


def member(arguments: Template, name: str) -> Any:
    """The argument where it is written down, as JSON; None where it is absent."""
    found = part(arguments, name)
    return None if found is None else _value(found)


def part(arguments: Template, name: str) -> Template | None:
    """The argument as the document has it; a value that nobody knows where something computes all of them."""
    if isinstance(arguments, MapTemplate):
        return dict(arguments.members).get(name)
    if isinstance(arguments, Constant) and isinstance(arguments.value, dict):
        return Constant(arguments.value[name]) if name in arguments.value else None
    return Constant(_OPEN)


def _value(template: Template) -> Any:
    return template.value if isinstance(template, Constant) else _OPEN
