"""Calls of `calendar:1.0.0@default` in a document: what of them can be told before a run makes one (ADR 0102)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_library.dsl import Workflow
from template_library.dsl.model import Constant, FunctionCallTask, MapTemplate, Template
from template_library.policies.tasks import CALENDAR
from tenants.deployments.needs import Uncertain

_NAME: Final = "calendar:1.0.0@default"
_TAKES: Final = {"after": {"duration"}, "between": {"to"}, "cut-off": {"cut_off"}}
"""What each needs; `from` and which calendar it is anybody may say."""
_ALL: Final = {"do", "calendar", "site", "from"}


def mistakes(*workflows: Workflow) -> Iterator[Uncertain]:
    """Calls that can only fail: of another version, that do not say what they ask, or lack what that needs."""
    for task in (task for workflow in workflows for task in workflow.tasks.values()):
        if isinstance(task, FunctionCallTask) and not task.local and CALENDAR.fullmatch(task.function):
            yield from _of_call(task)


def _of_call(task: FunctionCallTask) -> Iterator[Uncertain]:
    at = f"{task.path}/with"
    if task.function != _NAME:
        yield Uncertain(f"{task.path}/call", f"there is no other one than `{_NAME}`")
        return
    given = _members(task.arguments)
    do = given.get("do")
    if not isinstance(do, Constant) or do.value not in _TAKES:
        yield Uncertain(f"{at}/do", f"`do` must be written out; it is one of {', '.join(_TAKES)}")
        return
    needed = _TAKES[do.value]
    for name in sorted(needed - given.keys()):
        yield Uncertain(at, f"`{do.value}` needs `{name}`")
    for name in sorted(given.keys() - needed - _ALL):
        yield Uncertain(f"{at}/{name}", f"`{do.value}` takes no `{name}`")


def _members(arguments: Template) -> dict[str, Template]:
    """As far as they are written down; of an expression that gives all of them, none."""
    if isinstance(arguments, MapTemplate):
        return dict(arguments.members)
    if isinstance(arguments, Constant) and isinstance(arguments.value, dict):
        return {name: Constant(value) for name, value in arguments.value.items()}
    return {}
