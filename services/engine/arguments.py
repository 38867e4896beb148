"""The runtime arguments of expressions: `$context`, `$task`, `$workflow` and the rest (DSL, Runtime Expressions)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from services.engine.frames import Frame
from services.engine.state import RunDescriptor, Scope
from template_library.dsl.model import Task, Workflow

RUNTIME_NAME: Final = "workflow-runtime"
RUNTIME_VERSION: Final = "1"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an expression is evaluated. `task` gives a frame's definition, `variable` a loop's by its name.

    `extends`: it is an extension's, and the frame is that of the task that is extended.
    """

    run: RunDescriptor
    scope: Scope
    workflow: Workflow
    frame: Frame
    now: int
    task: Callable[[Frame], Task]
    variable: Callable[[str], Any]
    extends: bool = False

    def argument(self, name: str, given: Mapping[str, Any], *, whole: bool) -> Any:
        """The value of `$name`; `whole` when `$workflow` is used beyond its small members."""
        if name in given or name in {"input", "output"}:
            return given.get(name)
        if name == "context":
            return self.scope.context
        if name == "task":
            return self._task(given)
        if name == "workflow":
            return self._workflow(whole=whole)
        return runtime(self.run, self.now) if name == "runtime" else self.variable(name)

    def _task(self, given: Mapping[str, Any]) -> dict[str, Any]:
        task = self.task(self.frame)
        described = {
            "name": task.name,
            "reference": self.frame.reference,
            "definition": task.definition,
            "input": self.frame.raw,
            "startedAt": _moment(self.frame.started_at),
        }
        if "raw_output" in given:
            described["output"] = given["raw_output"]
        return _extended(task.definition) | described if self.extends else described

    def _workflow(self, *, whole: bool) -> dict[str, Any]:
        described = {"id": self.run.id, "input": self.scope.input, "startedAt": _moment(self.scope.started_at)}
        if whole:
            described["definition"] = self.workflow.definition
        return described


def runtime(run: RunDescriptor, now: int) -> dict[str, Any]:
    """`$runtime` at `now`, in Unix milliseconds."""
    return {
        "name": RUNTIME_NAME,
        "version": RUNTIME_VERSION,
        "metadata": {"tenant": run.tenant, "environment": run.environment, "parameters": run.parameters},
        # Ours: the clock of the activation, so that a replay sees the same time (S-22).
        "now": _moment(now),
    }


def _extended(definition: dict[str, Any]) -> dict[str, Any]:
    """Members of a task as the reference's extensions read them: an endpoint has a `uri`, also where it is text."""
    members = {name: member for name, member in definition.items() if name != "output"}
    given = definition.get("with")
    if isinstance(given, dict) and isinstance(given.get("endpoint"), str):
        members["with"] = {**given, "endpoint": {"uri": given["endpoint"]}}
    return members


def _moment(milliseconds: int) -> dict[str, Any]:
    """The language's date-time descriptor."""
    seconds, rest = divmod(milliseconds, 1000)
    return {"iso8601": f"{_text(seconds)}.{rest:03}Z", "epoch": {"seconds": seconds, "milliseconds": milliseconds}}


@lru_cache(maxsize=1024)
def _text(seconds: int) -> str:
    """Every expression of a run asks for the moment at which it began."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
