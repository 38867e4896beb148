"""An exception as the API shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from infra import clock, ids
from services.api import masking
from services.api.call import Payloads
from services.api.fields import Instant
from services.api.run_view import RunValue
from services.engine import values
from services.engine.functions import STANDARD_ERRORS, is_ours, without_words
from services.exceptions import guidance, risk
from services.exceptions.categories import Action, Category
from services.exceptions.history import Line
from services.exceptions.reading import State

Outcome = Literal[
    "retried", "skipped", "resumed", "cancelled", "suspended", "went-on", "decided", "compensated", "discarded"
]
Owner = Annotated[
    str,
    Meta(
        max_length=200,
        description="`role:…`, or `account:…` of somebody who signs in.",
        examples=["role:credit"],
    ),
]


class ExceptionView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that does not go on as it should, from then until it goes on or somebody gives it up."""

    id: Annotated[str, Meta(examples=["exc_01h455vb4pex5vsknk084sn02q"])]
    category: Category
    state: State
    cause: Annotated[
        str, Meta(description="Of a failed run the type of its fault, else what happened.", examples=["outage"])
    ]
    title: Annotated[
        str | None,
        Meta(
            description="The same in words. Of a failed run null for a key above the client, and masked as its error."
        ),
    ]
    run: Annotated[str | None, Meta(description="Id of the run that stands there.")]
    run_state: str | None
    entry: Annotated[
        str | None,
        Meta(description="Id of the entry of the run that somebody is to decide; the run itself may be well."),
    ]
    business_key: str | None
    deployment: str | None
    deployment_name: str | None
    workflow: Annotated[str | None, Meta(description="Name of the deployment's workflow.")]
    template: Annotated[str | None, Meta(description="Name and version of its template.")]
    reference: Annotated[str | None, Meta(description="JSON pointer of the task where it happened.")]
    connection: Annotated[str | None, Meta(description="Id of the connection that it is about.")]
    entity: Annotated[str | None, Meta(description="Entity of data that contradict each other, such as order.")]
    value: Annotated[RunValue | None, Meta(description="At stake in it, where its workflow tells.")]
    deadline: Annotated[Instant | None, Meta(description="Until when the run is promised.")]
    breach_at: Annotated[
        Instant,
        Meta(
            description="When it is late: its deadline or the business time that its kind is given, whichever comes"
            " first; else what its category is given from its beginning."
        ),
    ]
    probability: Annotated[
        float,
        Meta(description="That it is late: 2 to the power of minus what is left in units of 8 hours, 1 once it is."),
    ]
    at_risk: Annotated[RunValue | None, Meta(description="Its value times its probability, in whole minor units.")]
    kind: Annotated[
        str | None,
        Meta(description="Which of the exceptions that its workflow declares it is.", examples=["erp-away"]),
    ]
    kind_title: Annotated[str | None, Meta(description="The same in words.", examples=["The ERP does not answer"])]
    warehouse: Annotated[str | None, Meta(description="Key `warehouse` of its run, else the deployment's site.")]
    segment: Annotated[str | None, Meta(description="Class of its customer.")]
    order_type: Annotated[str | None, Meta(description="Key `orderType` of its run.")]
    channel: Annotated[str | None, Meta(description="Key `channel` of its run.")]
    stage: Annotated[str | None, Meta(description="Step of its workflow where it stands.")]
    next_step: Annotated[str | None, Meta(description="What is tried first; null once it is closed.")]
    actions: Annotated[list[Action], Meta(description="Acts that it takes as it stands.")]
    owner: Owner | None
    note: str | None
    times: Annotated[int, Meta(description="How often it came to the same while it was open.")]
    changes: Annotated[int, Meta(description="Acts of people so far. Send it as `seen`.")]
    opened_at: Instant
    last_at: Annotated[Instant, Meta(description="When it came to the same for the last time.")]
    closed_at: Instant | None
    closed_by: str | None
    outcome: Annotated[Outcome | None, Meta(description="What became of it; null while it is open.")]
    reason: Annotated[str | None, Meta(description="Why it was discarded, compensated or skipped.")]


