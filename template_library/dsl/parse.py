from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from template_library.dsl import reader
from template_library.dsl.calls import UNREADY, Calls
from template_library.dsl.checker import Checker, kind_of
from template_library.dsl.model import DoTask, EventTrigger, FunctionCallTask, Task, Transform, Workflow
from template_library.dsl.named_errors import NamedErrors
from template_library.dsl.parts import Parts
from template_library.dsl.positions import step
from template_library.dsl.tasks import Tasks
from template_library.dsl.templates import WORKFLOW_INPUT, WORKFLOW_OUTPUT, Templates

_USE_LATER: Final = ("authentications", "catalogs", "extensions", "retries", "timeouts")


def parse(text: str, *, filename: str = "workflow", functions: Collection[str] | None = None) -> Workflow:
    """The workflow in `text`, YAML 1.2 or JSON. Pure and repeatable; 256 KiB take tens of milliseconds.

    `functions` are the catalogue functions that may be called; None accepts every `name:version@default`.
    That expressions compile is not checked here: see `services.engine.expressions.checks`.

    Raises:
        DocumentError: every violation found, in the order of the text, at most 50.
    """
    source = reader.read(text, filename=filename)
    checker = Checker(source, text, filename)
    workflow = _Parser(checker, functions).workflow(source.value)
    checker.finish()
    if workflow is None:  # nothing is None without a violation
        raise AssertionError(filename)
    return workflow


class _Parser:
    def __init__(self, checker: Checker, functions: Collection[str] | None) -> None:
        self._checker = checker
        self._templates = Templates(checker)
        self._parts = Parts(checker, self._templates)
        self._errors = NamedErrors(checker, self._templates)
        self._local: dict[str, str] = {}
        calls = Calls(checker, self._templates, self._local, functions)
        self._tasks = Tasks(checker, self._templates, self._parts, calls, self._errors)

    def workflow(self, value: Any) -> Workflow | None:
        members = self._checker.members(
            value,
            "",
            ("document", "input", "use", "do", "output", "schedule", "evaluate"),
            required=("document", "do"),
            later=("timeout",),
        )
        if members is None:
            return None
        document = self._parts.document(members["document"]) if "document" in members else None
        secrets = self._use(members["use"]) if "use" in members else ()
        trigger: EventTrigger | None = self._parts.schedule(members["schedule"]) if "schedule" in members else None
        if "evaluate" in members:
            self._parts.evaluate(members["evaluate"])
        before, behind = Transform(), Transform()
        if "input" in members:
            before = self._parts.transform(members["input"], "/input", "from", WORKFLOW_INPUT)
        if "output" in members:
            behind = self._parts.transform(members["output"], "/output", "as", WORKFLOW_OUTPUT)
        do = self._tasks.read(members["do"], "/do") if "do" in members else ()
        self._refuse_recursion()
        if document is None:
            return None
        return Workflow(
            document=document,
            definition=value,
            do=do,
            tasks=self._tasks.found,
            trigger=trigger,
            functions=_catalogued(self._tasks.found),
            secrets=secrets,
            expressions=tuple(self._templates.expressions),
            schemas=tuple(self._parts.schemas),
            input=before,
            output=behind,
        )

    def _use(self, value: Any) -> tuple[str, ...]:
        members = self._checker.members(value, "/use", ("errors", "functions", "secrets"), later=_USE_LATER) or {}
        if "errors" in members:
            self._errors.read(members["errors"], "/use/errors")
        if "functions" in members:
            self._functions(members["functions"])
        secrets = members.get("secrets", [])
        if not isinstance(secrets, list) or not all(isinstance(name, str) for name in secrets):
            self._checker.refuse("/use/secrets", "must be a list of names")
            return ()
        return tuple(secrets)

    def _functions(self, value: Any) -> None:
        if not isinstance(value, dict):
            self._checker.refuse("/use/functions", f"must be an object, not {kind_of(value)}")
            return
        # All names first: a function may call one that stands below it.
        self._local.update({name: step("/use/functions", name) for name in value})
        for name, definition in value.items():
            path = self._local[name]
            if name == "http" or name in UNREADY:
                self._checker.refuse(path, f"`{name}` is a function of the language itself", name=True)
            self._tasks.task(name, definition, path, siblings=[], depth=1)

    def _refuse_recursion(self) -> None:
        for path in self._local.values():
            if path in self._reached(path):
                self._checker.refuse(path, f"the function `{path.rpartition('/')[2]}` calls itself", name=True)

    def _reached(self, start: str) -> set[str]:
        """Paths of the functions that the function at `start` calls, through any number of others."""
        reached: set[str] = set()
        open_paths = [start]
        while open_paths:
            task = self._tasks.found.get(open_paths.pop())
            if isinstance(task, DoTask):
                open_paths.extend(task.tasks)
            elif isinstance(task, FunctionCallTask) and task.local and task.body not in reached:
                reached.add(task.body)
                open_paths.append(task.body)
        return reached


def _catalogued(tasks: dict[str, Task]) -> tuple[str, ...]:
    names = {task.function for task in tasks.values() if isinstance(task, FunctionCallTask) and not task.local}
    return tuple(sorted(names))
