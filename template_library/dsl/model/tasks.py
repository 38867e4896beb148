"""What every task has, and the tasks that stay inside the engine."""

from __future__ import annotations

from typing import Any
from typing import Literal as OneOf

import msgspec

from template_library.dsl.model.values import NOTHING, Duration, Expression, Template, Transform


class TaskBase(msgspec.Struct, frozen=True, kw_only=True):
    """What every task has.

    Attributes:
        path: pointer of the definition; key into `Workflow.tasks`.
        definition: the task as written, for `$task.definition`.
        then: `continue`, `exit`, `end` or the name of a task of the same list.
        timeout: how long it may take, retries and waits of what it encloses included.
        skip: its output when a person skips it, who may; None: nobody may.
    """

    name: str
    path: str
    definition: dict[str, Any]
    condition: Expression | None = None
    input: Transform = Transform()
    output: Transform = Transform()
    export: Transform = Transform()
    then: str = "continue"
    timeout: Duration | None = None
    metadata: dict[str, Any] = {}
    skip: Template | None = None


class DoTask(TaskBase, frozen=True, kw_only=True):
    tasks: tuple[str, ...]
    """Paths of the tasks of the list, in order."""


class SetTask(TaskBase, frozen=True, kw_only=True):
    value: Template


class SwitchCase(msgspec.Struct, frozen=True):
    """`when` is None in the default case, which is tried last wherever it stands."""

    name: str
    when: Expression | None
    then: str


class SwitchTask(TaskBase, frozen=True, kw_only=True):
    cases: tuple[SwitchCase, ...]


class RaiseTask(TaskBase, frozen=True, kw_only=True):
    """`error` has members `type`, `status` and perhaps `title`, `detail`."""

    error: Template


class ForTask(TaskBase, frozen=True, kw_only=True):
    """`each` and `at` name the variables of the item and its index; `tasks` run once for each item of `within`."""

    each: str
    at: str
    within: Expression
    while_: Expression | None
    tasks: tuple[str, ...]


class ForkTask(TaskBase, frozen=True, kw_only=True):
    """`branches` are paths of single tasks; with `compete` the first that completes gives the output."""

    branches: tuple[str, ...]
    compete: bool = False


class WaitTask(TaskBase, frozen=True, kw_only=True):
    duration: Duration


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """A retry policy, resolved from its place or from `use.retries`.

    Attributes:
        delay: before the first retry; None is none.
        backoff: how the delay grows: not at all, by itself, or doubling. The language gives it no settings.
        count: of attempts at most; None: no limit.
        attempt_duration: how long one attempt may take; it is interrupted then.
        duration: how long the whole may take.
        jitter: least and most of what is added to each delay.
    """

    when: Expression | None = None
    except_when: Expression | None = None
    delay: Duration | None = None
    backoff: OneOf["constant", "linear", "exponential"] = "constant"
    count: int | None = None
    attempt_duration: Duration | None = None
    duration: Duration | None = None
    jitter: tuple[Duration, Duration] | None = None


class Catch(msgspec.Struct, frozen=True, kw_only=True):
    """Which errors a `try` catches, and what then happens.

    Attributes:
        errors: members that a caught error has, out of `type status instance title detail`; None: any error.
        name: of the variable that holds the error.
        tasks: paths of what runs once the retries are over, perhaps none.
    """

    errors: Template | None = None
    name: str = "error"
    when: Expression | None = None
    except_when: Expression | None = None
    retry: Retry | None = None
    tasks: tuple[str, ...] = ()


class TryTask(TaskBase, frozen=True, kw_only=True):
    tasks: tuple[str, ...]
    catch: Catch


class Subflow(msgspec.Struct, frozen=True):
    """The workflow that a task runs; `version` is a semantic version or `latest`."""

    namespace: str
    name: str
    version: str
    input: Template


class RunTask(TaskBase, frozen=True, kw_only=True):
    """Runs something beside the run.

    Attributes:
        workflow: for `workflow` and for nothing else.
        process: the definition for `container`, `script` and `shell`, with its durations in milliseconds. The `source`
            of a script whose code is elsewhere has `uri`.
        sealed: the authentication of that source, as `sealed` of a call.
        wait: `await`.
        returns: what of a process is the output.
    """

    kind: OneOf["workflow", "script", "shell", "container"]
    workflow: Subflow | None = None
    process: Template | None = None
    sealed: Template = NOTHING
    wait: bool = True
    returns: OneOf["stdout", "stderr", "code", "all", "none"] = "stdout"
