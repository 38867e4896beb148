from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from template_library.dsl import reader
from template_library.dsl.calls import Calls
from template_library.dsl.checker import Checker
from template_library.dsl.compensations import Compensations
from template_library.dsl.extensions import Extensions
from template_library.dsl.functions import LocalFunctions
from template_library.dsl.grammar import Grammar, Scope
from template_library.dsl.keys import Keys
from template_library.dsl.kinds import Kinds
from template_library.dsl.model import Document, FunctionCallTask, RunTask, Task, Workflow
from template_library.dsl.readiness import PROCESSES
from template_library.dsl.schedules import Schedules, trigger
from template_library.dsl.tasks import Tasks
from template_library.dsl.templates import WORKFLOW_INPUT, WORKFLOW_OUTPUT

_USE: Final = (
    "authentications",
    "catalogs",
    "errors",
    "extensions",
    "functions",
    "retries",
    "secrets",
    "timeouts",
)


def parse(
    text: str,
    *,
    filename: str = "workflow",
    functions: Collection[str] | None = None,
    processes: Collection[str] = (),
    whole: bool = False,
) -> Workflow:
    """The workflow in `text`, YAML 1.2 or JSON. Pure and repeatable; 256 KiB take tens of milliseconds.

    `functions` are the catalogue functions that may be called; None accepts every `name:version@default`. `processes`
    are the kinds of programs that it may start, of `readiness.PROCESSES`: those that the operator's isolating runner
    runs. With `whole` also what this version does not run yet is accepted. That expressions compile is not checked
    here: see `services.engine.expressions.checks`.

    Raises:
        DocumentError: every violation found, in the order of the text, at most 50.
    """
    source = reader.read(text, filename=filename)
    checker = Checker(source, text, filename, whole=whole, ready={f"run: {kind}" for kind in processes})
    workflow = _Parser(checker, functions).workflow(source.value)
    checker.finish()
    if workflow is None:  # nothing is None without a violation
        raise AssertionError(filename)
    return workflow


def parse_published(text: str) -> Workflow:
    """A document that was accepted when it was published, whatever programs it starts: its runs are told in time.

    Raises:
        DocumentError: this version cannot read it any more.
    """
    return parse(text, processes=PROCESSES)


class _Parser:
    def __init__(self, checker: Checker, functions: Collection[str] | None) -> None:
        self._checker = checker
        self._grammar = grammar = Grammar(checker)
        self._secrets: tuple[str, ...] = ()
        self._local = LocalFunctions(checker)
        self._calls = Calls(grammar, self._local.paths, functions)
        self._tasks = Tasks(grammar, self._calls)
        self._schedules = Schedules(checker, grammar.timings, grammar.events)
        self._extensions = Extensions(grammar, self._tasks.read)

    def workflow(self, value: Any) -> Workflow | None:
        names = ("document", "input", "use", "do", "timeout", "output", "schedule", "evaluate")
        members = self._checker.members(value, "", names, required=("document", "do"))
        if members is None:
            return None
        parts = self._grammar.parts
        # What decides how all others are read comes first.
        self._grammar.templates.loose = loose = "evaluate" in members and parts.evaluate(members["evaluate"])
        document = parts.document(members["document"]) if "document" in members else None
        use = self._checker.members(members["use"], "/use", _USE) or {} if "use" in members else {}
        self._declare(use)
        schedule = self._schedules.schedule(members["schedule"]) if "schedule" in members else None
        around = self._around(members)
        extensions = self._extensions.extensions(use["extensions"]) if "extensions" in use else ()
        self._local.read(self._tasks)
        do = self._tasks.read(members["do"], "/do", Scope()) if "do" in members else ()
        self._local.finish(self._tasks.found)
        self._calls.catalogs.finish()
        self._grammar.finish()
        if document is None:
            return None
        return Workflow(
            document=document,
            definition=value,
            do=do,
            tasks=self._tasks.found,
            **around,
            schedule=schedule,
            trigger=trigger(schedule),
            extensions=extensions,
            functions=_catalogued(self._tasks.found),
            **self._others(document),
            secrets=self._secrets,
            loose=loose,
            keys=Keys(self._checker, self._grammar.templates).read(document),
            exceptions=Kinds(self._checker).read(document, self._tasks.found),
            expressions=self._grammar.templates.expressions,
            patterns=tuple(self._grammar.templates.patterns),
            schemas=tuple(parts.schemas),
        )

    def _others(self, document: Document) -> dict[str, Any]:
        """`workflows` and `compensation`, which is one of them."""
        undoes = Compensations(self._checker).read(document)
        named = None if undoes is None else "{}/{}:{}".format(*undoes)
        return {"workflows": _workflows(self._tasks.found, undoes), "compensation": named}

    def _around(self, members: dict[str, Any]) -> dict[str, Any]:
        """`input`, `output` and `timeout` of the workflow."""
        parts = self._grammar.parts
        found: dict[str, Any] = {}
        if "input" in members:
            found["input"] = parts.transform(members["input"], "/input", "from", WORKFLOW_INPUT)
        if "output" in members:
            found["output"] = parts.transform(members["output"], "/output", "as", WORKFLOW_OUTPUT)
        if "timeout" in members and self._checker.uses("/timeout", "timeout"):
            found["timeout"] = self._grammar.timings.timeout(members["timeout"], "/timeout", WORKFLOW_INPUT)
        return found

    def _declare(self, use: dict[str, Any]) -> None:
        """Everything that is named from elsewhere, before anything is read."""
        grammar = self._grammar
        if "secrets" in use:
            self._secrets = self._names(use["secrets"])
            grammar.templates.secrets = frozenset(self._secrets)
        for name, components in (
            ("authentications", grammar.policies.named),
            ("errors", grammar.errors.named),
            ("retries", grammar.retries.named),
            ("timeouts", grammar.timings.named),
            ("catalogs", self._calls.catalogs),
        ):
            if name in use:
                components.declare(use[name])
        if "functions" in use:
            self._local.declare(use["functions"])

    def _names(self, value: Any) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(name, str) and name for name in value):
            return tuple(value)
        self._checker.refuse("/use/secrets", "must be a list of names")
        return ()


def _catalogued(tasks: Mapping[str, Task]) -> tuple[str, ...]:
    """Functions of the default catalogue."""
    calls = [task for task in tasks.values() if isinstance(task, FunctionCallTask)]
    return tuple(sorted({task.function for task in calls if not task.local and task.source is None}))


def _workflows(tasks: Mapping[str, Task], undoes: tuple[str, str, str] | None) -> tuple[tuple[str, str, str], ...]:
    """Those that its tasks run, and the one that undoes what a run of it did."""
    flows = [task.workflow for task in tasks.values() if isinstance(task, RunTask)]
    found = {(flow.namespace, flow.name, flow.version) for flow in flows if flow is not None}
    return tuple(sorted(found if undoes is None else {*found, undoes}))
