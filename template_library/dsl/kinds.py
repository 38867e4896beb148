"""`document.metadata.exceptions`: the kinds of exceptions that a document declares (ADR 0130)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from template_library.dsl.checker import Checker
from template_library.dsl.durations import DurationError, milliseconds
from template_library.dsl.model import Constant, Document, ExceptionKind, MapTemplate, RaiseTask, Task, Template
from template_library.dsl.positions import step

POINTER: Final = "/document/metadata/exceptions"
CATEGORIES: Final = ("failed", "uncertain", "parked", "quarantined", "outage", "dead-letter", "missed", "data")
"""Of what stands still, as the desk has them."""
STANDARD: Final = "https://serverlessworkflow.io/spec/"
_MOST: Final = 100
_LONGEST: Final = {"title": 80, "runbook": 20_000}
_SLUG: Final = re.compile(r"[a-z0-9](-?[a-z0-9]){0,62}")
_FORM: Final = "a slug: lower-case letters, digits and single hyphens"
_REQUIRED: Final = ("title", "owner", "runbook")


class Kinds:
    def __init__(self, checker: Checker) -> None:
        self._checker = checker

    def read(self, document: Document | None, tasks: Mapping[str, Task]) -> dict[str, ExceptionKind] | None:
        """By name; None where the document declares nothing. What its tasks raise has to be among them."""
        if document is None or "exceptions" not in document.metadata:
            return None
        declared = self._checker.object(document.metadata["exceptions"], POINTER)
        if declared is None:
            return None
        if len(declared) > _MOST:
            self._checker.refuse(POINTER, f"at most {_MOST} kinds of exceptions may be declared")
        found = {}
        for name, one in declared.items():
            at = step(POINTER, name)
            if not _SLUG.fullmatch(name):
                self._checker.refuse(at, f"`{name[:80]}` is not {_FORM}", name=True)
            found[name] = self._kind(one, at)
        for pointer, name in unknown(tasks, declared):
            near = self._checker.nearest(name, declared)
            words = f"`{name[:80]}` is none of the kinds of exceptions that the document declares{near}"
            self._checker.refuse(pointer, words)
        return {name: one for name, one in found.items() if one is not None}

    def _kind(self, value: Any, at: str) -> ExceptionKind | None:
        members = self._checker.members(value, at, (*_REQUIRED, "within", "category"), required=_REQUIRED)
        if members is None or any(name not in members for name in _REQUIRED):
            return None
        title, runbook = (self._words(members[name], step(at, name), _LONGEST[name]) for name in ("title", "runbook"))
        owner = self._checker.text(members["owner"], step(at, "owner"), pattern=_SLUG, form=_FORM)
        within = self._length(members["within"], step(at, "within")) if "within" in members else None
        category = None
        if "category" in members:
            category = self._checker.choice(members["category"], step(at, "category"), CATEGORIES)
        if title is None or runbook is None or owner is None:
            return None
        return ExceptionKind(title=title, owner=owner, runbook=runbook, within=within, category=category)

    def _words(self, value: Any, at: str, most: int) -> str | None:
        text = self._checker.text(value, at)
        if text is not None and not 0 < len(text.strip()) <= most:
            self._checker.refuse(at, f"must have 1 to {most} characters")
        return text

    def _length(self, value: Any, at: str) -> int | None:
        try:
            found = milliseconds(value)
        except DurationError as error:
            self._checker.refuse(at, str(error))
            return None
        if not found:
            self._checker.refuse(at, "must be more than nothing")
        return found


def unknown(tasks: Mapping[str, Task], declared: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where something is raised that is none of the declared kinds, and the name that it would have.

    Nothing of an error whose type is computed, of a standard one, and of what is raised inside a `try`, which may
    be caught there.
    """
    for task in tasks.values():
        if not isinstance(task, RaiseTask) or "/try/" in task.path:
            continue
        kind = _type(task.error)
        name = None if kind is None or kind.startswith(STANDARD) else re.sub(r"^.*[/:#]", "", kind)
        if name is not None and name not in declared:
            yield f"{task.path}/raise/error", name


def _type(error: Template) -> str | None:
    value: Any = None
    if isinstance(error, Constant) and isinstance(error.value, dict):
        value = error.value.get("type")
    elif isinstance(error, MapTemplate):
        of_type = dict(error.members).get("type")
        value = of_type.value if isinstance(of_type, Constant) else None
    return value if isinstance(value, str) else None
