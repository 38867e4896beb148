from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from litestar import get, post, put
from litestar.params import JSONBody
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra.database import take_turn
from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from tenants.deployments import ownership
from tenants.deployments.ownership import PATTERN, Gap, Named, Seat

TAGS: Final = ["owners"]
Kind = Annotated[
    Literal["process", "data", "integration", "architecture"],
    Meta(
        description="Of a domain of processes, of an entity of data, of a connection or a webhook endpoint, of"
        " interfaces and standards."
    ),
]
Subject = Annotated[
    str,
    Meta(
        max_length=100,
        description="The domain, the entity, or the id of the connection or of the webhook endpoint; empty for the"
        " architecture.",
        examples=["order-to-cash", "customer", "con_01h455vb4pex5vsknk084sn02q"],
    ),
]
Who = Annotated[str, Meta(pattern=PATTERN, examples=["role:order-desk", "account:acc_01h455vb4pex5vsknk084sn02q"])]


class NewOwner(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    kind: Kind
    subject: Subject = ""
    owner: Who
    deputy: Annotated[
        Who, Meta(description="Answers while the owner is not there; a role that there is, or an account.")
    ]


class SeatToVacate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    kind: Kind
    subject: Subject = ""


class OwnerView(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers for something: exceptions about it go to `answers`."""

    kind: Kind
    subject: Subject
    owner: Who
    deputy: Who
    answers: Annotated[
        Who | None, Meta(description="The owner; the deputy while the owner is not there; null: neither is there.")
    ]
    set_by: str
    set_at: Instant


class GapView(msgspec.Struct, frozen=True, kw_only=True):
    """What active deployments need somebody for, and nobody is there."""

    kind: Kind
    subject: Subject
    deployments: Annotated[list[str], Meta(description="Names of those that need it.")]


class OwnerList(msgspec.Struct, frozen=True, kw_only=True):
    items: list[OwnerView]
    missing: list[GapView]
    required: Annotated[bool, Meta(description="Whether nothing is deployed here while an owner of it is missing.")]


@get(tenant_paths("/owners"), summary="Read who answers for what", tags=TAGS)
async def read_owners(request: Call) -> OwnerList:
    """Everybody who is named, and what nobody is named for."""
    async with request.transaction() as session:
        return await _all(request, session)


@put(tenant_paths("/owners"), summary="Name an owner and a deputy", tags=TAGS)
async def name_owner(request: Call, data: JSONBody[NewOwner]) -> OwnerList:
    """In place of whoever was named before. Exceptions that stand already stay with whom they are. Safe to repeat."""
    async with request.transaction() as session:
        await _match(request, session)
        seat = Seat(data.kind, data.subject)
        tenant_id, actor = request.tenant.tenant_id, request.principal.actor
        await ownership.name(session, tenant_id, seat, data.owner, data.deputy, actor=actor)
        return await _all(request, session)


@post(tenant_paths("/owners/remove"), summary="Name nobody any more", tags=TAGS, status_code=200)
async def remove_owner(request: Call, data: JSONBody[SeatToVacate]) -> OwnerList:
    """Not in `live`, or where owners are required, while an active deployment needs it. Safe to repeat."""
    async with request.transaction() as session:
        await _match(request, session)
        seat, tenant_id = Seat(data.kind, data.subject), request.tenant.tenant_id
        required, actor = await is_required(request, session), request.principal.actor
        await ownership.vacate(session, tenant_id, seat, is_required=required, actor=actor)
        return await _all(request, session)


async def is_required(request: Call, session: AsyncSession) -> bool:
    """Whether the call's environment is one in which nothing runs without owners."""
    if request.resources.settings.live_owners != "required":
        return False
    return await ownership.is_required(session, request.tenant.tenant_id)


async def _match(request: Call, session: AsyncSession) -> None:
    async def present() -> OwnerList:
        return await _all(request, session)

    await take_turn(session, "owners", request.tenant.tenant_id)
    await request.match(present)


async def _all(request: Call, session: AsyncSession) -> OwnerList:
    named = await ownership.listed(session, request.tenant.tenant_id)
    gaps = await ownership.gaps(session, request.tenant.tenant_id)
    required = await is_required(request, session)
    return OwnerList(items=[_view(one) for one in named], missing=[_gap(one) for one in gaps], required=required)


def _view(named: Named) -> OwnerView:
    row = named.row
    return OwnerView(
        kind=row.kind,  # type: ignore[arg-type]  # the table's check constraint holds it to these
        subject=row.subject,
        owner=row.owner,
        deputy=row.deputy,
        answers=named.answers,
        set_by=row.set_by,
        set_at=row.set_at,
    )


def _gap(gap: Gap) -> GapView:
    return GapView(kind=gap.seat.kind, subject=gap.seat.subject, deployments=list(gap.deployments))


HANDLERS: Final = (read_owners, name_owner, remove_owner)
