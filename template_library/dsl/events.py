"""Events: filters, consumption strategies, what is done with each event, and events that are emitted."""

from __future__ import annotations

import re
from typing import Any, Final

from template_library.dsl import limits
from template_library.dsl.checker import Checker, kind_of
from template_library.dsl.model import Constant, Consumption, Correlation, EventFilter, Expression, Pattern, Template
from template_library.dsl.positions import step
from template_library.dsl.templates import Templates, join

STRATEGIES: Final = ("all", "any", "one")
_ATTRIBUTES: Final = ("id", "source", "type", "time", "subject", "datacontenttype", "dataschema", "data")
_NAME: Final = re.compile(r"[a-z0-9]{1,20}")
URI_REFERENCE: Final = re.compile(r"[^\s<>\"\\^`{|}]+")
_ANCHORED: Final = re.compile(r"\^.*|.*\$", re.DOTALL)
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)


def is_pattern(wanted: Any) -> bool:
    """Whether the text of a filter is a regular expression: it begins with `^` or ends with `$`."""
    return isinstance(wanted, str) and _ANCHORED.fullmatch(wanted) is not None


def plain(one: EventFilter) -> dict[str, str]:
    """The attributes that an event must have as they are written; further ones may be asked for beside them."""
    return {
        name: template.value
        for name, template in one.attributes
        if isinstance(template, Constant) and isinstance(template.value, str) and name != "data"
        if not is_pattern(template.value)
    }


