"""What a workflow says when it calls `holds:1.0.0@default`: checked as it is published, and read as it runs (ADR 0104).

What is done has to be written out, so that a reader of the document sees where an order is held and where it is let go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from template_library.dsl import Workflow
from template_library.dsl.durations import DurationError, milliseconds
from template_library.dsl.model import Constant, FunctionCallTask, MapTemplate, Template

NAME: Final = "holds:1.0.0@default"
FUNCTION: Final = re.compile(r"holds:[^@]*@default")
Key = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Word = Annotated[str, Meta(max_length=125, pattern=r"^[a-z0-9](-?[a-z0-9]){0,62}$")]
Words = Annotated[str, Meta(min_length=1, max_length=2_000, pattern=r"^[^\x00]*$")]
Line = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Site = Annotated[str, Meta(min_length=1, max_length=125, pattern=r"^[^\x00]*$")]
Days = Annotated[int, Meta(ge=0, le=3_650)]


class Money(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Minor units of the currency."""

    amount: Annotated[int, Meta(ge=0, le=2**53)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]


_Person = Annotated[str, Meta(min_length=3, max_length=254, pattern=r"^[^\x00-\x1f\x7f]*$")]
People = _Person | Annotated[list[_Person], Meta(max_length=20)]


class HoldFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the authority judges by beside amount and site, in the words of its matrix.

    Attributes:
        requester: who asked for what is held, beside whoever raises it: by account or e-mail address, a machine as
            `system:NAME`.
        last_editor: who changed the order last, likewise.
        margin_percent: exact as text; a number counts as it is written.
    """

    requester: People | None = None
    last_editor: People | None = None
    customer_class: (
        Annotated[str, Meta(max_length=100, pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$")]
        | None
    ) = None
    margin_percent: (
        Annotated[int, Meta(ge=-(10**9), le=10**9)]
        | Annotated[float, Meta(ge=-(10**9), le=10**9)]
        | Annotated[str, Meta(max_length=40, pattern=r"^-?[0-9]{1,18}(\.[0-9]{1,15})?$")]
        | None
    ) = None

    @property
    def margin(self) -> str | None:
        """As text."""
        given = self.margin_percent
        return f"{Decimal(repr(given)):f}" if isinstance(given, float) else None if given is None else str(given)


_Duration = Annotated[str, Meta(max_length=100)]


class HoldStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens when nobody has cleared it `after` it was raised: no clock lets an order go.

    `role`: who is told, or looks after it from then on; None: who does now is told.
    """

    after: _Duration
    do: Literal["notify", "reassign"]
    role: Word | None = None


class HoldDeadline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Durations of business time, by a calendar, else by that of a site or of the order's, else by the default one."""

    calendar: Word | None = None
    site: Word | None = None
    warn: _Duration | None = None
    due: _Duration | None = None
    steps: Annotated[list[HoldStep], Meta(max_length=10)] = []

    def __post_init__(self) -> None:
        """Raises ValueError, which the reader turns into its own error."""
        if not (self.warn or self.due or self.steps):
            raise ValueError("give `warn`, `due` or `steps`")
        try:
            times = [milliseconds(one) for one in (self.warn, self.due) if one]
            for step in self.steps:
                milliseconds(step.after)
        except DurationError as error:
            raise ValueError(str(error)) from None
        if times != sorted(times):
            raise ValueError("a warning comes before it is due")
        if any(one.do == "reassign" and one.role is None for one in self.steps):
            raise ValueError("a step that reassigns names its `role`")


