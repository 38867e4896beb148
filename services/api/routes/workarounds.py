from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from infra import clock, ids
from infra.ids import TenantId
from infra.pagination import cut
from infra.problems import Invalid
from services.api.call import Call
from services.api.exception_view import Owner
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from services.api.routes.touches import TAGS, Key, Kind, StepName
from services.api.touches_policy import WORKAROUNDS
from services.touches import workarounds
from services.touches.workarounds import PREFIX, Act, Noted, State, Way

ONE: Final = f"{WORKAROUNDS}/{{workaround:str}}"
_WEEK: Final = 7 * 86_400
Words = Annotated[str, Meta(max_length=2_000, pattern=r"^[^\x00]*$")]
LastDay = Annotated[date, Meta(description="Until when it is to be done without; from today on, within a year.")]


class AboutWorkaround(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: Kind
    key: Key


class NoteWorkaround(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`way` and `step` are enough."""

    way: Way
    step: Annotated[StepName, Meta(description="What is done so, in a word of yours.", examples=["price-check"])]
    about: Annotated[AboutWorkaround | None, Meta(description="What it was done for.")] = None
    words: Words | None = None
    owner: Annotated[Owner | None, Meta(description="Who is to end it; left out: who notes it.")] = None
    retire_on: Annotated[LastDay | None, Meta(description="Left out: in 90 days.")] = None
    minutes: (
        Annotated[int, Meta(ge=0, le=1_440, description="How long it took; an estimate, and never shown as measured.")]
        | None
    ) = None


class ActOnWorkaround(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`assign` to `owner`, `postpone` to `retire_on` with `words`, or `retire`: it is done with."""

    action: Literal["assign", "postpone", "retire"]
    seen: Annotated[int, Meta(ge=0, le=2**31 - 1, description="`changes` as you read it.")]
    owner: Owner | None = None
    retire_on: LastDay | None = None
    words: Annotated[Words | None, Meta(description="Why.")] = None


class WorkaroundView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that people do beside the systems."""

    id: Annotated[str, Meta(examples=["wka_01h455vb4pex5vsknk084sn02q"])]
    way: Way
    step: StepName
    words: Annotated[str | None, Meta(description="Null to who does not see the client's business data whole.")]
    owner: Owner
    retire_on: LastDay
    overdue: Annotated[bool, Meta(description="Its last day is over, and it is not retired.")]
    uses: Annotated[int, Meta(description="How often it was noted.")]
    uses_per_week: float
    changes: Annotated[int, Meta(description="Acts of people so far. Send it as `seen`.")]
    noted_at: Instant
    noted_by: str
    last_at: Instant
    retired_at: Instant | None
    retired_by: str | None
    reason: Annotated[str | None, Meta(description="Why it was put off or retired; as `words`.")]


class WorkaroundList(msgspec.Struct, frozen=True):
    items: list[WorkaroundView]
    next: NextCursor


@get(tenant_paths(WORKAROUNDS), summary="List workarounds", tags=TAGS)
async def list_workarounds(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    in_state: Annotated[
        State,
        QueryParameter(
            name="state", required=False, description="`open`: the first to end first. `retired`: the newest first."
        ),
    ] = "open",
    owner: Annotated[
        str | None, QueryParameter(description="Only of this owner.", required=False, max_length=200)
    ] = None,
) -> WorkaroundList:
    """What is done beside the systems, whose it is to end it, and by when."""
    page, tenant = request.page(limit, cursor), TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        rows = await workarounds.listing(connection, tenant, page, in_state, owner)
    kept, last = cut(rows, page, lambda row: workarounds.position(row, in_state))
    return WorkaroundList([_view(request, row) for row in kept], request.cursor(last))


@post(tenant_paths(WORKAROUNDS), summary="Note a workaround", tags=TAGS, status_code=200)
async def note_workaround(request: Call, data: JSONBody[NoteWorkaround]) -> WorkaroundView:
    """One that stands of the same way and step is counted once more; the same by the same within a minute is not."""
    tenant, actor = TenantId(request.tenant.tenant_id), request.principal.actor
    owner = data.owner or actor
    if not owner.startswith(("account:", "role:")):
        raise Invalid.at("/owner", "say who is to end it")
    noted = Noted(
        way=data.way,
        step=data.step,
        owner=owner,
        retire_on=data.retire_on,
        words=data.words,
        about=None if data.about is None else (data.about.kind, data.about.key),
        minutes=data.minutes,
    )
    async with request.resources.database.tenant(tenant) as connection:
        return _view(request, await workarounds.note(connection, tenant, noted, actor))


@get(tenant_paths(ONE), summary="Read a workaround", tags=TAGS)
async def read_workaround(request: Call) -> WorkaroundView:
    """With what became of it."""
    tenant, workaround = TenantId(request.tenant.tenant_id), request.path_id(PREFIX, "workaround")
    async with request.resources.database.tenant(tenant) as connection:
        row = await workarounds.read(connection, tenant, workaround)
    found = _view(request, row)
    request.version(msgspec.structs.replace(found, uses_per_week=0.0, overdue=False))
    return found


@post(tenant_paths(f"{ONE}/act"), summary="Act on a workaround", tags=TAGS, status_code=200)
async def act_on_workaround(request: Call, data: JSONBody[ActOnWorkaround]) -> WorkaroundView:
    """Of two people who act on what they saw one does; the other is told `409`."""
    tenant, workaround = TenantId(request.tenant.tenant_id), request.path_id(PREFIX, "workaround")
    wanted = _act(data)
    async with request.resources.database.tenant(tenant) as connection:
        row = await workarounds.act(connection, tenant, workaround, wanted, request.principal.actor)
    return _view(request, row)


def _act(data: ActOnWorkaround) -> Act:
    if (data.owner is not None) is not (data.action == "assign"):
        raise Invalid.at("/owner", "an owner is given with assign, and with nothing else")
    if (data.retire_on is not None) is not (data.action == "postpone"):
        raise Invalid.at("/retire_on", "a day is given with postpone, and with nothing else")
    if data.action == "postpone" and not (data.words or "").strip():
        raise Invalid.at("/words", "say why it is put off")
    retires = data.action == "retire"
    return Act(seen=data.seen, owner=data.owner, retire_on=data.retire_on, retires=retires, reason=data.words)


def _view(request: Call, row: Any) -> WorkaroundView:
    now, is_whole = clock.now(), request.payloads == "whole"
    weeks = max((now - row["noted_at"]).total_seconds() / _WEEK, 1.0)
    same = ("way", "step", "owner", "retire_on", "uses", "changes", "noted_at", "last_at", "retired_at", "retired_by")
    return WorkaroundView(
        id=ids.show(PREFIX, row["workaround_id"]),
        words=row["words"] if is_whole else None,
        reason=row["reason"] if is_whole else None,
        overdue=row["retired_at"] is None and row["retire_on"] < now.date(),
        uses_per_week=round(row["uses"] / weeks, 2),
        noted_by=row["made_by"],
        **{name: row[name] for name in same},
    )


HANDLERS: Final = (list_workarounds, note_workaround, read_workaround, act_on_workaround)
