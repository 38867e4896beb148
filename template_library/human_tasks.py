"""What a workflow says of a human task: the `with` of `call: human-task:1.0.0@default` (ADR 0097). Pure.

It is read twice by the same types: when the workflow is published, as far as it is written down, and when the call is
made, with everything evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from msgspec import Meta

from template_library.dsl import Workflow
from template_library.dsl.durations import DurationError, milliseconds
from template_library.dsl.model import Constant, FunctionCallTask, ListTemplate, MapTemplate, Template
from template_library.forms import form

NAME: Final = "human-task:1.0.0@default"
FAMILY: Final = re.compile(r"human-task:[^@]*@default")
WRITTEN_OUT: Final = ("task", "decision", "outcomes", "refusals", "form")
"""Members that no expression computes: what a payload could choose, a payload could turn round."""

Word = Annotated[str, Meta(pattern=r"^[a-z0-9](-?[a-z0-9]){0,62}$")]
DecisionType = Annotated[str, Meta(pattern=r"^[a-z0-9]([._-]?[a-z0-9]){0,99}$")]
Outcome = Annotated[str, Meta(pattern=r"^[a-z0-9](-?[a-z0-9]){0,62}$")]
Text = Annotated[str, Meta(max_length=10_000)]
ADDRESS: Final = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,180}[A-Za-z0-9])?$"
"""Of mail: one address, and nothing that could be a header or a second one."""


Do = Literal["notify", "reassign", "auto_decide", "expire"]


class Amount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money, in minor units of an ISO 4217 currency."""

    amount: Annotated[int, Meta(ge=-(2**53), le=2**53)]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]


