from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta

from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from services.engine import playbooks
from services.engine.playbooks import Playbook, State
from tenants.connections import service

TAGS: Final = ["continuity"]
_ONE: Final = "/connections/{connection:str}/playbook"
Seen = (
    Annotated[
        int,
        Meta(ge=0, le=2**31 - 1, description="`changes` as you read it: whoever moved it since then makes this a 409."),
    ]
    | None
)


class PlaybookView(msgspec.Struct, frozen=True, kw_only=True):
    """Where the continuity playbook of a connection stands."""

    state: Annotated[
        State,
        Meta(
            description="`entered`: effects take the ways that the connection declares. `reconciling`: the system is"
            " back, and what was done meanwhile is compared with it. `normal`: it is called as ever."
        ),
    ]
    changes: Annotated[int, Meta(description="Raised by every move; 0 where it was never entered.")]
    entered_at: Instant | None
    entered_by: Annotated[str | None, Meta(description="`engine`: by itself, as it is declared.")]
    reason: str | None
    moved_at: Instant | None
    moved_by: str | None
    left_at: Instant | None
    open: Annotated[int, Meta(description="Entries that keep it from being left.")]
    counts: Annotated[
        dict[str, int],
        Meta(
            description="Of those, by what they wait for: `open` and `taken` for a person, `unlooked` to be looked for,"
            " `different`, `missing` and `cannot-tell` for a decision, `posting` for the system.",
            examples=[{"taken": 2, "missing": 1}],
        ),
    ]


class EnterPlaybook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=1000, examples=["The ERP is moved to another data centre"])]
    seen: Seen = None


class MovePlaybook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    seen: Seen = None


@get(tenant_paths(_ONE), summary="Read a connection's playbook", tags=TAGS)
async def read_playbook(request: Call) -> PlaybookView:
    """Where it stands, and what keeps it from being left."""
    connection_id, tenant = request.path_id("con", "connection"), request.tenant.tenant_id
    async with request.transaction() as session:
        await service.find(session, tenant, connection_id)
    async with request.resources.database.tenant(tenant) as transaction:
        return _view(await playbooks.read(transaction, tenant, connection_id))


@post(tenant_paths(f"{_ONE}/enter"), summary="Enter a connection's playbook", tags=TAGS, status_code=200)
async def enter_playbook(request: Call, data: JSONBody[EnterPlaybook]) -> PlaybookView:
    """From two seconds on effects take the ways that the connection declares, whether the system answers or not.

    Runs that wait for the connection take them too, twenty a second. The same again changes nothing.
    """
    return await _move(request, "entered", data.reason, data.seen)


@post(tenant_paths(f"{_ONE}/reconcile"), summary="Reconcile a connection's playbook", tags=TAGS, status_code=200)
async def reconcile_playbook(request: Call, data: JSONBody[MovePlaybook]) -> PlaybookView:
    """The system is back: what was done meanwhile is looked for in it. Sent again, it is looked for again.

    What nobody has taken goes to the system itself once the playbook is left; new effects wait until then.
    """
    return await _move(request, "reconciling", "", data.seen)


@post(tenant_paths(f"{_ONE}/leave"), summary="Leave a connection's playbook", tags=TAGS, status_code=200)
async def leave_playbook(request: Call, data: JSONBody[MovePlaybook]) -> PlaybookView:
    """Only once every entry is reconciled: until then `409` says how many are open. What waited goes on."""
    return await _move(request, "normal", "", data.seen)


async def _move(request: Call, target: State, why: str, seen: int | None) -> PlaybookView:
    connection_id, tenant = request.path_id("con", "connection"), request.tenant.tenant_id
    async with request.resources.database.tenant(tenant) as transaction:
        stands = await playbooks.move(
            transaction, tenant, connection_id, target, actor=request.principal.actor, why=why, seen=seen
        )
    request.resources.ring()
    return _view(stands)


def _view(stands: Playbook) -> PlaybookView:
    return PlaybookView(
        state=stands.state,
        changes=stands.changes,
        entered_at=stands.entered_at,
        entered_by=stands.entered_by,
        reason=stands.reason,
        moved_at=stands.moved_at,
        moved_by=stands.moved_by,
        left_at=stands.left_at,
        open=stands.open,
        counts=stands.counts,
    )


HANDLERS: Final = (read_playbook, enter_playbook, reconcile_playbook, leave_playbook)
