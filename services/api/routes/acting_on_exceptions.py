from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import post
from litestar.params import JSONBody
from msgspec import Meta

from infra import ids
from infra.ids import TenantId
from infra.problems import Invalid
from services.api import previews
from services.api.call import Call, Payloads
from services.api.exception_view import ExceptionView, Owner, findable, view
from services.api.fields import Instant
from services.api.policy import tenant_paths
from services.api.routes.exceptions import TAGS
from services.api.run_view import RunValue
from services.engine import redriving
from services.exceptions import acting, owners, reading
from services.exceptions.acting import Batch, Outcome
from services.exceptions.categories import ENDS, OF_LIVING_RUNS, Action, Category, Done
from services.exceptions.handling import Act, Hand, outcome_of
from services.exceptions.reading import Filter

_PURPOSE: Final = "exceptions"
_WITH_REASON: Final = {"discard": "discarded", "compensate": "compensated", "skip": "skipped"}
Words = Annotated[
    str,
    Meta(
        max_length=2_000,
        description="Why it is discarded, compensated or skipped; or the note, null for none any more.",
    ),
]
Text = Annotated[str, Meta(max_length=200)]
_ACTIONS: Final = Meta(
    description="`retry`: a failed run goes on from what failed, a quarantined one is resumed. `skip`: one whose"
    " workflow declares it goes on behind the task that failed, with a reason. `resume`: those"
    " alone. `cancel`: ends a run that stands. `compensate`: of a failed run whose workflow declares it, begins the"
    " one that undoes what it did, once, with a reason. `discard`: gives it up, with a reason; a run that has not"
    " ended is cancelled. `assign`: to `owner`. `note`: writes `words` on it."
)


