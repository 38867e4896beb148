from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from infra.database import take_turn
from infra.problems import Invalid
from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from tenants.audit import keeping
from tenants.audit.keeping import LEAST_DAYS, SUBJECT
from tenants.audit.log import Log
from tenants.organizations.names import check_name

TAGS: Final = ["audit"]
_ABOVE: Final = "/v1/organization/audit"
_MOST_DAYS: Final = 36_500


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """A legal hold: nothing of the audit is dropped or erased while it lasts."""

    reason: str
    held_by: str
    since: Instant


class AuditKeeping(msgspec.Struct, frozen=True, kw_only=True):
    days: Annotated[int | None, Meta(description="How long records are kept at least; null: for ever.")]
    hold: Hold | None


class Period(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    days: Annotated[
        Annotated[int, Meta(ge=LEAST_DAYS, le=_MOST_DAYS)] | None,
        Meta(description="Whole batches are dropped once all of their records are older. Null: none is."),
    ]


class Holding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=200, description="Shown to whoever is refused by it.")]


class Forgetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subject: Annotated[str, Meta(max_length=64, description="Id of an account or an API key.")]


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    pseudonym: Annotated[str, Meta(description="What its records have in its place; new for each erasure.")]
    records: int


@get(tenant_paths("/audit/keeping"), summary="Read how long the audit is kept", tags=TAGS)
async def read_audit_keeping(request: Call) -> AuditKeeping:
    """With the legal hold, where there is one."""
    return await _view(request)


@get(f"{_ABOVE}/keeping", summary="Read how long the audit above clients is kept", tags=TAGS)
async def read_organization_audit_keeping(request: Call) -> AuditKeeping:
    """Of the partner's own log, or the operator's."""
    return await _view(request)


@post(tenant_paths("/audit/period"), summary="Change how long the audit is kept", tags=TAGS, status_code=200)
async def change_audit_period(request: Call, data: JSONBody[Period]) -> AuditKeeping:
    """It counts for records of before, too. What is dropped leaves its signed head, so that the rest still verifies."""
    return await _keep(request, data)


@post(f"{_ABOVE}/period", summary="Change how long the audit above clients is kept", tags=TAGS, status_code=200)
async def change_organization_audit_period(request: Call, data: JSONBody[Period]) -> AuditKeeping:
    """As a client's."""
    return await _keep(request, data)


@post(tenant_paths("/audit/hold"), summary="Hold the audit", tags=TAGS, status_code=200)
async def hold_audit(request: Call, data: JSONBody[Holding]) -> AuditKeeping:
    """Nothing of it is dropped or erased, nor is its client deleted, until it is released. Safe to repeat."""
    return await _hold(request, data)


@post(f"{_ABOVE}/hold", summary="Hold the audit above clients", tags=TAGS, status_code=200)
async def hold_organization_audit(request: Call, data: JSONBody[Holding]) -> AuditKeeping:
    """Nothing of it is dropped or erased, nor is a client deleted that it names, until it is released."""
    return await _hold(request, data)


@post(tenant_paths("/audit/release"), summary="Release the audit", tags=TAGS, status_code=200)
async def release_audit(request: Call) -> AuditKeeping:
    """The hold ends. 409 where there is none."""
    return await _release(request)


@post(f"{_ABOVE}/release", summary="Release the audit above clients", tags=TAGS, status_code=200)
async def release_organization_audit(request: Call) -> AuditKeeping:
    """The hold ends. 409 where there is none."""
    return await _release(request)


@post(tenant_paths("/audit/forget"), summary="Erase somebody from the audit", tags=TAGS, status_code=200)
async def forget_in_audit(request: Call, data: JSONBody[Forgetting]) -> Forgotten:
    """What was done and when stays, and its seals hold; who it was, and what became of it, cannot be found out again.

    409 with the reason while a legal hold lasts. It cannot be undone.
    """
    return await _forget(request, data)


@post(f"{_ABOVE}/forget", summary="Erase somebody from the audit above clients", tags=TAGS, status_code=200)
async def forget_in_organization_audit(request: Call, data: JSONBody[Forgetting]) -> Forgotten:
    """From the partner's own log, or the operator's; those of clients have their own."""
    return await _forget(request, data)


async def _keep(request: Call, data: Period) -> AuditKeeping:
    async with request.transaction() as session:
        await _match(request, session)
        await keeping.set_days(session, _log_of(request), data.days, actor=request.principal.actor)
    return await _view(request)


async def _hold(request: Call, data: Holding) -> AuditKeeping:
    reason = check_name(data.reason, "/reason")
    async with request.transaction() as session:
        await _match(request, session)
        await keeping.hold(session, _log_of(request), reason, actor=request.principal.actor)
    return await _view(request)


async def _release(request: Call) -> AuditKeeping:
    async with request.transaction() as session:
        await _match(request, session)
        await keeping.release(session, _log_of(request), actor=request.principal.actor)
    return await _view(request)


async def _forget(request: Call, data: Forgetting) -> Forgotten:
    if SUBJECT.fullmatch(data.subject) is None:
        told = "it is no id of an account (acc_…) or key (key_…)"
        raise Invalid.at("/subject", told)
    async with request.transaction() as session:
        log, actor = _log_of(request), request.principal.actor
        pseudonym, records = await keeping.forget(session, log, data.subject, actor=actor)
    return Forgotten(pseudonym=pseudonym, records=records)


async def _match(request: Call, session: AsyncSession) -> None:
    async def present() -> AuditKeeping:
        return await _view(request)

    await take_turn(session, "audit", _log_of(request))
    await request.match(present)


async def _view(request: Call) -> AuditKeeping:
    async with request.transaction() as session:
        kept = await keeping.read(session, _log_of(request))
    held = None
    if kept.hold_reason is not None and kept.held_by is not None and kept.held_at is not None:
        held = Hold(reason=kept.hold_reason, held_by=kept.held_by, since=kept.held_at)
    return AuditKeeping(days=kept.days, hold=held)


def _log_of(request: Call) -> UUID:
    """The tenant's, else the partner's or the operator's, whose own this is."""
    return Log.of(request.rows).log_id


HANDLERS: Final = (
    read_audit_keeping,
    read_organization_audit_keeping,
    change_audit_period,
    change_organization_audit_period,
    hold_audit,
    hold_organization_audit,
    release_audit,
    release_organization_audit,
    forget_in_audit,
    forget_in_organization_audit,
)
