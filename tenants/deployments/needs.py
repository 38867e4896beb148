"""Which connections a workflow uses, found by a walk over every task, functions and nested lists included (S-38).

A connection and its operation must be written out: a name that an expression computes could reach any connection of the
tenant. At use the engine hands a run its revision's bindings and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from template_library import cross_references
from template_library.dsl import Workflow
from template_library.dsl.model import Constant, FunctionCallTask, MapTemplate, Template
from template_library.manifest import SLUG, Manifest

_CONNECTOR: Final = re.compile(r"connector:[^@]*@default")


class Need(msgspec.Struct, frozen=True):
    """A connection by the name in the document, and the operations that its connector must offer."""

    name: str
    operations: frozenset[str]


class Uncertain(msgspec.Struct, frozen=True):
    """A task whose connection or operation cannot be read off the document."""

    pointer: str
    detail: str


def find(*workflows: Workflow) -> tuple[dict[str, Need], list[Uncertain]]:
    """The connections that documents use, by name, and the tasks that leave it open; such a document is refused.

    A secret of `use.secrets` is a connection too: its settings and secrets are the secret's members. Of one whose ids
    are linked alone no operation is needed.
    """
    used: dict[str, set[str]] = {name: set() for one in workflows for name in one.secrets}
    used |= {name: set() for one in workflows for name in cross_references.connections(one)}
    open_tasks: list[Uncertain] = []
    for task in (task for workflow in workflows for task in workflow.tasks.values()):
        if not isinstance(task, FunctionCallTask) or task.local or not _CONNECTOR.fullmatch(task.function):
            continue
        written = {name: _text(task.arguments, name) for name in ("connection", "operation")}
        open_tasks += _open(task.path, written)
        if written["connection"] and written["operation"]:
            used.setdefault(written["connection"], set()).add(written["operation"])
    return {name: Need(name, frozenset(used[name])) for name in sorted(used)}, open_tasks


def join(found: Mapping[str, Need], manifest: Manifest | None) -> dict[str, Need]:
    """`found`, and what the template's manifest asks for on top."""
    if manifest is None:
        return dict(found)
    joined = dict(found)
    for name, need in manifest.connections.items():
        more = joined[name].operations if name in joined else frozenset()
        joined[name] = Need(name, more | frozenset(need.operations))
    return joined


def _open(path: str, written: Mapping[str, str | None]) -> Iterator[Uncertain]:
    for name, text in written.items():
        if text is None:
            yield Uncertain(f"{path}/with/{name}", f"`{name}` must be written out; no expression may choose it")
    connection = written["connection"]
    if connection is not None and not SLUG.fullmatch(connection):
        yield Uncertain(
            f"{path}/with/connection", "a connection's name has lower-case letters, digits and single hyphens"
        )


def _text(arguments: Template, name: str) -> str | None:
    """The argument `name` where it stands in the document as plain text."""
    value: Any = None
    if isinstance(arguments, Constant) and isinstance(arguments.value, dict):
        value = arguments.value.get(name)
    if isinstance(arguments, MapTemplate):
        members = dict(arguments.members)
        member = members.get(name)
        value = member.value if isinstance(member, Constant) else None
    return value if isinstance(value, str) and value else None
