from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, Meta

from infra import ids
from infra.ids import TenantId
from infra.pagination import cut
from infra.problems import Invalid
from services.api import payloads
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor, filter_id
from services.api.policy import tenant_paths
from services.engine import entry_acts, values
from services.engine.entries import State, Way
from services.engine.entry_acts import Act, Action, Decision, Filter

TAGS: Final = ["continuity"]
Version = Annotated[int, Meta(ge=1, le=2**31 - 1, description="Of the entry as you saw it.")]


class EntryValue(msgspec.Struct, frozen=True, kw_only=True):
    amount: Annotated[int, Meta(description="In minor units of the currency.")]
    currency: str | None


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """An effect that took another way than to its own system, since the playbook of its connection was entered."""

    id: Annotated[str, Meta(examples=["ent_01h455vb4pex5vsknk084sn02q"])]
    connection: str
    run: str
    effect: Annotated[str, Meta(description="Key of the effect; the system's own call is not made beside it.")]
    reference: Annotated[str, Meta(description="JSON pointer of the task in its workflow.")]
    operation: str
    way: Annotated[Way, Meta(description="`manual`: by a person; `file`; `connection`: another address.")]
    state: Annotated[
        State,
        Meta(
            description="`open`: somebody is to do it, or to say what became of its file; `taken`: somebody does;"
            " `answered`: the run goes on; `queued`: it waits for the system; `withdrawn`: given up;"
            " `writing` and `prepared`: it is under way."
        ),
    ]
    version: int
    business_key: str | None
    value: EntryValue | None
    deadline: Instant | None
    created_at: Instant
    request: Annotated[Any, Meta(description="What is to be done; null in lists, null or masked as a run's data is.")]
    schema: Annotated[Any, Meta(description="JSON Schema of the answer; only of one entry that is read alone.")]
    file: Annotated[str | None, Meta(description="Below the folder of drops.")]
    taken_by: str | None
    taken_at: Instant | None
    answer: Annotated[Any, Meta(description="What the run goes on with; as `request`.")]
    answered_by: Annotated[str | None, Meta(description="`fallback`: as it is declared, or another address.")]
    answered_at: Instant | None
    note: Annotated[str | None, Meta(description="Null to who does not see a run's data whole.")]
    found: Annotated[
        Literal["same", "different", "missing", "cannot-tell"] | None,
        Meta(description="What the system has of it, since it is back; null: nobody has looked."),
    ]
    found_answer: Annotated[Any, Meta(description="As the system has it; as `request`.")]
    found_why: Annotated[str | None, Meta(description="As `note`.")]
    unreadable: Annotated[str | None, Meta(description="Why its values cannot be read; they are null then.")]
    looked_at: Instant | None
    posting: Annotated[bool, Meta(description="The system is to do it now.")]
    resolution: Annotated[
        Literal["same", "posted-by-hand", "posted", "dropped", "queued", "withdrawn"] | None,
        Meta(description="What it came to; null: it keeps the playbook from being left."),
    ]
    resolved_at: Instant | None
    resolved_by: str | None
    reason: Annotated[str | None, Meta(description="As `note`.")]


class EntryList(msgspec.Struct, frozen=True):
    items: list[EntryView]
    next: NextCursor


class ActOnEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    action: Annotated[
        Action,
        Meta(
            description="`take` it before you do it; `release` it to the others; `answer` with what the system would"
            " have answered; `queue`: it waits for the system itself; `give-up`: its task fails."
        ),
    ]
    version: Version
    answer: Annotated[Any, Meta(description="By the entry's `schema`; only of `answer`.")] = UNSET
    words: Annotated[str, Meta(max_length=2_000, description="A note; of `give-up` why.")] = ""


class ReconcileEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    decision: Annotated[
        Decision,
        Meta(
            description="`posted-by-hand`: it is in the system as it should be, somebody saw to it. `post-now`: the"
            " system does it now, with the effect's own key. `drop`: it stays out of it."
        ),
    ]
    version: Version
    reason: Annotated[str, Meta(min_length=1, max_length=2_000, description="It is kept, with who said so.")]


@get(tenant_paths("/entries"), summary="List entries", tags=TAGS)
async def list_entries(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    connection: Annotated[str | None, QueryParameter(description="Only of this connection.", required=False)] = None,
    run: Annotated[str | None, QueryParameter(description="Only of this run.", required=False)] = None,
    in_state: Annotated[
        State | None, QueryParameter(name="state", description="Only in this state.", required=False)
    ] = None,
    only_open: Annotated[
        Literal["true", "false"],
        QueryParameter(
            name="open", description="`true`: those alone that keep a playbook from being left.", required=False
        ),
    ] = "false",
) -> EntryList:
    """What was, or is to be, done by another way while a connection's playbook is entered; the oldest first.

    Requests and answers are shown of one that is read alone.
    """
    page, tenant = request.page(limit, cursor), request.tenant.tenant_id
    only = Filter(
        connection=filter_id("con", "connection", connection),
        run=filter_id("run", "run", run),
        state=in_state,
        is_open=only_open == "true",
    )
    async with request.resources.database.tenant(tenant) as transaction:
        found = await entry_acts.listed(transaction, tenant, page, only)
    rows, last = cut(found, page, lambda row: str(row["entry_id"]))
    return EntryList([_view(request, row) for row in rows], request.cursor(last))


