from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta

from infra import ids
from infra.ids import TenantId
from infra.problems import Invalid, NotFound
from services.api import payloads
from services.api.call import Call
from services.api.fields import Instant
from services.api.graphs import WorkflowUnreadable
from services.api.policy import tenant_paths
from services.api.routes.runs import TAGS, RunView, row_of, view_of
from services.engine import deciding, ledger_reading, values
from services.engine.deciding import Decision
from services.engine.ledger_reading import Effect


class EffectView(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did, or may have done, in another system."""

    key: Annotated[
        str | None,
        Meta(
            description="Its idempotency key, and its name here. Null where only the journal of a retried run has it."
        ),
    ]
    reference: Annotated[str, Meta(description="JSON pointer of the task in its workflow.")]
    name: str
    mode: Literal["keyed", "check-then-write", "once-or-ask"]
    operation: str | None
    connection: str | None
    status: Annotated[
        Literal["intended", "sent", "confirmed", "unknown", "failed"],
        Meta(description="`unknown`: it may have happened; with `asked_at` the run waits for somebody to say so."),
    ]
    version: Annotated[
        int | None, Meta(description="To be named by a decision. Null where the journal alone tells of the effect.")
    ]
    first_sent_at: Instant | None
    sent_at: Instant | None
    settled_at: Instant | None
    asked_at: Instant | None
    settled_by: Annotated[
        str | None, Meta(description="`read-back`, or who decided. Null: it was answered, or is not settled.")
    ]
    sent: Annotated[Any, Meta(description="What was sent; null or masked as a run's data is.")]
    answer: Annotated[Any, Meta(description="What is known of the answer; null or masked as a run's data is.")]
    error: Annotated[Any, Meta(description="Problem details: why it failed, or is not known.")]


class EffectList(msgspec.Struct, frozen=True):
    items: list[EffectView]


@get(tenant_paths("/runs/{run:str}/effects"), summary="Read a run's effects", tags=TAGS)
async def read_effects(request: Call) -> EffectList:
    """Of every call of the run whether it was sent and what became of it, in the order in which they began.

    Calls that the other side recognises by their key are told from the journal; the others have a ledger. Calls that
    change nothing are among the first where the document does not say so.
    """
    run, tenant = request.path_id("run", "run"), TenantId(request.tenant.tenant_id)
    of = await row_of(request, run)
    try:
        place = (of["deployment_id"], of["revision"], of["program"])
        nodes = (await request.resources.graphs.of_revision(tenant, *place)).graph.nodes
    except WorkflowUnreadable:
        nodes = []
    calls = {node.reference: node.detail for node in nodes if node.kind == "call"}
    async with request.resources.database.tenant(tenant) as connection:
        known = await ledger_reading.rows(connection, tenant, run)
        told = await ledger_reading.journalled(connection, tenant, run, calls)
    keys, references = {one.key for one in known}, {one.reference for one in known}
    for one in told:
        one.operation = calls[one.reference]
        if one.key not in keys and (one.key is not None or one.reference not in references):
            known.append(one)
    known.sort(key=lambda one: (one.first_sent_at is None, one.first_sent_at, one.reference))
    written = await payloads.written(request, of, [one.error for one in known])
    return EffectList([_view(request, one, written) for one in known])


def _view(request: Call, one: Effect, written: Any) -> EffectView:
    show, show_error = payloads.DATA_OF_RUN[request.payloads]
    shown = {name: getattr(one, name) for name in _SAME}
    return EffectView(
        **shown,
        connection=None if one.connection_id is None else ids.show("con", one.connection_id),
        sent=show(one.sent),
        answer=show(one.answer),
        error=show_error(one.error, written),
    )


_KEY: Final = re.compile(r"[0-9a-f]{64}")
_SAME: Final = (
    *("key", "reference", "name", "mode", "operation", "status", "version"),
    *("first_sent_at", "sent_at", "settled_at", "asked_at", "settled_by"),
)


class DecisionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of an effect that is `unknown`."""

    decision: Annotated[
        Literal["happened", "did-not-happen", "fail"],
        Meta(
            description="`happened`: the run goes on with `output`. `did-not-happen`: it is called again. `fail`: its"
            " task fails with an error of the type `/errors/outcome-unknown`."
        ),
    ]
    version: Annotated[int, Meta(ge=1, le=2**31 - 1, description="Of the effect as you saw it.")]
    output: Annotated[
        Any,
        Meta(description="What the call would have answered, by the operation's schema; only of what `happened`."),
    ] = msgspec.UNSET
    why: Annotated[str, Meta(max_length=500, description="For the audit, and the error's words.")] = ""


@post(
    tenant_paths("/runs/{run:str}/effects/{effect:str}/decide"), summary="Decide an effect", tags=TAGS, status_code=200
)
async def decide_effect(request: Call, data: JSONBody[DecisionBody]) -> RunView:
    """Says what became of an effect of which nobody else can tell. Look in the other system first.

    Of two people one decides: the other gets `effect-changed`. The same decision sent again is the one that was made.
    A run that has ended stays ended; what was decided counts when it is retried.
    """
    run, tenant, key = request.path_id("run", "run"), TenantId(request.tenant.tenant_id), request.path_params["effect"]
    if not _KEY.fullmatch(key):
        raise NotFound
    output = None
    if data.decision == "happened":
        output = await _output(request, tenant, run, key, data)
    elif data.output is not msgspec.UNSET:
        raise _unfit(f"only what 'happened' has one, and the decision is '{data.decision}'")
    decision = Decision(
        effect=key,
        actor=request.principal.actor,
        choice=data.decision,
        version=data.version,
        output=output,
        why=data.why,
    )
    async with request.resources.database.tenant(tenant) as connection:
        await deciding.decide(connection, tenant, run, decision)
    request.resources.ring()
    request.resources.changes.note([(tenant, run)])
    return await view_of(request, await row_of(request, run))


async def _output(request: Call, tenant: TenantId, run: Any, key: str, data: DecisionBody) -> Any:
    """The output to go on with. Raises Invalid where the operation could not have answered it."""
    if data.output is msgspec.UNSET:
        raise _unfit("say with 'output' what the call would have answered")
    try:
        values.check_bounds(data.output)
    except values.ValueRefused as error:
        raise _unfit(f"it is {error}") from None
    async with request.resources.database.tenant(tenant) as connection:
        found = await ledger_reading.one(connection, tenant, run, key)
        if found is None:
            raise NotFound
        connector = await connection.fetchval(
            "SELECT connector FROM app.connection WHERE tenant_id = $1 AND connection_id = $2",
            tenant,
            found.connection_id,
        )
    checked = None if connector is None else request.resources.registry.operation(connector, found.operation or "")
    if checked is not None and (fault := checked.fault_in_output(data.output)):
        raise _unfit(fault)
    return data.output


def _unfit(detail: str) -> Invalid:
    return Invalid(f"'output': {detail}", errors=[{"pointer": "/output", "detail": detail}])


HANDLERS: Final = (read_effects, decide_effect)
