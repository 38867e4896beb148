"""The runtime arguments of expressions: `$context`, `$task`, `$workflow` and the rest (DSL, Runtime Expressions)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from services.engine.activation import Activation

RUNTIME_NAME: Final = "workflow-runtime"
RUNTIME_VERSION: Final = "1"


def argument(activation: Activation, name: str, scope: Mapping[str, Any], *, whole: bool) -> Any:
    """The value of `$name`; `whole` when `$workflow` is used beyond its small members."""
    if name in scope or name in {"input", "output"}:
        return scope.get(name)
    if name == "context":
        return activation.scope.context
    if name == "task":
        return _task(activation, scope)
    if name == "workflow":
        return _workflow(activation, whole=whole)
    return _runtime(activation) if name == "runtime" else activation.variable(name)


def _task(activation: Activation, scope: Mapping[str, Any]) -> dict[str, Any]:
    frame = activation.top
    task = activation.task_of(frame)
    described = {
        "name": task.name,
        "reference": frame.reference,
        "definition": task.definition,
        "input": frame.raw,
        "startedAt": _moment(frame.started_at),
    }
    if "raw_output" in scope:
        described["output"] = scope["raw_output"]
    return described


def _workflow(activation: Activation, *, whole: bool) -> dict[str, Any]:
    scope = activation.scope
    described = {"id": activation.run.id, "input": scope.input, "startedAt": _moment(scope.started_at)}
    if whole:
        described["definition"] = activation.workflow.definition
    return described


def _runtime(activation: Activation) -> dict[str, Any]:
    run = activation.run
    return {
        "name": RUNTIME_NAME,
        "version": RUNTIME_VERSION,
        "metadata": {"tenant": run.tenant, "environment": run.environment, "parameters": run.parameters},
        # Ours: the clock of the activation, so that a replay sees the same time (S-22).
        "now": _moment(activation.now),
    }


def _moment(milliseconds: int) -> dict[str, Any]:
    """The language's date-time descriptor."""
    seconds, rest = divmod(milliseconds, 1000)
    text = dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return {"iso8601": f"{text}.{rest:03}Z", "epoch": {"seconds": seconds, "milliseconds": milliseconds}}
