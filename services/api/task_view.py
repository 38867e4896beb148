"""A human task as the API shows it: in lists, and alone with all that a decision stands on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from infra import ids
from services.api import payloads
from services.api.call import Call, Payloads
from services.api.fields import Instant
from services.api.run_view import RunValue
from services.engine import values
from services.human_tasks import people, showing
from services.human_tasks.forms import Forms
from services.human_tasks.people import Person
from services.human_tasks.showing import Shown
from services.human_tasks.states import OPEN, State
from services.links.links import Link
from template_library.human_tasks import Asked

_FOREVER: Final = 9999
TaskId = Annotated[str, Meta(examples=["tsk_01h455vb4pex5vsknk084sn02q"])]
PersonId = Annotated[str, Meta(description="An account.", examples=["acc_01h455vb4pex5vsknk084sn02q"])]


class TaskEntity(msgspec.Struct, frozen=True, kw_only=True):
    kind: Annotated[str, Meta(examples=["sales-order"])]
    key: str


class TaskItem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a run waits for a person to do or to decide."""

    id: TaskId
    kind: Annotated[str, Meta(examples=["credit-review"])]
    title: Annotated[str | None, Meta(description="Null to who sees none of a run's data, masked as its data is.")]
    role: Annotated[str, Meta(description="Slug of the role whose queue it is in; empty: somebody's outside.")]
    decision: Annotated[str | None, Meta(description="The decision type that takes an authority.")]
    state: Annotated[
        State,
        Meta(
            description="`created`: nobody has the role; `offered` to the queue, first to `assignee` where there is"
            " one; `claimed`; `delegated` to `assignee`; `completed`; `expired`; `cancelled` with its run."
        ),
    ]
    version: int
    assignee: PersonId | None
    skills: list[str]
    run: str
    entity: TaskEntity | None
    value: Annotated[RunValue | None, Meta(description="At stake in it.")]
    due: Instant | None
    outcome: str | None
    decided_by: Annotated[str | None, Meta(description="As the audit names who it was; `deadline` where time decided.")]
    decided_at: Instant | None
    created_at: Instant
    changed_at: Instant
    closed_at: Instant | None


class TaskAct(msgspec.Struct, frozen=True, kw_only=True):
    """What was done with it: `number` is the version that it has had since."""

    number: int
    action: Annotated[str, Meta(examples=["claimed"])]
    state: str
    at: Instant
    by: str
    on_behalf_of: PersonId | None
    target: Annotated[str | None, Meta(description="Whom it was given to, the document, or the outcome.")]
    words: Annotated[str | None, Meta(description="Null to who does not see a run's data whole.")]


class TaskDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What one person decided of it."""

    by: PersonId
    on_behalf_of: PersonId | None
    outcome: str
    at: Instant
    why: Annotated[str | None, Meta(description="Null to who does not see a run's data whole.")]
    shown: Annotated[str, Meta(description="SHA-256 of what they were shown, as canonical JSON.")]
    counts: Annotated[bool, Meta(description="False where the task was asked for anew since.")]


class TaskLink(msgspec.Struct, frozen=True, kw_only=True):
    """The last link that an outside participant got."""

    sent_at: Instant
    expires_at: Instant
    ended: Annotated[str | None, Meta(description="`withdrawn`, `replaced`, or `over` with its task; null: good.")]


class TaskOutside(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asked that has no account; `name` and `email` null to who does not see a run's data whole."""

    name: str | None
    email: str | None
    link: Annotated[TaskLink | None, Meta(description="Null until its mail is written.")]


class TaskView(TaskItem, frozen=True, kw_only=True):
    """With what the decision stands on, and its history."""

    reference: Annotated[str, Meta(description="JSON pointer of the task in its workflow.")]
    instructions: str | None
    facts: Annotated[Any, Meta(description="What the authority judges by; null or masked as a run's data is.")]
    shown: Annotated[Any, Meta(description="The facts beside the form; as `facts`.")]
    form: Annotated[
        Any,
        Meta(
            description="What its reader may see of it; a `schema` of no profile as it stands, or the name of a form."
        ),
    ]
    outcomes: list[str]
    saw: Annotated[str, Meta(description="SHA-256 of what this shows you. Send it with your decision.")]
    yours: Annotated[bool, Meta(description="Whether you may decide it, as far as its queue goes.")]
    answer: Annotated[Any, Meta(description="What was filled in; as `facts`.")]
    reason: Annotated[str | None, Meta(description="Why it was decided so; as `words`.")]
    outside: TaskOutside | None
    runbook: Annotated[str | None, Meta(description="Of its template, in Markdown: what is to be done about its kind.")]
    history: list[TaskAct]
    decisions: list[TaskDecision]


class TaskVersion(msgspec.Struct, frozen=True):
    """What the tag of a task is of."""

    id: str
    version: int


def item(row: Mapping[Any, Any], level: Payloads) -> TaskItem:
    """A row of `services.human_tasks.reading`."""
    return TaskItem(**_members(row, level))


