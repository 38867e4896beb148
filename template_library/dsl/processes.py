"""`run`: workflows, containers, scripts and shells."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from template_library.dsl.checker import kind_of
from template_library.dsl.grammar import Grammar, Scope
from template_library.dsl.model import NOTHING, Constant, Resource, RunTask, Subflow, Task, Template
from template_library.dsl.parts import SEMVER, SLUG
from template_library.dsl.positions import step
from template_library.dsl.templates import DELIMITED, join

_KINDS: Final = ("container", "script", "shell", "workflow")
_RETURNS: Final = ("stdout", "stderr", "code", "all", "none")
_LANGUAGES: Final = ("js", "javascript", "python")
_VERSION: Final = re.compile(rf"latest|{SEMVER.pattern}")
_PROCESS: Final = {
    "container": (
        ("image",),
        ("name", "command", "ports", "volumes", "environment", "stdin", "arguments", "lifetime", "pullPolicy"),
    ),
    "script": (("language",), ("code", "source", "stdin", "arguments", "environment")),
    "shell": (("command",), ("stdin", "arguments", "environment")),
}
_OBJECTS: Final = ("ports", "volumes", "environment")

Reader = Callable[[Any, str, Scope], Template | None]


class Processes:
    def __init__(self, grammar: Grammar) -> None:
        self._checker = grammar.checker
        self._grammar = grammar
        self._readers: dict[str, Reader] = {
            "arguments": self._arguments,
            "lifetime": self._lifetime,
            "pullPolicy": self._pull_policy,
            "language": self._language,
            **dict.fromkeys(_OBJECTS, self._object),
        }

    def task(self, value: dict[str, Any], head: dict[str, Any], scope: Scope) -> Task | None:
        pointer = step(head["path"], "run")
        members = self._checker.members(value["run"], pointer, (*_KINDS, "await", "return"))
        kind = self._checker.one_of(members, pointer, _KINDS) if members is not None else None
        if members is None or kind is None or not self._checker.uses(step(pointer, kind), f"run: {kind}"):
            return None
        if "await" in members:
            head["wait"] = self._checker.boolean(members["await"], step(pointer, "await")) is not False
        if "return" in members:
            head["returns"] = self._checker.choice(members["return"], step(pointer, "return"), _RETURNS) or "stdout"
        at = step(pointer, kind)
        if kind == "workflow":
            if head.get("returns", "stdout") not in {"stdout", "none"}:
                words = f"`{head['returns']}` is of processes; a workflow gives its output (`stdout`) or `none`"
                self._checker.refuse(step(pointer, "return"), words)
            subflow = self._subflow(members[kind], at, scope)
            return None if subflow is None else RunTask(**head, kind="workflow", workflow=subflow)
        return self._process(kind, members[kind], at, head, scope)

    def _subflow(self, value: Any, pointer: str, scope: Scope) -> Subflow | None:
        required = ("namespace", "name", "version")
        members = self._checker.members(value, pointer, (*required, "input"), required=required)
        if members is None:
            return None
        before = len(self._checker.violations)
        form = "a name of letters, digits and inner hyphens, at most 63 long"
        for name in ("namespace", "name"):
            if name in members:
                self._checker.text(members[name], step(pointer, name), pattern=SLUG, form=form)
        if "version" in members:
            form = "a semantic version such as 1.0.0, in quotes, or `latest`"
            self._checker.text(members["version"], step(pointer, "version"), pattern=_VERSION, form=form)
        data = self._grammar.templates.template(members.get("input", {}), step(pointer, "input"), scope.definition)
        if len(self._checker.violations) > before or any(name not in members for name in required):
            return None
        self._refuse_self(members, pointer)
        return Subflow(members["namespace"], members["name"], members["version"], data)

    def _refuse_self(self, members: dict[str, Any], pointer: str) -> None:
        own = self._checker.source.value.get("document")
        if not isinstance(own, dict) or any(own.get(name) != members[name] for name in ("namespace", "name")):
            return
        if members["version"] in ("latest", own.get("version")):
            self._checker.refuse(pointer, "a workflow may not run itself")

    def _process(self, kind: str, value: Any, pointer: str, head: dict[str, Any], scope: Scope) -> Task | None:
        required, optional = _PROCESS[kind]
        members = self._checker.members(value, pointer, (*required, *optional), required=required)
        if members is None:
            return None
        read = {
            name: self._readers.get(name, self._text)(member, step(pointer, name), scope)
            for name, member in members.items()
            if name != "source"
        }
        found = {name: one for name, one in read.items() if one is not None}
        source = self._source(members, pointer, scope) if kind == "script" else None
        if source is None:
            return RunTask(**head, kind=kind, process=join(found))  # type: ignore[arg-type]
        found["source"] = join({"uri": source.uri})
        sealed: Template = NOTHING
        if source.authentication is not None:
            policy = join({"authentication": source.authentication})
            sealed = join({"process": join({"source": policy})})
        return RunTask(**head, kind=kind, process=join(found), sealed=sealed)  # type: ignore[arg-type]

    def _source(self, members: dict[str, Any], pointer: str, scope: Scope) -> Resource | None:
        if self._checker.one_of(members, pointer, ("code", "source")) != "source":
            return None
        return self._grammar.resources.resource(members["source"], step(pointer, "source"), scope.definition)

    def _text(self, value: Any, pointer: str, scope: Scope) -> Template | None:
        if self._checker.text(value, pointer) is None:
            return None
        return self._grammar.templates.template(value, pointer, scope.definition)

    def _language(self, value: Any, pointer: str, _: Scope) -> Template | None:
        language = self._checker.choice(value, pointer, _LANGUAGES)
        return None if language is None else Constant(language)

    def _object(self, value: Any, pointer: str, scope: Scope) -> Template | None:
        if isinstance(value, dict) or (isinstance(value, str) and DELIMITED.fullmatch(value)):
            return self._grammar.templates.template(value, pointer, scope.definition)
        self._checker.object(value, pointer)
        return None

    def _arguments(self, value: Any, pointer: str, scope: Scope) -> Template | None:
        if isinstance(value, str) and DELIMITED.fullmatch(value):
            return self._grammar.templates.template(value, pointer, scope.definition)
        if not isinstance(value, list):
            self._checker.refuse(pointer, f"must be a list of strings, not {kind_of(value)}")
            return None
        for index, item in enumerate(value):
            self._checker.text(item, step(pointer, index))
        return self._grammar.templates.template(value, pointer, scope.definition)

    def _pull_policy(self, value: Any, pointer: str, _: Scope) -> Template | None:
        policy = self._checker.choice(value, pointer, ("ifNotPresent", "always", "never"))
        return None if policy is None else Constant(policy)

    def _lifetime(self, value: Any, pointer: str, scope: Scope) -> Template | None:
        members = self._checker.members(value, pointer, ("cleanup", "after"), required=("cleanup",))
        if members is None or "cleanup" not in members:
            return None
        cleanup = self._checker.choice(members["cleanup"], step(pointer, "cleanup"), ("always", "never", "eventually"))
        if (cleanup == "eventually") != ("after" in members):
            words = "`after` is missing" if cleanup == "eventually" else "`after` goes with `cleanup: eventually` only"
            self._checker.refuse(pointer, words)
        found: dict[str, Template] = {"cleanup": Constant(cleanup)}
        if "after" in members:
            after = self._grammar.timings.duration(members["after"], step(pointer, "after"), scope.definition)
            found["after"] = after or Constant(None)
        return join(found)
