"""Durations and timeouts of a document."""

from __future__ import annotations

import re
from typing import Any, Final

from template_library.dsl import durations
from template_library.dsl.checker import Checker, kind_of
from template_library.dsl.components import Components
from template_library.dsl.model import Constant, Duration, Expression, Template
from template_library.dsl.positions import step
from template_library.dsl.templates import DELIMITED, Templates, join

_ISO_BEGINS: Final = re.compile(r"P[\dT]")


class Timings:
    def __init__(self, checker: Checker, templates: Templates) -> None:
        self._checker = checker
        self._templates = templates
        self.named: Components[Duration] = Components(templates, "timeouts", self._defined)

    def duration(self, value: Any, pointer: str, arguments: frozenset[str]) -> Duration | None:
        """A Constant of milliseconds; what has expressions is counted when it is evaluated."""
        if isinstance(value, str):
            return self._text(value, pointer, arguments)
        if not isinstance(value, dict):
            self._checker.refuse(pointer, f"must be a duration such as PT30S or {{seconds: 30}}, not {kind_of(value)}")
            return None
        if not value:
            self._checker.refuse(pointer, "a duration needs at least one unit, such as `seconds`")
        before = len(self._checker.violations)
        members = self._checker.members(value, pointer, durations.UNITS) or {}
        units = {name: self._unit(count, step(pointer, name), arguments) for name, count in members.items()}
        template = join({name: unit for name, unit in units.items() if unit is not None})
        if len(self._checker.violations) > before or not value:
            return None
        return self._counted(template.value, pointer) if isinstance(template, Constant) else template

    def written(self, value: Any, pointer: str) -> int | None:
        """Milliseconds of a duration that may hold no expression, since nothing is there that one could use."""
        duration = self.duration(value, pointer, frozenset())
        if duration is None or isinstance(duration, Constant):
            return None if duration is None else int(duration.value)
        self._checker.refuse(pointer, "a schedule has no data for an expression: write the duration out")
        return None

    def timeout(self, value: Any, pointer: str, arguments: frozenset[str]) -> Duration | None:
        """`timeout` of a task or the workflow: in place, or the name of one of `use.timeouts`."""
        if isinstance(value, str):
            return self.named.named(value, pointer, arguments)
        return self._defined(value, pointer, arguments)

    def _defined(self, value: Any, pointer: str, arguments: frozenset[str]) -> Duration | None:
        members = self._checker.members(value, pointer, ("after",), required=("after",))
        if members is None or "after" not in members:
            return None
        return self.duration(members["after"], step(pointer, "after"), arguments)

    def _unit(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        if isinstance(value, str) and DELIMITED.fullmatch(value):
            return self._templates.text(value, pointer, arguments)
        count = self._checker.integer(value, pointer, least=0)
        return None if count is None else Constant(count)

    def _text(self, value: str, pointer: str, arguments: frozenset[str]) -> Duration | None:
        if DELIMITED.fullmatch(value):
            return self._templates.text(value, pointer, arguments)
        if self._templates.loose and not _ISO_BEGINS.match(value):
            template = self._templates.template(value, pointer, arguments)
            if isinstance(template, Expression):
                return template
        return self._counted(value, pointer)

    def _counted(self, value: Any, pointer: str) -> Constant | None:
        try:
            return Constant(durations.milliseconds(value))
        except durations.DurationError as error:
            self._checker.refuse(pointer, str(error))
            return None
