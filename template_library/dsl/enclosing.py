"""Tasks that enclose others: `do`, `for`, `fork`, `try`, `listen`; and iterators over what a task consumes."""

from __future__ import annotations

import re
from collections.abc import Sized
from typing import Any, Final, Protocol

from template_library.dsl import limits
from template_library.dsl.grammar import Grammar, Scope
from template_library.dsl.model import (
    Catch,
    DoTask,
    Expression,
    ForkTask,
    ForTask,
    Iterator,
    ListenTask,
    Task,
    Transform,
    TryTask,
)
from template_library.dsl.positions import step
from template_library.dsl.templates import RESERVED

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Reading(Protocol):
    """Reads a task list."""

    def __call__(self, value: Any, pointer: str, scope: Scope, *, apart: bool = False) -> tuple[str, ...]: ...


class Enclosing:
    def __init__(self, grammar: Grammar, read: Reading) -> None:
        self._checker = grammar.checker
        self._grammar = grammar
        self._read = read
        self.builders: Final = {
            "do": self._do,
            "for": self._for,
            "fork": self._fork,
            "try": self._try,
            "listen": self._listen,
        }

    def _do(self, value: dict[str, Any], head: dict[str, Any], scope: Scope) -> Task | None:
        return DoTask(**head, tasks=self._read(value["do"], step(head["path"], "do"), scope.inside()))

    def _for(self, value: dict[str, Any], head: dict[str, Any], scope: Scope) -> Task | None:
        path = head["path"]
        pointer = step(path, "for")
        loop = self._checker.members(value["for"], pointer, ("each", "in", "at"), required=("in",))
        if loop is None:
            return None
        each, at = self._variables(loop, pointer, "each", "at")
        inside = scope.inside(each, at)
        within = None
        if "in" in loop:
            within = self._grammar.templates.expression(loop["in"], step(pointer, "in"), scope.definition)
        condition = self._condition(value, "while", path, inside)
        if "do" not in value:
            self._checker.refuse(path, "`do` is missing")
        tasks = self._read(value["do"], step(path, "do"), inside) if "do" in value else ()
        if within is None:
            return None
        return ForTask(**head, each=each, at=at, within=within, while_=condition, tasks=tasks)

    def _fork(self, value: dict[str, Any], head: dict[str, Any], scope: Scope) -> Task | None:
        pointer = step(head["path"], "fork")
        members = self._checker.members(value["fork"], pointer, ("branches", "compete"), required=("branches",))
        if members is None or "branches" not in members:
            return None
        compete = False
        if "compete" in members:
            compete = self._checker.boolean(members["compete"], step(pointer, "compete")) or False
        branches, pointer = members["branches"], step(pointer, "branches")
        if isinstance(branches, Sized) and len(branches) > limits.BRANCHES:
            self._checker.refuse(pointer, f"a fork may have at most {limits.BRANCHES} branches")
            return None
        return ForkTask(**head, branches=self._read(branches, pointer, scope.inside(), apart=True), compete=compete)

    def _try(self, value: dict[str, Any], head: dict[str, Any], scope: Scope) -> Task | None:
        path = head["path"]
        tasks = self._read(value["try"], step(path, "try"), scope.inside())
        if "catch" not in value:
            self._checker.refuse(path, "`catch` is missing")
            return None
        catch = self._catch(value["catch"], step(path, "catch"), scope)
        return None if catch is None else TryTask(**head, tasks=tasks, catch=catch)

    def _catch(self, value: Any, pointer: str, scope: Scope) -> Catch | None:
        names = ("errors", "as", "when", "exceptWhen", "retry", "do")
        members = self._checker.members(value, pointer, names)
        if members is None:
            return None
        name = self._variable(members["as"], step(pointer, "as")) if "as" in members else "error"
        inside = scope.inside(name)
        errors = retry = None
        if "errors" in members:
            errors = self._grammar.retries.errors(members["errors"], step(pointer, "errors"))
        if "retry" in members:
            retry = self._grammar.retries.retry(members["retry"], step(pointer, "retry"), inside.definition)
        return Catch(
            errors=errors,
            name=name,
            when=self._condition(members, "when", pointer, inside),
            except_when=self._condition(members, "exceptWhen", pointer, inside),
            retry=retry,
            tasks=self._read(members["do"], step(pointer, "do"), inside) if "do" in members else (),
        )

    def _listen(self, value: dict[str, Any], head: dict[str, Any], scope: Scope) -> Task | None:
        path = head["path"]
        pointer = step(path, "listen")
        members = self._checker.members(value["listen"], pointer, ("to", "read"), required=("to",))
        if members is None or "to" not in members:
            return None
        read = "data"
        if "read" in members:
            words = ("data", "envelope", "raw")
            read = self._checker.choice(members["read"], step(pointer, "read"), words) or "data"
        to = self._grammar.events.consumption(members["to"], step(pointer, "to"), scope.definition)
        foreach = None
        if "foreach" in value:
            foreach = self.iterator(value["foreach"], step(path, "foreach"), scope)
        if to is None:
            return None
        return ListenTask(**head, to=to, read=read, foreach=foreach)  # type: ignore[arg-type]

    def iterator(self, value: Any, pointer: str, scope: Scope) -> Iterator | None:
        """`foreach` of a listen task or a subscription."""
        members = self._checker.members(value, pointer, ("item", "at", "do", "output", "export"))
        if members is None:
            return None
        item, at = self._variables(members, pointer, "item", "at")
        inside = scope.inside(item, at)
        output, export = Transform(), Transform()
        parts = self._grammar.parts
        if "output" in members:
            output = parts.transform(members["output"], step(pointer, "output"), "as", inside.definition)
        if "export" in members:
            export = parts.transform(members["export"], step(pointer, "export"), "as", inside.export)
        tasks = self._read(members["do"], step(pointer, "do"), inside) if "do" in members else ()
        return Iterator(item=item, at=at, tasks=tasks, output=output, export=export)

    def _condition(self, members: dict[str, Any], name: str, pointer: str, scope: Scope) -> Expression | None:
        if name not in members:
            return None
        return self._grammar.templates.expression(members[name], step(pointer, name), scope.definition)

    def _variables(self, members: dict[str, Any], pointer: str, item: str, index: str) -> tuple[str, str]:
        """The names of the variables of an item and of its index, or the names that they have by default."""
        names = {item: "item", index: "index"}
        for one in (item, index):
            if one in members:
                names[one] = self._variable(members[one], step(pointer, one))
        if names[item] == names[index]:
            self._checker.refuse(pointer, f"the item and its index are both named `{names[item]}`")
        return names[item], names[index]

    def _variable(self, value: Any, pointer: str) -> str:
        form = "a name of letters, digits and underscores"
        if self._checker.text(value, pointer, pattern=_VARIABLE, form=form) is None:
            return "item"
        if value in RESERVED:
            self._checker.refuse(pointer, f"`${value}` is an argument of the language; choose another name")
        return str(value)
