from __future__ import annotations

import hashlib
from collections import Counter
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import post
from litestar.params import JSONBody
from msgspec import Meta

from infra.database import Scope as Rows
from infra.ids import TenantId
from infra.problems import Forbidden, Invalid, Problem
from services.api import previews
from services.api.call import Call
from services.api.routes.clients import TAGS
from tenants.identity.permissions import Permission
from tenants.organizations import onboarding, service
from tenants.organizations.onboarding import Outcome, Result, Row

_PURPOSE: Final = "onboarding"
_LONGEST: Final = 524_288


class Onboarding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`csv` with `preview: true`; then the same `csv` with the `token` that the preview gave."""

    csv: Annotated[str, Meta(min_length=1, max_length=_LONGEST)]
    preview: bool = False
    token: Annotated[str, Meta(max_length=previews.MAX_TEXT)] | None = None


class OnboardedRow(msgspec.Struct, frozen=True, kw_only=True):
    line: Annotated[int, Meta(description="Of the file; the columns are line 1.")]
    slug: str
    outcome: Annotated[
        Outcome,
        Meta(description="`completed`: it was there, and what the row has beside was added. `refused`: see `detail`."),
    ]
    detail: str
    client: Annotated[str | None, Meta(description="Its id; null in a preview of a new one, and where it is refused.")]


class Onboarded(msgspec.Struct, frozen=True, kw_only=True):
    """A result for each row; of a preview what would become of it."""

    rows: list[OnboardedRow]
    counts: Annotated[dict[str, int], Meta(description="Rows by outcome.")]
    token: Annotated[str | None, Meta(description="Of a preview; good for 24 hours, for exactly this file.")]


@post("/v1/onboarding", summary="Onboard many clients", tags=TAGS, status_code=200)
async def onboard_clients(request: Call, data: JSONBody[Onboarding]) -> Onboarded:
    """From CSV: first with `preview`, which changes nothing, then the same file with the preview's token.

    Each row is a commit of its own, so that a bad one keeps no other. Safe to repeat: what is there stays as it is.
    The column `sites` takes the permission `deployments:write` as well.
    """
    partner_id = request.principal.partner_id
    if partner_id is None:
        raise Forbidden("A partner onboards its own clients")
    rows = onboarding.read(data.csv)
    _check_sites(request, rows)
    digest = hashlib.sha256(data.csv.encode()).digest()
    if data.preview and data.token is None:
        results = await _preview(request, partner_id, rows)
        return _answer(results, previews.issue(request, _PURPOSE, TenantId(partner_id), digest))
    if data.preview or data.token is None:
        detail = "Send 'csv' with 'preview': true, then the same 'csv' with the preview's 'token'"
        raise Invalid.at("", detail)
    if previews.read(request, _PURPOSE, TenantId(partner_id), data.token) != digest:
        detail = "The file is not the one of the preview; make another preview"
        raise Invalid.at("/csv", detail)
    return _answer([await _do(request, partner_id, row) for row in rows], None)


def _check_sites(request: Call, rows: list[Row | Result]) -> None:
    """A site is made by who could make it one by one (S-68). Raises Forbidden."""
    needed = Permission.DEPLOYMENTS_WRITE
    if needed not in request.principal.permissions and any(isinstance(row, Row) and row.sites for row in rows):
        raise Forbidden(f"The permission {needed} is needed for the column `sites`", permission=needed)


async def _preview(request: Call, partner_id: UUID, rows: list[Row | Result]) -> list[Result]:
    """What would become of each: done as it would be, and given up."""
    actor = request.principal.actor
    async with request.resources.database.session(Rows.partner(partner_id)) as session:
        results = [
            row if isinstance(row, Result) else await onboarding.take(session, partner_id, row, actor=actor)
            for row in rows
        ]
        await session.rollback()
    for place, row in enumerate(rows):
        if results[place].outcome == "unchanged" and await _lacks_sites(request, partner_id, row):
            results[place] = msgspec.structs.replace(results[place], outcome="completed", detail="sites")
    return [one if one.outcome != "created" else msgspec.structs.replace(one, client_id=None) for one in results]


async def _lacks_sites(request: Call, partner_id: UUID, row: Row | Result) -> bool:
    if isinstance(row, Result) or not row.sites:
        return False
    async with request.transaction(Rows.partner(partner_id)) as session:
        found = await service.find_client(session, partner_id, row.slug)
        tenant_id = (await service.find_tenant(session, found, onboarding.HOME)).tenant_id
    async with request.transaction(Rows.tenant(tenant_id)) as session:
        return await onboarding.lacks_sites(session, tenant_id, row)


async def _do(request: Call, partner_id: UUID, row: Row | Result) -> Result:
    if isinstance(row, Result):
        return row
    actor = request.principal.actor
    async with request.transaction(Rows.partner(partner_id)) as session:
        done = await onboarding.take(session, partner_id, row, actor=actor)
        if done.client_id is None or not row.sites:
            return done
        found = await service.find_client(session, partner_id, row.slug)
        tenant_id = (await service.find_tenant(session, found, onboarding.HOME)).tenant_id
    try:
        async with request.transaction(Rows.tenant(tenant_id)) as session:
            made = await onboarding.take_sites(session, tenant_id, row, actor=actor)
    except Problem as error:
        return msgspec.structs.replace(done, outcome="refused", detail=f"without its sites: {error.detail}")
    if made and done.outcome == "unchanged":
        return msgspec.structs.replace(done, outcome="completed", detail="sites")
    return done


def _answer(results: list[Result], token: str | None) -> Onboarded:
    rows = [
        OnboardedRow(line=one.line, slug=one.slug, outcome=one.outcome, detail=one.detail, client=onboarding.show(one))
        for one in results
    ]
    return Onboarded(rows=rows, counts=dict(Counter(one.outcome for one in results)), token=token)


HANDLERS: Final = (onboard_clients,)
