from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, UnsetType

from infra.database import Scope as Rows
from infra.database import take_turn
from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from tenants.identity.permissions import Scope
from tenants.organizations import quotas, service
from tenants.organizations.models import PartnerQuota, TenantQuota
from tenants.organizations.quotas import BYTES, OPEN, QUOTAS, RUNS, Load, Quota

TAGS: Final = ["quotas"]
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
        Literal["environment", "partner"] | None,
        Meta(description="Who has the limit: this environment, or all of the partner's together, where that is less."),
    ]
    soft_limit: Annotated[int | None, Meta(description="From here on it is told.")]
    used: Annotated[int | None, Meta(description="By this environment; null where nobody counts it.")]
    resets_in: Annotated[int | None, Meta(description="Seconds until nothing is used again, where that is by time.")]
    set_at: Instant | None


class OwnQuotas(msgspec.Struct, frozen=True):
    """What the partner has set for the environment: the version of its quotas."""

    amounts: dict[Quota, int]


class QuotaList(msgspec.Struct, frozen=True):
    items: list[QuotaView]


class PartnerQuotaView(msgspec.Struct, frozen=True, kw_only=True):
    """The most that may be pushed into all of a partner's environments together."""

    quota: Quota
    limit: int | None
    soft_limit: int | None
    set_at: Instant | None


class PartnerQuotaList(msgspec.Struct, frozen=True):
    items: list[PartnerQuotaView]


@get(tenant_paths("/quotas"), summary="Read the quotas of an environment", tags=TAGS)
async def read_quotas(request: Call) -> QuotaList:
    """What may be pushed in, and what is used. A client sees its own limits and nothing of its partner's total."""
    return await _of_tenant(request)


@post(tenant_paths("/quotas"), summary="Set the quotas of an environment", tags=TAGS, status_code=200)
async def set_quotas(request: Call, data: JSONBody[QuotaChanges]) -> QuotaList:
    """By its partner; holds within two seconds. None may be above what the partner has for all its environments."""
    tenant = request.tenant
    async with request.transaction(Rows.partner(tenant.partner_id)) as session:

        async def present() -> OwnQuotas:
            return _version(await quotas.tenants(session, tenant.tenant_id))

        await take_turn(session, "quotas", tenant.tenant_id)
        await request.match(present)
        await quotas.set_tenants(
            session, tenant.partner_id, tenant.tenant_id, data.amounts(), actor=request.principal.actor
        )
    await request.resources.quotas.exchange()
    return await _of_tenant(request)


@get("/v1/partners/{partner:str}/quotas", summary="Read a partner's quotas", tags=TAGS)
async def read_partner_quotas(request: Call, partner: FromPath[str]) -> PartnerQuotaList:
    """For the operator, and for the partner itself."""
    async with request.transaction() as session:
        found = await service.find_partner(session, partner)
        return _partners(await quotas.partners(session, found.partner_id))


@post("/v1/partners/{partner:str}/quotas", summary="Set a partner's quotas", tags=TAGS, status_code=200)
async def set_partner_quotas(request: Call, partner: FromPath[str], data: JSONBody[QuotaChanges]) -> PartnerQuotaList:
    """Of all its environments together. Holds within two seconds."""
    async with request.transaction() as session:
        found = await service.find_partner(session, partner)

        async def present() -> PartnerQuotaList:
            return _partners(await quotas.partners(session, found.partner_id))

        await take_turn(session, "quotas", found.partner_id)
        await request.match(present)
        await quotas.set_partners(session, found.partner_id, data.amounts(), actor=request.principal.actor)
        answer = _partners(await quotas.partners(session, found.partner_id))
    await request.resources.quotas.exchange()
    return answer


async def _of_tenant(request: Call) -> QuotaList:
    tenant = request.tenant
    above: Mapping[str, PartnerQuota] = {}
    if request.principal.scope is Scope.PARTNER:
        async with request.transaction(Rows.partner(tenant.partner_id)) as session:
            above = await quotas.partners(session, tenant.partner_id)
    async with request.transaction() as session:
        own = await quotas.tenants(session, tenant.tenant_id)
        load = await quotas.load(session, tenant.tenant_id)
    request.version(_version(own))
    return QuotaList([_view(name, own.get(name), above.get(name), load) for name in QUOTAS])


def _version(own: Mapping[str, TenantQuota]) -> OwnQuotas:
    return OwnQuotas({name: own[name].amount for name in QUOTAS if name in own})


def _view(name: Quota, own: TenantQuota | None, above: PartnerQuota | None, load: Load) -> QuotaView:
    tightest: TenantQuota | PartnerQuota | None = own
    if above is not None and (own is None or above.amount < own.amount):
        tightest = above
    used = {RUNS: load.runs, OPEN: load.open, BYTES: load.bytes}[name]
    left = {RUNS: load.minute_left, BYTES: load.day_left}.get(name)
    return QuotaView(
        quota=name,
        source=None if tightest is None else ("environment" if tightest is own else "partner"),
        used=used,
        resets_in=None if left is None else math.ceil(left),
        **_limit(tightest),
    )


def _partners(rows: Mapping[str, PartnerQuota]) -> PartnerQuotaList:
    return PartnerQuotaList([PartnerQuotaView(quota=name, **_limit(rows.get(name))) for name in QUOTAS])


def _limit(row: TenantQuota | PartnerQuota | None) -> dict[str, Any]:
    if row is None:
        return {"limit": None, "soft_limit": None, "set_at": None}
    return {"limit": row.amount, "soft_limit": math.ceil(row.amount * quotas.SOFT), "set_at": row.set_at}


HANDLERS: Final = (read_quotas, set_quotas, read_partner_quotas, set_partner_quotas)