class ActOnException(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    action: Annotated[Action, _ACTIONS]
    seen: (
        Annotated[
            int,
            Meta(
                ge=0, le=2**31 - 1, description="`changes` as you read it: whoever acted since then makes this a 409."
            ),
        ]
        | None
    ) = None
    words: Words | None = None
    owner: Annotated[Owner | None, Meta(description="Of an assignment; null: nobody's.")] = None


class ExceptionFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Open ones; all that are given must hold."""

    category: Category | None = None
    ids: Annotated[list[str], Meta(max_length=200, description="Among these.")] | None = None
    connection: Annotated[str, Meta(description="Id of a connection.")] | None = None
    deployment: Annotated[str, Meta(description="Id of a deployment.")] | None = None
    template: Annotated[str, Meta(max_length=64, description="Name of the template.")] | None = None
    cause: Annotated[str, Meta(max_length=500, description="As in the list.")] | None = None
    owner: Annotated[str, Meta(max_length=200, description="`none`: of nobody.")] | None = None
    currency: Annotated[str, Meta(max_length=3)] | None = None
    least_value: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    since: Annotated[Instant | None, Meta(description="Opened then or later.")] = None
    until: Annotated[Instant | None, Meta(description="Opened before.")] = None
    deadline_before: Instant | None = None
    kind: Annotated[str, Meta(max_length=64, description="Of the template's.")] | None = None
    warehouse: Text | None = None
    segment: Text | None = None
    order_type: Text | None = None
    channel: Text | None = None
    stage: Text | None = None


class ActOnExceptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`preview: true` with a `filter` and what to do; then the `token` that the preview gave, alone."""

    preview: bool = False
    filter: ExceptionFilter | None = None
    action: Annotated[Action | None, _ACTIONS] = None
    words: Words | None = None
    owner: Owner | None = None
    token: Annotated[str, Meta(max_length=previews.MAX_TEXT)] | None = None


class ActedOn(msgspec.Struct, frozen=True, kw_only=True):
    id: Annotated[str, Meta(examples=["exc_01h455vb4pex5vsknk084sn02q"])]
    outcome: Annotated[
        Outcome,
        Meta(
            description="`changed`: not as the preview saw it, and left alone. `refused`: act on it alone to see why."
            " `left`: time was up, or its run was in hand elsewhere; send the token again."
        ),
    ]
    why: Annotated[str | None, Meta(description="Of one that was refused.")] = None


class Foreseen(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of one exception."""

    id: Annotated[str, Meta(examples=["exc_01h455vb4pex5vsknk084sn02q"])]
    category: Category
    name: Annotated[str | None, Meta(description="Business key of its run, else its deployment's name.")]
    is_of_entry: Annotated[bool, Meta(description="It stands for an entry of its run, which somebody decides.")]
    at_risk: RunValue | None
    outcome: Annotated[Done | None, Meta(description="Null: it does not take the act.")]
    ends_run: Annotated[bool, Meta(description="Its run, which has not ended, would be cancelled.")]
    why: Annotated[str | None, Meta(description="Why it does not take the act, and what it takes instead.")]


class ActedOnAll(msgspec.Struct, frozen=True, kw_only=True):
    """Of a preview the first `exceptions`; of what was done each one in `done`."""

    count: Annotated[int, Meta(description="What the filter finds and the action is for, counted to 10,000.")]
    covered: Annotated[int, Meta(description="What the token stands for: the oldest, 200 at most.")]
    exceptions: list[ExceptionView]
    foreseen: Annotated[
        list[Foreseen], Meta(description="Of a preview: each that it covers, then 200 at most that would be refused.")
    ]
    refused: Annotated[int, Meta(description="What the filter finds and the action is not for, counted to 10,000.")]
    done: list[ActedOn]
    token: Annotated[str | None, Meta(description="Of a preview; good for 24 hours, for exactly these.")]


@post(tenant_paths("/exceptions/{exception:str}/act"), summary="Act on an exception", tags=TAGS, status_code=200)
async def act_on_exception(request: Call, data: JSONBody[ActOnException]) -> ExceptionView:
    """Of two people who act on what they saw one does; the other is told `409`. The same again changes nothing."""
    exception, tenant = request.path_id("exc", "exception"), TenantId(request.tenant.tenant_id)
    wanted = _act(data.action, data.words, data.owner)
    if data.action in {"assign", "note"} and data.seen is None:
        raise Invalid.at("/seen", "send the `changes` of the exception as you read it")
    async with request.resources.database.tenant(tenant) as connection:
        await Hand(connection, tenant, exception, request.principal.actor).act(wanted, data.seen)
    async with request.transaction() as session:
        row = await reading.read_exception(session, tenant, exception)
    request.resources.ring()
    if row["run_id"] is not None:
        request.resources.changes.note([(tenant, row["run_id"])])
    return view(row, request.payloads)


@post(tenant_paths("/exceptions/act"), summary="Act on many exceptions", tags=TAGS, status_code=200)
async def act_on_exceptions(request: Call, data: JSONBody[ActOnExceptions]) -> ActedOnAll:
    """First with `preview` and a filter, then with the preview's token, which touches those and no others.

    Each is done only as the preview saw it, twenty in one commit with its record in the audit, so the same token can
    be sent again after whatever went wrong. Of more than 200 the next preview finds the rest.
    """
    tenant = TenantId(request.tenant.tenant_id)
    if data.preview and data.filter is not None and data.action is not None and data.token is None:
        return await _preview(request, tenant, data.filter, _act(data.action, data.words, data.owner))
    nothing_else = data.filter is None and data.action is None and data.words is None and data.owner is None
    if not data.preview and data.token is not None and nothing_else:
        return await _drive(request, tenant, acting.unpack(previews.read(request, _PURPOSE, tenant, data.token)))
    raise Invalid.at("", "Send 'preview': true with a 'filter' and an 'action', then the preview's 'token' alone")


async def _preview(request: Call, tenant: TenantId, wanted: ExceptionFilter, act: Act) -> ActedOnAll:
    only = acting.narrowed(_filter(wanted, request.payloads), act)
    async with request.resources.database.tenant(tenant) as connection:
        await owners.check(connection, tenant, act.owner)
    async with request.transaction() as session:
        rows, count = await reading.find(session, tenant, only, redriving.MOST, redriving.COUNTED)
        others = [
            await reading.find(session, tenant, one, redriving.MOST, redriving.COUNTED)
            for one in acting.refused(_filter(wanted, request.payloads), act)
        ]
    foreseen = [_foreseen(view(row, request.payloads), act, outcome_of(act.action, row["category"])) for row in rows]
    unfit = [row for some, _ in others for row in some][: redriving.MOST]
    foreseen += [_foreseen(view(row, request.payloads), act, None) for row in unfit]
    token = previews.issue(request, _PURPOSE, tenant, acting.pack(act, rows)) if rows else None
    shown = [view(row, request.payloads) for row in rows[: previews.EXAMPLES]]
    refused = min(sum(known for _, known in others), redriving.COUNTED)
    return ActedOnAll(
        count=count, covered=len(rows), exceptions=shown, foreseen=foreseen, refused=refused, done=[], token=token
    )


def _foreseen(one: ExceptionView, act: Act, outcome: Done | None) -> Foreseen:
    return Foreseen(
        id=one.id,
        category=one.category,
        name=one.business_key or one.deployment_name,
        is_of_entry=one.entry is not None,
        at_risk=one.at_risk,
        outcome=outcome,
        ends_run=outcome is not None and act.action in ENDS and one.category in OF_LIVING_RUNS,
        why=None if outcome is not None else acting.why_not(one.category, act),
    )


async def _drive(request: Call, tenant: TenantId, batch: Batch) -> ActedOnAll:
    driven = await acting.drive(request.resources.database, tenant, batch, request.principal.actor)
    done, whys = driven.done, driven.whys
    async with request.transaction() as session:
        runs = await reading.runs_of(session, tenant, [one for one, _ in done])
    request.resources.ring()
    request.resources.changes.note([(tenant, run) for run in runs])
    told = [
        ActedOn(id=ids.show("exc", one), outcome=outcome, why=whys.get(one) if outcome == "refused" else None)
        for one, outcome in done
    ]
    return ActedOnAll(count=len(done), covered=len(done), exceptions=[], foreseen=[], refused=0, done=told, token=None)


def _act(action: Action, words: str | None, owner: str | None) -> Act:
    if action in _WITH_REASON and not (words or "").strip():
        raise Invalid.at("/words", f"say why it is {_WITH_REASON[action]}")
    if words is not None and action not in {*_WITH_REASON, "note"}:
        raise Invalid.at("/words", f"nothing to say with {action}")
    if owner is not None and action != "assign":
        raise Invalid.at("/owner", "an owner is given with assign")
    return Act(action=action, words=words, owner=owner)


def _filter(wanted: ExceptionFilter, payloads: Payloads) -> Filter:
    return Filter(
        categories=None if wanted.category is None else [wanted.category],
        ids=None if wanted.ids is None else [_id("exc", "ids", one) for one in wanted.ids],
        connection=_id("con", "connection", wanted.connection),
        deployment=_id("dep", "deployment", wanted.deployment),
        template=wanted.template,
        cause=wanted.cause,
        but_failed=wanted.cause is not None and wanted.cause not in findable(wanted.cause, payloads),
        owner=wanted.owner,
        currency=wanted.currency,
        least_value=wanted.least_value,
        since=wanted.since,
        until=wanted.until,
        deadline_before=wanted.deadline_before,
        kind=wanted.kind,
        warehouse=wanted.warehouse,
        segment=wanted.segment,
        order_type=wanted.order_type,
        channel=wanted.channel,
        stage=wanted.stage,
    )


def _id(prefix: Literal["exc", "con", "dep"], name: str, text: str | None) -> Any:
    if text is None:
        return None
    try:
        return ids.read(prefix, text)
    except ids.MalformedId:
        raise Invalid.at(f"/filter/{name}", f"no id of the form {prefix}_…") from None


HANDLERS: Final = (act_on_exception, act_on_exceptions)