def view(  # noqa: PLR0913 (the row, what stands beside it, and who looks)
    request: Call,
    row: Mapping[Any, Any],
    person: Person | None,
    forms: Forms,
    *,
    acts: list[Any],
    decided: list[Any],
    link: Link | None = None,
) -> TaskView:
    """A row of `reading.read_task` as the caller sees it."""
    level = request.payloads
    asked = showing.asked_of(row)
    shown = veiled(showing.to_person(row, asked, forms, roles_of(person, row)), level)
    show, is_whole = payloads.DATA_OF_RUN[level][0], level == "whole"
    is_yours = person is not None and row["state"] in OPEN and _behalf(row, person)[0]
    return TaskView(
        **_members(row, level),
        reference=row["reference"],
        instructions=shown.instructions or None,
        facts=shown.facts,
        shown=shown.shown,
        form=shown.form,
        outcomes=asked.outcomes,
        saw=shown.digest().hex(),
        yours=is_yours,
        answer=readable(show(row["answer"]), shown.form),
        reason=row["reason"] if is_whole else None,
        outside=_outside(asked, link, is_whole=is_whole),
        runbook=row["runbook"],
        history=[_act(one, is_whole=is_whole) for one in acts],
        decisions=[_decision(one, is_whole=is_whole) for one in decided],
    )


def _outside(asked: Asked, link: Link | None, *, is_whole: bool) -> TaskOutside | None:
    if asked.outside is None:
        return None
    sent = None if link is None else TaskLink(sent_at=link.created_at, expires_at=link.expires_at, ended=link.reason)
    name, email = (asked.outside.name, asked.outside.email) if is_whole else (None, None)
    return TaskOutside(name=name, email=email, link=sent)


def readable(answer: Any, form: Any) -> Any:
    """Of an answer what its reader may read of the form; nothing where that is no form any more."""
    if answer is None or isinstance(form, str):
        return answer
    if form is None:
        return {}
    names = {field["name"] for section in form["sections"] for field in section["fields"]}
    found = _plain(answer)
    return {name: value for name, value in found.items() if name in names} if isinstance(found, dict) else found


def roles_of(person: Person | None, row: Mapping[Any, Any]) -> frozenset[str]:
    """By which somebody looks at a task: as they would decide it."""
    if person is None:
        return frozenset()
    behalf = _behalf(row, person)[1]
    return person.roles if behalf is None else person.absent.get(behalf, frozenset())


def _behalf(row: Mapping[Any, Any], person: Person) -> tuple[bool, UUID | None]:
    """As `Person.behalf`: what its holder keeps no more is the queue's."""
    assignee = row["assignee"] if row["is_kept"] else None
    return person.behalf(row["role"], assignee, is_given=row["is_given"])


def veiled(shown: Shown, level: Payloads) -> Shown:
    """As much of it as the caller may see: a decision keeps the digest of that."""
    if level == "whole":
        return shown
    show = payloads.DATA_OF_RUN[level][0]
    return msgspec.structs.replace(
        shown,
        title=_words(shown.title, level) or "",
        instructions=_words(shown.instructions, level) or "",
        facts=_plain(show(values.encode(shown.facts).decode())),
        shown=_plain(show(values.encode(shown.shown).decode())),
    )


def _members(row: Mapping[Any, Any], level: Payloads) -> dict[str, Any]:
    value, entity = row["value"], row["entity_key"]
    return {
        **{name: row[name] for name in _SAME},
        "id": ids.show("tsk", row["task_id"]),
        "title": _words(row["title"], level),
        "assignee": people.shown(row["assignee"]),
        "run": ids.show("run", row["run_id"]),
        "entity": None if entity is None else TaskEntity(kind=row["entity_kind"], key=entity),
        "value": None if value is None else RunValue(amount=value, currency=row["currency"]),
        "due": row["due_at"],
    }


def moment(found: datetime | None) -> datetime | None:
    """None for what is never: the database's infinity."""
    return None if found is None or found.year == _FOREVER else found


def _words(text: str, level: Payloads) -> str | None:
    if level == "whole" or not text:
        return text
    found = _plain(payloads.DATA_OF_RUN[level][0](values.encode({"value": text}).decode()))
    return found["value"] if isinstance(found, dict) else None


def _plain(found: Any) -> Any:
    return values.decode(bytes(found).decode()) if isinstance(found, msgspec.Raw) else found


def _act(one: Any, *, is_whole: bool) -> TaskAct:
    return TaskAct(
        number=one.number,
        action=one.action,
        state=one.state,
        at=one.at,
        by=one.made_by,
        on_behalf_of=people.shown(one.behalf),
        target=one.target,
        words=one.note if is_whole or one.made_by == "engine" else None,
    )


def _decision(one: Any, *, is_whole: bool) -> TaskDecision:
    return TaskDecision(
        by=ids.show("acc", one.account_id),
        on_behalf_of=people.shown(one.behalf),
        outcome=one.outcome,
        at=one.decided_at,
        why=one.note if is_whole else None,
        shown=one.shown_digest.hex(),
        counts=not one.is_void,
    )


_SAME: Final = (
    *("kind", "role", "decision", "state", "version", "skills", "outcome", "decided_by", "decided_at"),
    *("created_at", "changed_at", "closed_at"),
)
