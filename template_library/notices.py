"""What a workflow says when it calls `notice:1.0.0@default` (ADR 0113): checked as it is published, read as it runs.

Which notice it is and what it says must be written out: what a payload could choose, a payload could turn round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from template_library import notice_texts
from template_library.dsl import Workflow
from template_library.dsl.model import Constant, FunctionCallTask, MapTemplate, Template
from template_library.notice_texts import Texts

NAME: Final = "notice:1.0.0@default"
FAMILY: Final = re.compile(r"notice:[^@]*@default")
WRITTEN_OUT: Final = ("notice", "milestone")
_DAY: Final = 10
_MOST_VALUES: Final = 100
Word = Annotated[str, Meta(pattern=r"^[a-z0-9](-?[a-z0-9]){0,62}$")]
Scalar = str | int | float | bool | None


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Whom it is for, of what a system knows of them. Without an address nobody is told; `language`: `es`, `es-MX`."""

    email: Annotated[str, Meta(max_length=1_000)] | None = None
    name: Annotated[str, Meta(max_length=1_000)] | None = None
    language: Annotated[str, Meta(max_length=35)] | None = None


class About(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The entity that it is about, by its kind and a key that people know it by."""

    kind: Word
    key: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class Promise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was promised and is now: days (`2026-03-04`) or moments with their zone."""

    was: Annotated[str, Meta(max_length=40)]
    now: Annotated[str, Meta(max_length=40)]


class Quiet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By which calendar nobody is written to while it is closed: this one, that of a site, or else the default one."""

    calendar: Word | None = None
    site: Word | None = None


class Mail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A notice with what it says: `subject` and `text` by language; `links`: the values that may be links."""

    name: Word
    subject: dict[str, str]
    text: dict[str, str]
    links: list[str] = []


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A notice, as a workflow asks for it.

    Attributes:
        notice: in a package the name of `mails/NAME.yaml`; what it says stands in its place in what is handed on.
        milestone: which it tells of; `milestones`: those that are told at all; absent: all.
        values: for the places of the text: words, figures, or lists of them.
        promise: of a delay; it is told before the old promise breaks, at night too.
        quiet: False: at any hour.
    """

    notice: Word | Mail
    to: Recipient = Recipient()
    milestone: Word | None = None
    milestones: list[Word] | None = None
    about: About | None = None
    values: dict[str, Scalar | list[Scalar]] = {}
    promise: Promise | None = None
    quiet: Quiet | bool = True

    def __post_init__(self) -> None:
        """Raises ValueError, which the reader turns into its own error."""
        if len(self.values) > _MOST_VALUES:
            raise ValueError(f"a notice has at most {_MOST_VALUES} values")
        if self.promise is not None:
            breaks_at(self.promise.was)
            breaks_at(self.promise.now)

    @property
    def name(self) -> str:
        return self.notice if isinstance(self.notice, str) else self.notice.name

    @property
    def told(self) -> dict[str, str]:
        """What the places of its text stand for, but for those that are known as it is sent."""
        found = {f"values.{name}": _shown(value) for name, value in self.values.items()}
        if self.about is not None:
            found["about.key"] = self.about.key
        if self.promise is not None:
            found |= {"promise.was": self.promise.was, "promise.now": self.promise.now}
        return found

    @property
    def is_wanted(self) -> bool:
        return self.milestones is None or self.milestone is None or self.milestone in self.milestones


class Fault(msgspec.Struct, frozen=True):
    """What a call has wrong, and where in the document."""

    pointer: str
    detail: str


def read(arguments: Mapping[str, Any]) -> tuple[Asked, Texts]:
    """What a call says, evaluated. Members that are null are as left out.

    Raises:
        ValueError: its words say what is wrong.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    try:
        asked = msgspec.convert(given, Asked)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    if isinstance(asked.notice, str):
        words = f"what the notice `{asked.notice}` says is not written here: give its `subject` and `text`"
        raise ValueError(words)  # noqa: TRY004 (of a document, and not of a caller)
    return asked, texts_of(asked.notice)


def texts_of(mail: Mail) -> Texts:
    """Raises ValueError."""
    return notice_texts.read({"subject": mail.subject, "text": mail.text, "links": mail.links})


def breaks_at(text: str, zone: tzinfo = UTC) -> datetime:
    """When a promise is broken: a moment itself, of a day its end there.

    Raises:
        ValueError: it is neither.
    """
    if len(text) == _DAY:
        try:
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), zone)
        except OverflowError:
            raise ValueError("such days are in no calendar") from None
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a moment needs its zone")
    return found


def is_later(promise: Promise) -> bool:
    """Whether what is now is later than what was promised: an earlier day is no delay."""
    return breaks_at(promise.now) > breaks_at(promise.was)


def faults(workflow: Workflow) -> Iterator[Fault]:
    """All that is wrong with the notices of a document, as far as they are written down."""
    for task in workflow.tasks.values():
        if not isinstance(task, FunctionCallTask) or task.local or FAMILY.fullmatch(task.function) is None:
            continue
        if task.function != NAME:
            yield Fault(f"{task.path}/call", f"of notices there is {NAME} alone")
            continue
        yield from _of(_members(task.arguments), f"{task.path}/with")


def _of(members: dict[str, Template], at: str) -> Iterator[Fault]:
    known = {one.name: one for one in msgspec.structs.fields(Asked)}
    for name in sorted(members.keys() - known.keys()):
        yield Fault(f"{at}/{name.replace('~', '~0').replace('/', '~1')}", f"`{name}` is nothing here")
    for name, field in known.items():
        if field.required and name not in members:
            yield Fault(at, f"`{name}` is missing")
    for name in WRITTEN_OUT:
        if name in members and not isinstance(members[name], Constant):
            yield Fault(f"{at}/{name}", f"`{name}` must be written out; no expression may choose it")
    for name in sorted(members.keys() & known.keys()):
        one = members[name]
        if isinstance(one, Constant):
            yield from _written(f"{at}/{name}", one.value, known[name].type)
    yield from _of_texts(members.get("notice"), f"{at}/notice", has_about="about" in members)


def _of_texts(notice: Template | None, at: str, *, has_about: bool) -> Iterator[Fault]:
    if not isinstance(notice, Constant) or not isinstance(notice.value, dict):
        return
    try:
        texts = texts_of(msgspec.convert(notice.value, Mail))
    except ValueError as error:
        yield Fault(at, str(error))
        return
    if notice_texts.asks_for_status(texts) and not has_about:
        yield Fault(at, "a text with {{ status }} needs `about`: the status page is of that")


def _written(pointer: str, value: Any, kind: Any) -> Iterator[Fault]:
    if value is None:
        return
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        yield Fault(pointer, str(error))


def _members(arguments: Template) -> dict[str, Template]:
    if isinstance(arguments, MapTemplate):
        return dict(arguments.members)
    if isinstance(arguments, Constant) and isinstance(arguments.value, dict):
        return {name: Constant(value) for name, value in arguments.value.items()}
    return {}


def _shown(value: Scalar | list[Scalar]) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value)
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