class About(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The entity that the task is about, by its kind and a key that people know it by."""

    kind: Word
    key: Annotated[str, Meta(min_length=1, max_length=512)]


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens when nobody has decided `after` the task began; `role`: who takes it over or is told."""

    after: Annotated[str, Meta(max_length=100)]
    do: Do
    role: Word | None = None
    outcome: Outcome | None = None


class Deadline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Durations of business time, by a calendar, else by that of a site, else by the default one."""

    calendar: Word | None = None
    site: Word | None = None
    warn: Annotated[str, Meta(max_length=100)] | None = None
    due: Annotated[str, Meta(max_length=100)] | None = None
    steps: Annotated[list[Step], Meta(max_length=10)] = []


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be filled in, by the profile of `template_library.forms` (ADR 0101)."""

    schema: dict[str, Any]
    fields: dict[str, Any] = {}
    groups: list[Any] = []


class Outside(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody without an account who answers by a mailed link: a customer, a supplier. `language`: of the mail."""

    email: Annotated[str, Meta(min_length=3, max_length=254, pattern=ADDRESS)]
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    language: Annotated[str, Meta(pattern=r"^[a-z]{2}$")] | None = None


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A human task, as a workflow asks for it.

    Attributes:
        task: its kind: what forms, runbooks and the authority matrix speak of.
        role: slug of the role whose queue it is in; empty where `outside` is asked instead.
        outside: sees what `shown` says and the form, answers, and sends documents; has no authority for anything.
        decision: a decision type of the authority matrix; without, whoever has the role may decide.
        facts: what the authority judges by.
        shown: the facts that the form stands beside.
        form: inline, or the name of one of the package's.
        refusals: those of `outcomes` that one person alone may choose where the authority asks for several.
        skills: those that whoever it is offered to must have.
    """

    task: Word
    title: Annotated[str, Meta(min_length=1, max_length=10_000)]
    role: Word = ""
    outside: Outside | None = None
    instructions: Text = ""
    decision: DecisionType | None = None
    facts: dict[str, Any] = {}
    about: About | None = None
    shown: dict[str, Any] = {}
    form: Form | Word | None = None
    outcomes: Annotated[list[Outcome], Meta(min_length=1, max_length=20)] = msgspec.field(
        default_factory=lambda: ["done"]
    )
    refusals: Annotated[list[Outcome], Meta(max_length=20)] = []
    value: Amount | None = None
    skills: Annotated[list[Word], Meta(max_length=20)] = []
    deadline: Deadline | None = None

    def __post_init__(self) -> None:
        """Raises ValueError, which the reader turns into its own error."""
        if len(set(self.outcomes)) < len(self.outcomes):
            raise ValueError("`outcomes` names one twice")
        if unknown := sorted(set(self.refusals) - set(self.outcomes)):
            raise ValueError(f"`refusals` names {unknown[0]}, which is none of `outcomes`")
        if bool(self.role) == (self.outside is not None):
            raise ValueError("a task is asked of a `role`, or of somebody `outside`: name one of the two")
        if self.outside is not None and (self.decision is not None or self.skills):
            raise ValueError(
                "somebody `outside` has no authority and no skills here: leave out `decision` and `skills`"
            )
        if self.deadline is not None:
            self._check_deadline(self.deadline)

    def _check_deadline(self, deadline: Deadline) -> None:
        for one in (deadline.warn, deadline.due, *(step.after for step in deadline.steps)):
            if one is not None:
                _check_duration(one)
        for step in deadline.steps:
            if step.do == "reassign" and step.role is None:
                raise ValueError("a step that reassigns names its `role`")
            if step.do != "auto_decide":
                continue
            if step.outcome not in self.outcomes:
                raise ValueError("a step that decides names its `outcome`, one of `outcomes`")
            if self.decision is not None and step.outcome not in self.refusals:
                raise ValueError("no clock has authority: of a task with a `decision` a step decides for a refusal")


class Fault(msgspec.Struct, frozen=True):
    """Something wrong with a call of a human task; `pointer` leads to it in the document."""

    pointer: str
    detail: str


def read(arguments: Any) -> Asked:
    """The evaluated `with`.

    Raises:
        msgspec.ValidationError: it is none; the words name the place.
    """
    return msgspec.convert(arguments, Asked)


def faults(workflow: Workflow) -> Iterator[Fault]:
    """All that is wrong with the human tasks of a document, as far as they are written down."""
    for task in workflow.tasks.values():
        if not isinstance(task, FunctionCallTask) or task.local or FAMILY.fullmatch(task.function) is None:
            continue
        if task.function != NAME:
            yield Fault(f"{task.path}/call", f"of human tasks there is {NAME} alone")
            continue
        members = _members(task.arguments)
        if members is None:
            yield Fault(f"{task.path}/with", "write out what the task is: an object, whose members may be expressions")
            continue
        open_ones = [name for name in WRITTEN_OUT if name in members and not isinstance(members[name], Constant)]
        for name in open_ones:
            yield Fault(f"{task.path}/with/{name}", f"`{name}` must be written out; no expression may choose it")
        found = list(_wrong(task.arguments, Asked, f"{task.path}/with"))
        if not {"role", "outside"} & members.keys():
            found.append(Fault(f"{task.path}/with", "`role` is missing"))
        yield from found
        if not (found or open_ones):
            yield from _whole(members, f"{task.path}/with")


def _whole(members: dict[str, Template], at: str) -> Iterator[Fault]:
    """What several members say together, of those that are written down."""
    written = {name: one.value for name, one in members.items() if isinstance(one, Constant)}
    try:
        # What is computed stands for itself, so that what is written down is held together.
        open_ones = {"role": "x", "outside": {"email": "x@x.invalid", "name": "x"}}
        stood_for = {name: one for name, one in open_ones.items() if name in members}
        asked = read({"task": "x", "title": "x", **stood_for, **written})
    except msgspec.ValidationError as error:
        yield Fault(at, str(error))
        return
    if isinstance(asked.form, Form):
        try:
            form.read(msgspec.to_builtins(asked.form), outcomes=asked.outcomes)
        except form.InvalidForm as error:
            yield from (Fault(f"{at}/form{one.pointer}", one.detail) for one in error.errors)


def _wrong(given: Template, kind: Any, at: str) -> Iterator[Fault]:
    struct, members = _struct_of(kind), _members(given)
    if struct is not None and members is not None:
        known = {field.name: field for field in msgspec.structs.fields(struct)}
        for name in sorted(members.keys() - known.keys()):
            yield Fault(f"{at}/{_escaped(name)}", f"`{name}` is nothing here; there is {', '.join(known)}")
        for name, field in known.items():
            if name in members:
                yield from _wrong(members[name], field.type, f"{at}/{name}")
            elif field.required:
                yield Fault(at, f"`{name}` is missing")
        return
    items, each = _items(given), _item_of(kind)
    if items is not None and each is not None:
        for place, item in enumerate(items):
            yield from _wrong(item, each, f"{at}/{place}")
        return
    if isinstance(given, Constant):
        try:
            msgspec.convert(given.value, kind)
        except msgspec.ValidationError as error:
            yield Fault(at, str(error))


def _struct_of(kind: Any) -> type[msgspec.Struct] | None:
    """The object that a member may be, without what else it may be."""
    for one in (kind, *get_args(kind)):
        if isinstance(one, type) and issubclass(one, msgspec.Struct):
            return one
    return None


def _item_of(kind: Any) -> Any:
    """Of a list of objects what each is."""
    for one in (kind, *get_args(kind)):
        if getattr(one, "__origin__", None) is list and _struct_of(get_args(one)[0]) is not None:
            return get_args(one)[0]
    return None


def _members(given: Template) -> dict[str, Template] | None:
    if isinstance(given, MapTemplate):
        return dict(given.members)
    if isinstance(given, Constant) and isinstance(given.value, dict):
        return {name: Constant(value) for name, value in given.value.items()}
    return None


def _items(given: Template) -> list[Template] | None:
    if isinstance(given, ListTemplate):
        return list(given.items)
    if isinstance(given, Constant) and isinstance(given.value, list):
        return [Constant(value) for value in given.value]
    return None


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _check_duration(text: str) -> None:
    try:
        milliseconds(text)
    except DurationError as error:
        raise ValueError(str(error)) from None