@get(tenant_paths("/entries/{entry:str}"), summary="Read an entry", tags=TAGS)
async def read_entry(request: Call) -> EntryView:
    """With the schema of its answer."""
    return await _shown(request, request.path_id("ent", "entry"))


@post(tenant_paths("/entries/{entry:str}/act"), summary="Act on an entry", tags=TAGS, status_code=200)
async def act_on_entry(request: Call, data: JSONBody[ActOnEntry]) -> EntryView:
    """Take it, do it and answer it; or give it back. Of two people one acts, the other gets `entry-changed`."""
    entry, tenant = request.path_id("ent", "entry"), TenantId(request.tenant.tenant_id)
    if data.action == "give-up" and not data.words.strip():
        raise Invalid.at("/words", "say why it is given up")
    answer = await _answer(request, entry, data)
    wanted = Act(
        action=data.action,
        actor=request.principal.actor,
        seen=data.version,
        answer=answer,
        words=values.plain(data.words),
    )
    async with request.resources.database.tenant(tenant) as connection:
        run = await entry_acts.act(connection, tenant, entry, wanted)
    request.resources.changes.note([(tenant, run)])
    return await _shown(request, entry)


@post(tenant_paths("/entries/{entry:str}/reconcile"), summary="Reconcile an entry", tags=TAGS, status_code=200)
async def reconcile_entry(request: Call, data: JSONBody[ReconcileEntry]) -> EntryView:
    """Says what it came to, where the system differs from what was done, lacks it, or cannot tell."""
    entry, tenant = request.path_id("ent", "entry"), TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        await entry_acts.decide(
            connection,
            tenant,
            entry,
            data.decision,
            actor=request.principal.actor,
            seen=data.version,
            reason=values.plain(data.reason),
        )
    return await _shown(request, entry)


async def _answer(request: Call, entry: Any, data: ActOnEntry) -> Any:
    """The answer to go on with. Raises Invalid where the operation could not have answered it."""
    if data.action != "answer":
        if data.answer is not UNSET:
            raise Invalid.at("/answer", f"nothing to answer with {data.action}")
        return None
    if data.answer is UNSET:
        raise Invalid.at("/answer", "say with 'answer' what the system would have answered")
    try:
        values.check_bounds(data.answer)
    except values.ValueRefused as error:
        raise Invalid.at("/answer", f"it is {error}") from None
    tenant = request.tenant.tenant_id
    async with request.resources.database.tenant(tenant) as connection:
        checked = request.resources.registry.operation(*await entry_acts.asked_of(connection, tenant, entry))
    if checked is not None and (fault := checked.fault_in_output(data.answer)):
        raise Invalid.at("/answer", fault)
    return data.answer


async def _shown(request: Call, entry: Any) -> EntryView:
    tenant = request.tenant.tenant_id
    async with request.resources.database.tenant(tenant) as connection:
        row = await entry_acts.one(connection, tenant, entry)
    checked = request.resources.registry.operation(row["connector"], row["operation"])
    return _view(request, row, None if checked is None else checked.operation.output)


def _view(request: Call, row: Any, schema: Any = None) -> EntryView:
    show = payloads.DATA_OF_RUN[request.payloads][0]
    words: dict[str, Any] = {name: row[name] if request.payloads == "whole" else None for name in _OF_PEOPLE}
    value = None
    if row["value_amount"] is not None:
        value = EntryValue(amount=row["value_amount"], currency=row["value_currency"])
    return EntryView(
        **{name: row[name] for name in _SAME},
        **words,
        id=ids.show("ent", row["entry_id"]),
        connection=ids.show("con", row["connection_id"]),
        run=ids.show("run", row["run_id"]),
        effect=row["key"],
        value=value,
        schema=schema,
        request=show(row["request"]),
        answer=show(row["answer"]),
        found_answer=show(row["found_answer"]),
        unreadable=row.get("unreadable"),
        posting=row["posting"] is not None,
    )


_SAME: Final = (
    *("reference", "operation", "way", "state", "version", "business_key", "deadline", "created_at", "file"),
    *("taken_by", "taken_at", "answered_by", "answered_at", "found", "looked_at"),
    *("resolution", "resolved_at", "resolved_by"),
)
_OF_PEOPLE: Final = ("note", "reason", "found_why")
"""Words of people and of the other system, in which data may stand that nothing can find to mask."""

HANDLERS: Final = (list_entries, read_entry, act_on_entry, reconcile_entry)
