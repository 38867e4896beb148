"""Templates, schemas and the transforms made of them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec


class Expression(msgspec.Struct, frozen=True):
    """A jq program.

    Attributes:
        program: without its `${ }`.
        pointer: where it stands in the document.
        variables: runtime arguments and loop variables that it uses (`context`, `item`, …), sorted, without the dollar.
        workflow_whole: uses `$workflow` beyond `id`, `input` and `startedAt`, so that the definition must be there.
        text: in loose mode, what its value is when it does not compile or fails; None: then it is an error.
    """

    program: str
    pointer: str
    variables: tuple[str, ...] = ()
    workflow_whole: bool = False
    text: str | None = None

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """Itself."""
        return (self,)


class Pattern(msgspec.Struct, frozen=True):
    """A regular expression that an event's attribute must match; `pointer` is where it stands in the document."""

    text: str
    pointer: str


class Constant(msgspec.Struct, frozen=True):
    """A JSON value without any expression inside."""

    value: Any

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """None."""
        return ()


class MapTemplate(msgspec.Struct, frozen=True, dict=True):
    """An object with an expression somewhere inside."""

    members: tuple[tuple[str, Template], ...]

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """All inside, in the order of the text. Looked for once: a template is rendered by every run."""
        return tuple(one for _, member in self.members for one in member.expressions)


class ListTemplate(msgspec.Struct, frozen=True, dict=True):
    """An array with an expression somewhere inside."""

    items: tuple[Template, ...]

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """All inside, in the order of the text. Looked for once: a template is rendered by every run."""
        return tuple(one for item in self.items for one in item.expressions)


Template = Constant | Expression | MapTemplate | ListTemplate

Duration = Template
"""A Constant holds whole milliseconds; anything else gives at run time what `durations.milliseconds` reads."""

NOTHING = Constant({})
"""No members; what `sealed` is of a call without secrets."""


class Resource(msgspec.Struct, frozen=True):
    """Something outside the document: `endpoint`, `externalResource`.

    Attributes:
        uri: text with all URI variables filled in, once evaluated on the task's input.
        authentication: a policy with every reference resolved. Sealed: it may hold secrets, so it is evaluated at the
            moment of use and its value is stored nowhere.
    """

    uri: Template
    authentication: Template | None = None
    name: str = ""


class Schema(msgspec.Struct, frozen=True):
    """A JSON Schema: inline, with `pointer` that of its `document`, or at `resource`, with `document` None."""

    document: Any
    pointer: str
    resource: Resource | None = None


class Transform(msgspec.Struct, frozen=True):
    """`input`, `output` or `export`: `template` is `from` or `as`; None is the identity."""

    template: Template | None = None
    schema: Schema | None = None
