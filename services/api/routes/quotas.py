from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from infra.database import Scope as Rows
from infra.database import take_turn
from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from tenants.identity.permissions import Scope
from tenants.organizations import levels, quotas, service
from tenants.organizations.levels import Owner
from tenants.organizations.quota_models import QuotaRow
from tenants.organizations.quotas import BYTES, OPEN, QUOTAS, RUNS, Quota

TAGS: Final = ["quotas"]
_OF_CLIENT: Final = "/v1/clients/{client:str}/quotas"
_OF_PARTNER: Final = "/v1/partners/{partner:str}/quotas"
_OF_OPERATOR: Final = "/v1/operator/quotas"
Amount = Annotated[int, Meta(ge=0, le=2**53)]


class QuotaChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is absent stays; null takes a quota away."""

    runs_per_minute: Annotated[Amount | UnsetType | None, Meta(description="That events start.")] = UNSET
    open_runs: Annotated[Amount | UnsetType | None, Meta(description="That have not ended, all together.")] = UNSET
    payload_bytes_per_day: Annotated[Amount | UnsetType | None, Meta(description="Of events, by the day in UTC.")] = (
        UNSET
    )

    def amounts(self) -> dict[Quota, int | None]:
        given: dict[Quota, int | UnsetType | None] = {
            RUNS: self.runs_per_minute,
            OPEN: self.open_runs,
            BYTES: self.payload_bytes_per_day,
        }
        return {name: amount for name, amount in given.items() if amount is not UNSET}


class QuotaView(msgspec.Struct, frozen=True, kw_only=True):
    """The most that may be pushed in, and what is used of it."""

    quota: Quota
    limit: Annotated[int | None, Meta(description="Null: none.")]
    source: Annotated[
        Literal["environment", "client", "partner", "operator"] | None,
        Meta(description="Whose limit that is: one's own, or all that is below somebody above, where that is less."),
    ]
    soft_limit: Annotated[int | None, Meta(description="From here on it is told.")]
    used: Annotated[
        int | None, Meta(description="By the environment, or by all together; null where nobody counts it.")
    ]
    resets_in: Annotated[int | None, Meta(description="Seconds until nothing is used again, where that is by time.")]
    set_at: Instant | None


class OwnQuotas(msgspec.Struct, frozen=True):
    """What is set at one level: the version of its quotas."""

    amounts: dict[Quota, int]


class QuotaList(msgspec.Struct, frozen=True):
    items: list[QuotaView]


class _Use(msgspec.Struct, frozen=True):
    """How much, and seconds until that is nothing again."""

    used: int | None = None
    left: float | None = None


@get(tenant_paths("/quotas"), summary="Read the quotas of an environment", tags=TAGS)
async def read_quotas(request: Call) -> QuotaList:
    """What may be pushed in, and what is used. A client sees its own limits and nothing of its partner's total."""
    return await _of_tenant(request)


@post(tenant_paths("/quotas"), summary="Set the quotas of an environment", tags=TAGS, status_code=200)
async def set_quotas(request: Call, data: JSONBody[QuotaChanges]) -> QuotaList:
    """By its partner; holds within two seconds. None may be above what its client or the partner has."""
    tenant = request.tenant
    async with request.transaction(Rows.partner(tenant.partner_id)) as session:
        await _change(request, session, await levels.of_tenant(session, tenant.tenant_id), data)
    await request.resources.quotas.exchange()
    return await _of_tenant(request)


@get(_OF_CLIENT, summary="Read a client's quotas", tags=TAGS)
async def read_client_quotas(request: Call, client: FromPath[str]) -> QuotaList:
    """Of all its environments together."""
    async with request.transaction() as session:
        return await _shown(request, session, await _client(request, session, client))


@post(_OF_CLIENT, summary="Set a client's quotas", tags=TAGS, status_code=200)
async def set_client_quotas(request: Call, client: FromPath[str], data: JSONBody[QuotaChanges]) -> QuotaList:
    """Of all its environments together; holds within two seconds. None may be above what the partner has."""
    async with request.transaction() as session:
        chain = await _client(request, session, client)
        await _change(request, session, chain, data)
    return await _changed(request, chain)


@get(_OF_PARTNER, summary="Read a partner's quotas", tags=TAGS)
async def read_partner_quotas(request: Call, partner: FromPath[str]) -> QuotaList:
    """Of all that it serves together: for the operator, and for the partner itself."""
    async with request.transaction() as session:
        return await _shown(request, session, await _partner(session, partner))


