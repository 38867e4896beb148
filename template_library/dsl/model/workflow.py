from __future__ import annotations

from typing import Any

import msgspec

from template_library.dsl.model.calls import FunctionCallTask, HttpCallTask, ProtocolCallTask
from template_library.dsl.model.events import Consumption, EmitTask, EventTrigger, ListenTask
from template_library.dsl.model.exceptions import ExceptionKind
from template_library.dsl.model.keys import RunKeys
from template_library.dsl.model.tasks import (
    DoTask,
    ForkTask,
    ForTask,
    RaiseTask,
    RunTask,
    SetTask,
    SwitchTask,
    TryTask,
    WaitTask,
)
from template_library.dsl.model.values import Duration, Expression, Pattern, Schema, Transform

Task = (
    DoTask
    | SetTask
    | SwitchTask
    | RaiseTask
    | HttpCallTask
    | FunctionCallTask
    | ProtocolCallTask
    | ForTask
    | ForkTask
    | TryTask
    | WaitTask
    | EmitTask
    | ListenTask
    | RunTask
)


class Document(msgspec.Struct, frozen=True, kw_only=True):
    dsl: str
    namespace: str
    name: str
    version: str
    title: str = ""
    summary: str = ""
    tags: dict[str, Any] = {}
    metadata: dict[str, Any] = {}

    @property
    def identity(self) -> dict[str, str]:
        """Namespace, name and version, which no other document of a tenant has."""
        return {"namespace": self.namespace, "name": self.name, "version": self.version}


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When runs begin by themselves. At least one is set, and each works beside the others.

    Attributes:
        every: milliseconds from start to start.
        cron: five fields, before them perhaps `CRON_TZ=<zone>`; see `cron`.
        after: milliseconds from the end of one run to the start of the next.
    """

    every: int | None = None
    cron: str | None = None
    after: int | None = None
    on: Consumption | None = None


class Extension(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks around every task of a kind; `extend` is a word of the language (`call`, `composite`, …) or `all`."""

    name: str
    path: str
    extend: str
    when: Expression | None = None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    """A checked document.

    Attributes:
        definition: the document as plain JSON, for `$workflow.definition` and for storing.
        do: paths of the top-level tasks, in order.
        tasks: every task of the document by its path, functions of `use.functions` and extensions' tasks included.
        trigger: of a schedule that is one event with written attributes, and of no other.
        functions: names of the default catalogue's functions that it calls (`connector:1.0.0@default`), sorted.
        workflows: namespace, name and version of those that it runs, sorted; `compensation` is among them.
        compensation: the one that undoes what a failed run of it did, `namespace/name:version` as `workflows` has it.
        secrets: names of `use.secrets`; sealed templates may use them and no others.
        loose: strings are evaluated as well without `${ }`; see `Expression.text`.
        keys: what its runs are found by; None when it declares nothing.
        exceptions: kinds of what may go another way, by name; None when it declares none.
        expressions: all of the document, once each.
        patterns: of its event filters.
    """

    document: Document
    definition: dict[str, Any]
    do: tuple[str, ...]
    tasks: dict[str, Task]
    input: Transform = Transform()
    output: Transform = Transform()
    timeout: Duration | None = None
    schedule: Schedule | None = None
    trigger: EventTrigger | None = None
    extensions: tuple[Extension, ...] = ()
    functions: tuple[str, ...] = ()
    workflows: tuple[tuple[str, str, str], ...] = ()
    compensation: str | None = None
    secrets: tuple[str, ...] = ()
    loose: bool = False
    keys: RunKeys | None = None
    exceptions: dict[str, ExceptionKind] | None = None
    expressions: tuple[Expression, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    schemas: tuple[Schema, ...] = ()
