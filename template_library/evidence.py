"""What a workflow says when it calls `evidence:1.0.0@default` (ADR 0114): checked as published, read as it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from msgspec import Meta

from template_library.dsl import Workflow
from template_library.dsl.model import Constant, FunctionCallTask, MapTemplate, Template

NAME: Final = "evidence:1.0.0@default"
FAMILY: Final = re.compile(r"evidence:[^@]*@default")
MOST_REQUIRED: Final = 50
Do = Literal["open", "check", "add", "pack"]
Key = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Word = Annotated[str, Meta(pattern=r"^[a-z0-9](-?[a-z0-9]){0,62}$")]
Title = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class About(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The entity whose documents count, by its kind and a key that people know it by."""

    kind: Word
    key: Key


class Needed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One paper. `names`: words by which a document's name tells that it is one; without, the paper's own."""

    title: Title
    names: Annotated[list[Word], Meta(max_length=10)] = []


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call about a case.

    Attributes:
        case: its key, by which every call means the same one.
        required: by name each paper that it needs: its title, or `Needed`; null: as the name says.
        document, to: of `add` which document counts as which paper.
    """

    do: Do
    case: Key
    about: About | None = None
    reason: Word | None = None
    required: Annotated[dict[Word, Title | Needed | None], Meta(max_length=MOST_REQUIRED)] | None = None
    document: Annotated[str, Meta(max_length=60)] | None = None
    to: Word | None = None

    @property
    def papers(self) -> dict[str, Needed] | None:
        """What is required, each with its title and the words of its names."""
        if self.required is None:
            return None
        return {name: _needed(name, one) for name, one in self.required.items()}


class Fault(msgspec.Struct, frozen=True):
    """What a call has wrong, and where in the document."""

    pointer: str
    detail: str


def read(arguments: Mapping[str, Any]) -> Asked:
    """What a call says, evaluated. Members that are null are as left out.

    Raises:
        ValueError: its words say what is wrong.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    try:
        asked = msgspec.convert(given, Asked)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    if asked.do == "open" and (asked.about is None or asked.reason is None or asked.required is None):
        raise ValueError("to open a case say what it is `about`, its `reason` and what is `required`")
    if asked.do == "add" and (asked.document is None or asked.to is None):
        raise ValueError("to add say which `document` counts, and as which paper: `to`")
    return asked


def words_of(name: str) -> frozenset[str]:
    """Of a document's name or a paper's: lower-case letters and digits that stand together."""
    return frozenset(re.findall(r"[a-z0-9]+", name.lower()))


def faults(workflow: Workflow) -> Iterator[Fault]:
    """All that is wrong with the calls of a document, as far as they are written down."""
    for task in workflow.tasks.values():
        if not isinstance(task, FunctionCallTask) or task.local or FAMILY.fullmatch(task.function) is None:
            continue
        if task.function != NAME:
            yield Fault(f"{task.path}/call", f"of evidence there is {NAME} alone")
            continue
        yield from _of(_members(task.arguments), f"{task.path}/with")


def _of(members: dict[str, Template], at: str) -> Iterator[Fault]:
    known = {one.name: one for one in msgspec.structs.fields(Asked)}
    do = members.get("do")
    if not isinstance(do, Constant) or do.value not in get_args(Do):
        yield Fault(f"{at}/do", f"`do` must be written out: one of {', '.join(get_args(Do))}")
    for name in sorted(members.keys() - known.keys()):
        yield Fault(f"{at}/{name.replace('~', '~0').replace('/', '~1')}", f"`{name}` is nothing here")
    if "case" not in members:
        yield Fault(at, "`case` is missing")
    for name in sorted(members.keys() & known.keys() - {"do"}):
        one = members[name]
        if isinstance(one, Constant) and one.value is not None:
            try:
                msgspec.convert(one.value, known[name].type)
            except msgspec.ValidationError as error:
                yield Fault(f"{at}/{name}", str(error))


def _needed(name: str, one: str | Needed | None) -> Needed:
    if isinstance(one, Needed):
        return one if one.names else Needed(title=one.title, names=[name])
    return Needed(title=one or name.replace("-", " ").capitalize(), names=[name])


def _members(arguments: Template) -> dict[str, Template]:
    if isinstance(arguments, MapTemplate):
        return dict(arguments.members)
    if isinstance(arguments, Constant) and isinstance(arguments.value, dict):
        return {name: Constant(value) for name, value in arguments.value.items()}
    return {}