@post(_OF_PARTNER, summary="Set a partner's quotas", tags=TAGS, status_code=200)
async def set_partner_quotas(request: Call, partner: FromPath[str], data: JSONBody[QuotaChanges]) -> QuotaList:
    """Of all that it serves together; holds within two seconds. None may be above what the installation has."""
    async with request.transaction() as session:
        chain = await _partner(session, partner)
        await _change(request, session, chain, data)
    return await _changed(request, chain)


@get(_OF_OPERATOR, summary="Read the installation's quotas", tags=TAGS)
async def read_operator_quotas(request: Call) -> QuotaList:
    """Of all partners together."""
    async with request.transaction() as session:
        return await _shown(request, session, [levels.OPERATOR])


@post(_OF_OPERATOR, summary="Set the installation's quotas", tags=TAGS, status_code=200)
async def set_operator_quotas(request: Call, data: JSONBody[QuotaChanges]) -> QuotaList:
    """Of all partners together: what the machines behind it can take. Holds within two seconds."""
    async with request.transaction() as session:
        await _change(request, session, [levels.OPERATOR], data)
    return await _changed(request, [levels.OPERATOR])


async def _client(request: Call, session: AsyncSession, client: str) -> list[Owner]:
    found = await service.find_client(session, request.partner_id, client)
    return levels.of_client(found.partner_id, found.client_id)


async def _partner(session: AsyncSession, partner: str) -> list[Owner]:
    return levels.of_partner((await service.find_partner(session, partner)).partner_id)


async def _change(request: Call, session: AsyncSession, chain: list[Owner], data: QuotaChanges) -> None:
    async def present() -> OwnQuotas:
        return _version((await quotas.read(session, chain[-1:]))[0])

    await take_turn(session, "quotas", chain[-1].owner_id)
    await request.match(present)
    await quotas.change(session, chain, data.amounts(), actor=request.principal.actor)


async def _changed(request: Call, chain: list[Owner]) -> QuotaList:
    """Once this process knows what holds now."""
    await request.resources.quotas.exchange()
    async with request.transaction() as session:
        return await _shown(request, session, chain)


async def _shown(request: Call, session: AsyncSession, chain: list[Owner]) -> QuotaList:
    """With what this process knows of the use by all below: two seconds old, and null without a quota."""
    rows, standing = await quotas.read(session, chain), request.resources.quotas.standing(chain[-1].owner_id)
    request.version(_version(rows[-1]))
    use = {name: _Use(one.present(), None if one.until is None else one.left()) for name, one in standing.items()}
    return QuotaList([_view(name, chain, rows, use.get(name, _Use())) for name in QUOTAS])


async def _of_tenant(request: Call) -> QuotaList:
    """As far as the caller sees who is above: its partner what that has, a client what it has itself."""
    tenant = request.tenant
    above = Rows.partner(tenant.partner_id) if request.principal.scope is Scope.PARTNER else None
    async with request.transaction(above) as session:
        chain = await levels.of_tenant(session, tenant.tenant_id)
        rows = await quotas.read(session, chain)
    async with request.transaction() as session:
        load = await quotas.load(session, tenant.tenant_id)
    request.version(_version(rows[-1]))
    use = {
        RUNS: _Use(load.runs, load.minute_left),
        OPEN: _Use(load.open),
        BYTES: _Use(load.bytes, load.day_left),
    }
    return QuotaList([_view(name, chain, rows, use[name]) for name in QUOTAS])


def _version(own: Mapping[str, QuotaRow]) -> OwnQuotas:
    return OwnQuotas({name: own[name].amount for name in QUOTAS if name in own})


def _view(name: Quota, chain: list[Owner], rows: list[dict[str, QuotaRow]], use: _Use) -> QuotaView:
    """Of several that are equally tight the nearest."""
    holding = [(one[name].amount, place) for place, one in enumerate(reversed(rows)) if name in one]
    place = len(rows) - 1 - min(holding)[1] if holding else None
    row = None if place is None else rows[place][name]
    return QuotaView(
        quota=name,
        limit=None if row is None else row.amount,
        source=None if place is None else chain[place].level,  # type: ignore[arg-type]  # sites have none
        soft_limit=None if row is None else math.ceil(row.amount * quotas.SOFT),
        used=use.used,
        resets_in=None if use.left is None else math.ceil(use.left),
        set_at=None if row is None else row.set_at,
    )


HANDLERS: Final = (
    read_quotas,
    set_quotas,
    read_client_quotas,
    set_client_quotas,
    read_partner_quotas,
    set_partner_quotas,
    read_operator_quotas,
    set_operator_quotas,
)