class ExceptionAct(msgspec.Struct, frozen=True, kw_only=True):
    """What was done with it, with its run or with its entry."""

    action: Annotated[str, Meta(description="In the past; `opened` is its beginning.", examples=["assigned"])]
    at: Instant
    by: Annotated[str, Meta(description="As the audit names who it was; `engine` for what nobody did.")]
    owner: Annotated[str | None, Meta(description="Of an assignment; null: nobody's.")]
    words: Annotated[
        str | None, Meta(description="A note, or why; of an entry null to who does not see a run's data whole.")
    ]


class ExceptionDetail(ExceptionView, frozen=True, kw_only=True):
    """With what is to be done, and what was done."""

    runbook: Annotated[
        str | None,
        Meta(description="What is to be done about its kind, in Markdown, as its workflow declares it."),
    ]
    history: Annotated[
        list[ExceptionAct],
        Meta(
            description="The oldest first, with the newest 100 acts; what people did with its run counts from the run's"
            " beginning."
        ),
    ]


def view(row: Any, payloads: Payloads) -> ExceptionView:
    """A row of `services.exceptions.reading`, with as much of a fault's words as the caller may see."""
    return ExceptionView(**_members(row, payloads))


def _members(row: Any, payloads: Payloads) -> dict[str, Any]:
    cause, title = words(row["category"], row["cause"], row["title"], payloads)
    amount, is_of_entry = row["value"], row["run_id"] is not None and row["mark"] is not None
    chance = risk.probability(row["breach_at"], clock.now())
    is_open = row["state"] == "open"
    return {
        **{name: row[name] for name in _SAME},
        "id": ids.show("exc", row["exception_id"]),
        "cause": cause,
        "title": title,
        "run": _shown("run", row["run_id"]),
        "entry": row["mark"] if is_of_entry else None,
        "deployment": _shown("dep", row["deployment_id"]),
        "workflow": row["workflow_name"],
        "reference": row["reference"] or None,
        "value": None if amount is None else RunValue(amount=amount, currency=row["currency"]),
        "probability": round(chance, 4),
        "at_risk": None if amount is None else RunValue(amount=round(amount * chance), currency=row["currency"]),
        "next_step": guidance.next_step(row["category"], is_of_entry=is_of_entry) if is_open else None,
        "actions": _actions(row, is_of_entry=is_of_entry) if is_open else [],
    }


def _actions(row: Any, *, is_of_entry: bool) -> list[Action]:
    takes_skip, compensates = row["takes_skip"], row["compensation"] is not None
    return guidance.actions(row["category"], is_of_entry=is_of_entry, takes_skip=takes_skip, compensates=compensates)


_SAME: Final = (
    *("category", "state", "run_state", "business_key", "deployment_name", "template", "connection", "entity"),
    *(
        "deadline",
        "breach_at",
        "kind",
        "kind_title",
        "warehouse",
        "segment",
        "order_type",
        "channel",
        "stage",
        "owner",
        "note",
    ),
    *("times", "changes", "opened_at", "last_at", "closed_at", "closed_by", "outcome", "reason"),
)


def detail(row: Any, lines: Sequence[Line], payloads: Payloads) -> ExceptionDetail:
    """The same, with the runbook of its kind and its history, of a row of `read_exception`."""
    return ExceptionDetail(
        **_members(row, payloads), runbook=row["runbook"], history=[_act(one, payloads) for one in lines]
    )


def _act(line: Line, payloads: Payloads) -> ExceptionAct:
    words = line.words if payloads == "whole" or not line.is_of_data else None
    return ExceptionAct(action=line.action, at=line.at, by=line.by, owner=line.owner, words=words)


def words(category: str, cause: str, title: str, payloads: Payloads) -> tuple[str, str | None]:
    """Cause and title of an exception as the caller may see them.

    A `raise` may compute its words from the payload, and even its type; all the others are ours.
    """
    if category != "failed" or payloads == "whole":
        return cause, title
    if payloads == "hidden":
        return without_words({"type": cause})["type"], None
    error = values.decode(bytes(masking.masked_error(values.encode({"type": cause, "title": title}).decode())))
    return error["type"], error["title"]


def findable(kind: str, payloads: Payloads) -> list[str]:
    """Types of faults that a filter for `kind` finds; of a standard one the last word will do.

    Else whoever is not shown a type that a `raise` computed would learn it by trying.
    """
    return [one for one in (kind, STANDARD_ERRORS + kind) if payloads == "whole" or is_ours(one)]


def _shown(prefix: str, value: Any) -> str | None:
    return None if value is None else ids.show(prefix, value)
