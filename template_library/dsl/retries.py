"""What a `try` catches, and how it tries again."""

from __future__ import annotations

from typing import Any, Final

from template_library.dsl.checker import Checker
from template_library.dsl.components import Components
from template_library.dsl.model import Constant, Duration, Expression, Retry, Template
from template_library.dsl.positions import step
from template_library.dsl.templates import DELIMITED, Templates
from template_library.dsl.timings import Timings

_BACKOFFS: Final = ("constant", "linear", "exponential")
_FILTER: Final = ("type", "status", "instance", "title", "detail", "details")


class Retries:
    def __init__(self, checker: Checker, templates: Templates, timings: Timings) -> None:
        self._checker = checker
        self._templates = templates
        self._timings = timings
        self.named: Components[Retry] = Components(templates, "retries", self._defined)

    def retry(self, value: Any, pointer: str, arguments: frozenset[str]) -> Retry | None:
        """`catch.retry`: in place, or the name of one of `use.retries`."""
        if not self._checker.uses(pointer, "retry"):
            return None
        if isinstance(value, str):
            return self.named.named(value, pointer, arguments)
        return self._defined(value, pointer, arguments)

    def errors(self, value: Any, pointer: str) -> Template | None:
        """`catch.errors`: written members that an error must have. `details`, as the schema has it, is `detail`."""
        members = self._checker.members(value, pointer, ("with",), required=("with",))
        if not members:
            return None
        pointer = step(pointer, "with")
        wanted = self._checker.members(members["with"], pointer, _FILTER)
        if wanted is None:
            return None
        if not wanted and not members["with"]:
            self._checker.refuse(pointer, "needs at least one member, such as `type`")
        for name, member in wanted.items():
            self._wanted(name, member, step(pointer, name))
        return Constant({"detail" if name == "details" else name: member for name, member in wanted.items()})

    def _wanted(self, name: str, value: Any, pointer: str) -> None:
        if name == "status":
            self._checker.integer(value, pointer, least=0)
        elif self._checker.text(value, pointer) is not None and DELIMITED.fullmatch(value):
            self._checker.refuse(pointer, "errors are filtered by written values; a condition stands in `catch.when`")

    def _defined(self, value: Any, pointer: str, arguments: frozenset[str]) -> Retry | None:
        names = ("when", "exceptWhen", "delay", "backoff", "limit", "jitter")
        members = self._checker.members(value, pointer, names)
        if members is None:
            return None
        limit = self._limit(members.get("limit", {}), step(pointer, "limit"), arguments)
        return Retry(
            when=self._condition(members, "when", pointer, arguments),
            except_when=self._condition(members, "exceptWhen", pointer, arguments),
            delay=self._duration(members, "delay", pointer, arguments),
            backoff=self._backoff(members, pointer),  # type: ignore[arg-type]
            jitter=self._jitter(members, pointer, arguments),
            **limit,
        )

    def _condition(
        self, members: dict[str, Any], name: str, pointer: str, arguments: frozenset[str]
    ) -> Expression | None:
        if name not in members:
            return None
        return self._templates.expression(members[name], step(pointer, name), arguments)

    def _duration(self, members: dict[str, Any], name: str, pointer: str, arguments: frozenset[str]) -> Duration | None:
        if name not in members:
            return None
        return self._timings.duration(members[name], step(pointer, name), arguments)

    def _backoff(self, policy: dict[str, Any], pointer: str) -> str:
        """The language has three, and no settings of theirs."""
        if "backoff" not in policy:
            return "constant"
        pointer = step(pointer, "backoff")
        members = self._checker.members(policy["backoff"], pointer, _BACKOFFS)
        chosen = self._checker.one_of(members, pointer, _BACKOFFS) if members is not None else None
        if members is None or chosen is None:
            return "constant"
        self._checker.members(members[chosen], step(pointer, chosen), ())
        return chosen

    def _limit(self, value: Any, pointer: str, arguments: frozenset[str]) -> dict[str, Any]:
        members = self._checker.members(value, pointer, ("attempt", "duration")) or {}
        at = step(pointer, "attempt")
        attempt = self._checker.members(members.get("attempt", {}), at, ("count", "duration")) or {}
        count = None
        if "count" in attempt:
            count = self._checker.integer(attempt["count"], step(at, "count"), least=0)
        return {
            "count": count,
            "attempt_duration": self._duration(attempt, "duration", at, arguments),
            "duration": self._duration(members, "duration", pointer, arguments),
        }

    def _jitter(
        self, policy: dict[str, Any], pointer: str, arguments: frozenset[str]
    ) -> tuple[Duration, Duration] | None:
        if "jitter" not in policy:
            return None
        pointer = step(pointer, "jitter")
        members = self._checker.members(policy["jitter"], pointer, ("from", "to"), required=("from", "to")) or {}
        least = self._duration(members, "from", pointer, arguments)
        most = self._duration(members, "to", pointer, arguments)
        if least is None or most is None:
            return None
        if isinstance(least, Constant) and isinstance(most, Constant) and least.value > most.value:
            self._checker.refuse(step(pointer, "to"), "must not be less than `from`")
        return least, most
