"""Deadlines in business time, of tasks and holds (ADR 0103)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter
from msgspec import Meta

from infra import ids
from services.api.call import Call
from services.api.errors import BadParameter
from services.api.fields import Cursor, Instant, Limit, NextCursor, filter_id
from services.api.policy import tenant_paths
from services.deadlines import listing
from services.deadlines.deadlines import PREFIX
from services.deadlines.kinds import KINDS
from services.deadlines.listing import Listed, Planned, State, Wanted
from services.deadlines.plan import Do
from tenants.calendars import lengths

OfKind = Annotated[str | None, QueryParameter(description="Only of such subjects.", required=False, max_length=63)]
OfSubject = Annotated[str | None, QueryParameter(description="Only of this task or hold.", required=False)]
OfRun = Annotated[str | None, QueryParameter(description="Only of this run's.", required=False)]
InState = Annotated[State, QueryParameter(name="state", description="`open` ones alone, unless asked.", required=False)]
Before = Annotated[
    datetime | None, QueryParameter(description="Only those that are due before, RFC 3339.", required=False)
]
After = Annotated[
    datetime | None, QueryParameter(description="Only those that are due then or later, RFC 3339.", required=False)
]


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    do: Do
    after: Annotated[str, Meta(description="Business time since it began, ISO 8601.", examples=["PT4H"])]
    role: Annotated[str | None, Meta(description="Whom it is told or given to.")]
    outcome: Annotated[str | None, Meta(description="What is decided then.")]
    at: Annotated[Instant | None, Meta(description="Null: the calendar has not so much open time.")]
    done_at: Instant | None


class DeadlineView(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done about something that waits for people, and when."""

    id: Annotated[str, Meta(examples=["dln_01h455vb4pex5vsknk084sn02q"])]
    kind: Annotated[str, Meta(examples=["human-task"])]
    subject: Annotated[str, Meta(description="The task's or the hold's id.")]
    run: str | None
    calendar: str
    calendar_version: int
    began_at: Instant
    due_at: Annotated[Instant | None, Meta(description="Null: nothing says when it is due.")]
    next_at: Annotated[Instant | None, Meta(description="When its next step is; null: there is none.")]
    left: Annotated[
        str | None,
        Meta(
            description="Business time until it is due, negative behind that; null: it has ended, or is never due.",
            examples=["PT3H20M", "-PT15M"],
        ),
    ]
    steps: list[StepView]
    ended_at: Instant | None
    outcome: str | None
    failure: Annotated[str | None, Meta(description="Why its next step could not be done; it is tried again.")]


class DeadlineList(msgspec.Struct, frozen=True):
    items: list[DeadlineView]
    next: NextCursor


@get(tenant_paths("/deadlines"), summary="List deadlines", tags=["calendars"])
async def list_deadlines(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    kind: OfKind = None,
    subject: OfSubject = None,
    run: OfRun = None,
    in_state: InState = "open",
    due_before: Before = None,
    due_after: After = None,
) -> DeadlineList:
    """Newest first."""
    wanted = Wanted(
        kind=_kind(kind, subject),
        subject=None if subject is None else filter_id(subject.partition("_")[0], "subject", subject),
        run=filter_id("run", "run", run),
        state=in_state,
        due_before=_moment("due_before", due_before),
        due_after=_moment("due_after", due_after),
    )
    tenant, page = request.tenant.tenant_id, request.page(limit, cursor)
    async with request.resources.database.tenant(tenant) as transaction:
        rows, last = await listing.listed(transaction, tenant, page, wanted)
    return DeadlineList([_view(row) for row in rows], request.cursor(last))


def _kind(kind: str | None, subject: str | None) -> str | None:
    """Which one is asked for; an id tells it, too."""
    if kind is not None and kind not in KINDS:
        raise BadParameter(f"'kind' is one of {', '.join(KINDS)}", parameter="kind")
    if subject is None:
        return kind
    prefix = subject.partition("_")[0]
    found = next((name for name, one in KINDS.items() if one == prefix and kind in {None, name}), None)
    if found is None:
        raise BadParameter("'subject' is no id of a task or a hold", parameter="subject")
    return found


def _moment(name: str, given: datetime | None) -> datetime | None:
    if given is not None and given.tzinfo is None:
        raise BadParameter(f"'{name}' needs its zone", parameter=name)
    return given


def _view(row: Listed) -> DeadlineView:
    return DeadlineView(
        id=ids.show(PREFIX, row.id),
        kind=row.kind,
        subject=ids.show(KINDS[row.kind], row.subject),
        run=None if row.run is None else ids.show("run", row.run),
        calendar=row.calendar,
        calendar_version=row.version,
        began_at=row.began_at,
        due_at=row.due_at,
        next_at=row.next_at,
        left=None if row.left is None else lengths.text(row.left),
        steps=[_step(one) for one in row.steps],
        ended_at=row.ended_at,
        outcome=row.outcome,
        failure=row.failure,
    )


def _step(planned: Planned) -> StepView:
    step = planned.step
    return StepView(
        do=step.do,
        after=lengths.of_milliseconds(step.after),
        role=step.role or None,
        outcome=step.outcome or None,
        at=planned.at,
        done_at=planned.done_at,
    )


HANDLERS: Final = (list_deadlines,)