class _Verb(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    pass


class Raise(_Verb, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="raise"):
    """Hold an `order`, whose `customer` may be told with it; or, without an order, the customer.

    Attributes:
        role: slug of the role that looks after it; None: as the type has it, as with `due` and `deadline`.
        due: a moment at which nothing is done.
    """

    type: Word
    reason: Word
    order: Key | None = None
    customer: Key | None = None
    line: Line | None = None
    site: Site | None = None
    words: Words | None = None
    value: Money | None = None
    due: Annotated[datetime, Meta(tz=True)] | None = None
    deadline: HoldDeadline | None = None
    role: Word | None = None
    facts: HoldFacts | None = None


class Clear(_Verb, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="clear"):
    """Clear what this run raised on an order, or without one on a customer; of this type, reason and line alone."""

    why: Words
    order: Key | None = None
    customer: Key | None = None
    line: Line | None = None
    type: Word | None = None
    reason: Word | None = None


class Check(_Verb, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="check"):
    """Whether an order may go out now, and whether it is sold already; a moment later it may be otherwise.

    `content`, `within_days`: as of a claim.
    """

    order: Key
    customer: Key | None = None
    content: Any = None
    within_days: Days | None = None


class Wait(_Verb, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="wait"):
    """Wait until an order may go out, and let it go."""

    order: Key
    customer: Key | None = None
    site: Site | None = None


class InsteadOf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody decided about an earlier claim, as it was told: a change of it since then is none of that."""

    run: Annotated[str, Meta(max_length=64)]
    status: Literal["unfinished", "sold"]


class Claim(_Verb, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="claim"):
    """Take up to sell an order, which no other run does then; while another one is about to, wait for it.

    Attributes:
        content: what was ordered, in any form; equal only where it is the same.
        within_days: a sale that is older, by elapsed time, does not count; None: each does.
        instead_of: an earlier claim that does not count, since somebody said so.
    """

    order: Key
    customer: Key
    content: Any
    within_days: Days | None = None
    instead_of: InsteadOf | None = None


class Sold(_Verb, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="sold"):
    """Note that this run has sold the order that it took up, and under which number of the system that has the sale."""

    order: Key
    customer: Key
    sale: Key


Said = Raise | Clear | Check | Wait | Claim | Sold
_VERBS: Final[dict[str, type[Said]]] = {
    "raise": Raise,
    "clear": Clear,
    "check": Check,
    "wait": Wait,
    "claim": Claim,
    "sold": Sold,
}


class Breach(msgspec.Struct, frozen=True):
    """What a call has wrong, and where in the document."""

    pointer: str
    detail: str


def read(arguments: Mapping[str, Any]) -> Said:
    """What a call says, with every member that is null left out.

    Raises:
        ValueError: its words say what is wrong.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    try:
        said: Said = msgspec.convert(given, Said)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    if isinstance(said, Raise | Clear) and said.order is None and said.customer is None:
        raise ValueError("name an `order`, or a `customer`")
    if isinstance(said, Raise | Clear) and said.order is None and said.line is not None:
        raise ValueError("a `line` is of an order: name the `order`")
    if isinstance(said, Raise) and said.due is not None and said.deadline is not None:
        raise ValueError("give `due`, a moment, or a `deadline` in business time")
    return said


def breaches(*workflows: Workflow) -> list[Breach]:
    """What calls of holds have wrong, as far as it is written down."""
    return [
        one
        for workflow in workflows
        for task in workflow.tasks.values()
        if isinstance(task, FunctionCallTask) and not task.local and FUNCTION.fullmatch(task.function)
        for one in _of(task)
    ]


def _of(task: FunctionCallTask) -> Iterator[Breach]:
    at = f"{task.path}/with"
    if task.function != NAME:
        yield Breach(f"{task.path}/call", f"there is no such version; call `{NAME}`")
        return
    members = _members(task.arguments)
    do = members.get("do")
    verb = _VERBS.get(do.value) if isinstance(do, Constant) and isinstance(do.value, str) else None
    if verb is None:
        yield Breach(f"{at}/do", f"`do` must be written out: one of {', '.join(_VERBS)}")
        return
    fields = {one.name: one for one in msgspec.structs.fields(verb)}
    for name in members.keys() - fields.keys() - {"do"}:
        yield Breach(f"{at}/{name}", f"`{name}` is not known here")
    for name, field in fields.items():
        if field.required and name not in members:
            yield Breach(at, f"`{name}` is needed")
    if verb in {Raise, Clear} and not {"order", "customer"} & members.keys():
        yield Breach(at, "name an `order`, or a `customer`")
    for name in members.keys() & fields.keys():
        yield from _written(f"{at}/{name}", members[name], fields[name].type)


def _written(pointer: str, template: Template, kind: Any) -> Iterator[Breach]:
    if not isinstance(template, Constant):
        return
    try:
        msgspec.convert(template.value, kind)
    except msgspec.ValidationError as error:
        yield Breach(pointer, str(error))


def _members(arguments: Template) -> dict[str, Template]:
    if isinstance(arguments, MapTemplate):
        return dict(arguments.members)
    if isinstance(arguments, Constant) and isinstance(arguments.value, dict):
        return {name: Constant(value) for name, value in arguments.value.items()}
    return {}