class Events:
    def __init__(self, checker: Checker, templates: Templates) -> None:
        self._checker = checker
        self._templates = templates

    def consumption(
        self, value: Any, pointer: str, arguments: frozenset[str], *, until: bool = True
    ) -> Consumption | None:
        """`listen.to`, `schedule.on`, and with `until` false the events of an `until`."""
        members = self._checker.members(value, pointer, (*STRATEGIES, "until") if until else STRATEGIES)
        strategy = self._checker.one_of(members, pointer, STRATEGIES) if members is not None else None
        if members is None or strategy is None:
            return None
        filters = self._filters(strategy, members[strategy], step(pointer, strategy), arguments)
        end = None
        if "until" in members:
            end = self._until(strategy, members["until"], step(pointer, "until"), arguments)
        forever = isinstance(end, Expression) and end.program == "false"
        return Consumption(strategy, filters, end, forever)  # type: ignore[arg-type]

    def _filters(self, strategy: str, value: Any, pointer: str, arguments: frozenset[str]) -> tuple[EventFilter, ...]:
        if strategy == "one":
            found = self._filter(value, pointer, arguments)
            return () if found is None else (found,)
        if not isinstance(value, list):
            self._checker.refuse(pointer, f"must be a list of event filters, not {kind_of(value)}")
            return ()
        if strategy == "all" and not value:
            self._checker.refuse(pointer, "needs at least one event to wait for")
        if len(value) > limits.FILTERS:
            self._checker.refuse(pointer, f"may have at most {limits.FILTERS} event filters")
            return ()
        filters = (self._filter(one, step(pointer, index), arguments) for index, one in enumerate(value))
        return tuple(one for one in filters if one is not None)

    def _until(
        self, strategy: str, value: Any, pointer: str, arguments: frozenset[str]
    ) -> Expression | Consumption | None:
        if strategy != "any":
            self._checker.refuse(pointer, f"`until` goes with `any`, not with `{strategy}`", name=True)
            return None
        if isinstance(value, str):
            return self._templates.expression(value, pointer, arguments)
        return self.consumption(value, pointer, arguments, until=False)

    def _filter(self, value: Any, pointer: str, arguments: frozenset[str]) -> EventFilter | None:
        members = self._checker.members(value, pointer, ("with", "correlate"), required=("with",))
        if members is None or "with" not in members:
            return None
        at = step(pointer, "with")
        attributes = self._checker.object(members["with"], at)
        if attributes is None:
            return None
        if not attributes:
            self._checker.refuse(at, "needs at least one event attribute, such as `type`")
        wanted = tuple(
            (name, self._wanted(name, member, step(at, name), arguments)) for name, member in attributes.items()
        )
        correlations = self._checker.object(members.get("correlate", {}), step(pointer, "correlate")) or {}
        found = (
            self._correlation(name, one, step(step(pointer, "correlate"), name), arguments)
            for name, one in correlations.items()
        )
        return EventFilter(wanted, tuple(one for one in found if one is not None))

    def _wanted(self, name: str, value: Any, pointer: str, arguments: frozenset[str]) -> Template:
        """An attribute of a filter: text, a pattern, or an expression in `${ }`, in both modes."""
        self._named(name, pointer)
        if isinstance(value, str):
            template = self._templates.text(value, pointer, arguments) or Constant(None)
            if isinstance(template, Constant) and is_pattern(template.value):
                self._templates.patterns.append(Pattern(value, pointer))
            return template
        if name == "data":
            return self._templates.template(value, pointer, arguments)
        if name in _ATTRIBUTES or isinstance(value, dict | list) or value is None:
            self._checker.refuse(pointer, f"must be a string, not {kind_of(value)}")
        return Constant(value)

    def _correlation(self, name: str, value: Any, pointer: str, arguments: frozenset[str]) -> Correlation | None:
        members = self._checker.members(value, pointer, ("from", "expect"), required=("from",))
        if members is None or "from" not in members:
            return None
        origin = self._templates.expression(members["from"], step(pointer, "from"), arguments)
        expect = None
        if "expect" in members:
            expect = self._templates.text(members["expect"], step(pointer, "expect"), arguments)
        return None if origin is None else Correlation(name, origin, expect)

    def emitted(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        """`emit`: the event that is to be emitted."""
        members = self._checker.members(value, pointer, ("event",), required=("event",))
        if not members:
            return None
        pointer = step(pointer, "event")
        event = self._checker.members(members["event"], pointer, ("with",), required=("with",))
        if not event:
            return None
        pointer = step(pointer, "with")
        attributes = self._checker.object(event["with"], pointer)
        if attributes is None:
            return None
        for name in ("source", "type"):
            if name not in attributes:
                self._checker.refuse(pointer, f"`{name}` is missing")
        return join({
            name: self._attribute(name, member, step(pointer, name), arguments)
            for name, member in attributes.items()
        })  # fmt: skip

    def _attribute(self, name: str, value: Any, pointer: str, arguments: frozenset[str]) -> Template:
        self._named(name, pointer)
        if name == "data":
            return self._templates.template(value, pointer, arguments)
        if name in _ATTRIBUTES and self._checker.text(value, pointer) is None:
            return Constant(None)
        if isinstance(value, dict | list) or value is None:
            self._checker.refuse(pointer, f"must be a plain value, not {kind_of(value)}")
        template = self._templates.template(value, pointer, arguments)
        if isinstance(template, Constant):
            self._check_text(name, template.value, pointer)
        return template

    def _check_text(self, name: str, value: Any, pointer: str) -> None:
        if name in {"source", "dataschema"} and not URI_REFERENCE.fullmatch(value):
            self._checker.refuse(pointer, f"`{value[:80]}` is not a URI")
        elif name == "time" and not _MOMENT.fullmatch(value):
            self._checker.refuse(pointer, f"`{value[:80]}` is not a time such as 2026-01-31T08:00:00Z")
        elif name in {"id", "type"} and not value:
            self._checker.refuse(pointer, "must not be empty")

    def _named(self, name: str, pointer: str) -> None:
        if not _NAME.fullmatch(name):
            hint = self._checker.nearest(name.lower(), _ATTRIBUTES)
            message = f"`{name[:80]}` cannot be an attribute: they have small letters and digits, 20 at most{hint}"
            self._checker.refuse(pointer, message, name=True)
