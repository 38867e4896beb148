"""A workflow document as the engine runs it: checked, names resolved, expressions found. Frozen; safe to share.

Source: DSL reference 1.0.3. Only what this version runs has a struct; `parse` refuses the rest by name.
"""

from __future__ import annotations

from typing import Any
from typing import Literal as OneOf

import msgspec


class Expression(msgspec.Struct, frozen=True):
    """A jq program.

    Attributes:
        program: without its `${ }`.
        pointer: where it stands in the document.
        variables: runtime arguments that it uses (`context`, `input`, …), sorted, without the dollar.
        workflow_whole: uses `$workflow` beyond `id`, `input` and `startedAt`, so that the definition must be there.
    """

    program: str
    pointer: str
    variables: tuple[str, ...] = ()
    workflow_whole: bool = False


class Constant(msgspec.Struct, frozen=True):
    """A JSON value without any expression inside."""

    value: Any


class MapTemplate(msgspec.Struct, frozen=True):
    """An object with an expression somewhere inside."""

    members: tuple[tuple[str, Template], ...]


class ListTemplate(msgspec.Struct, frozen=True):
    """An array with an expression somewhere inside."""

    items: tuple[Template, ...]


Template = Constant | Expression | MapTemplate | ListTemplate


class Schema(msgspec.Struct, frozen=True):
    """An inline JSON Schema; `pointer` is that of its `document`."""

    document: Any
    pointer: str


class Transform(msgspec.Struct, frozen=True):
    """`input`, `output` or `export`: `template` is `from` or `as`; None is the identity."""

    template: Template | None = None
    schema: Schema | None = None


class TaskBase(msgspec.Struct, frozen=True, kw_only=True):
    """What every task has.

    Attributes:
        path: pointer of the definition; key into `Workflow.tasks`.
        definition: the task as written, for `$task.definition`.
        then: `continue`, `exit`, `end` or the name of a task of the same list.
    """

    name: str
    path: str
    definition: dict[str, Any]
    condition: Expression | None = None
    input: Transform = Transform()
    output: Transform = Transform()
    export: Transform = Transform()
    then: str = "continue"


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


class HttpCallTask(TaskBase, frozen=True, kw_only=True):
    """`endpoint` is an expression or a URI template; `redirect` accepts 300 to 399 as success."""

    method: Template
    endpoint: Template
    headers: Template = Constant({})
    query: Template = Constant({})
    body: Template | None = None
    format: OneOf["raw", "content", "response"] = "content"
    redirect: bool = False


class FunctionCallTask(TaskBase, frozen=True, kw_only=True):
    """A call of a function of `use.functions` (`local` is true, `body` its path) or of the default catalogue."""

    function: str
    arguments: Template
    local: bool
    body: str = ""


Task = DoTask | SetTask | SwitchTask | RaiseTask | HttpCallTask | FunctionCallTask


class Document(msgspec.Struct, frozen=True, kw_only=True):
    dsl: str
    namespace: str
    name: str
    version: str
    title: str = ""
    summary: str = ""
    tags: dict[str, Any] = {}
    metadata: dict[str, Any] = {}


class EventTrigger(msgspec.Struct, frozen=True):
    """`schedule.on.one`: attributes that an event must have, compared as equal text (`type`, `source`, …)."""

    attributes: dict[str, Any]


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    """A checked document.

    Attributes:
        definition: the document as plain JSON, for `$workflow.definition` and for storing.
        do: paths of the top-level tasks, in order.
        tasks: every task of the document by its path, functions of `use.functions` included.
        functions: names of the catalogue functions that it calls (`connector:1.0.0@default`), sorted.
        secrets: names of `use.secrets`; nothing may use their values in this version.
    """

    document: Document
    definition: dict[str, Any]
    do: tuple[str, ...]
    tasks: dict[str, Task]
    input: Transform = Transform()
    output: Transform = Transform()
    trigger: EventTrigger | None = None
    functions: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    expressions: tuple[Expression, ...] = ()
    schemas: tuple[Schema, ...] = ()
