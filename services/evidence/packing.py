"""Makes the packs that were asked for, in processes that open documents (ADR 0114). Safe in each at once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from infra import crash_points, ids
from infra.database import Database, Scope, is_outage, surviving, through_outage
from infra.encryption.errors import KeyServiceUnavailable, SecretUnreadable
from infra.ids import TenantId
from infra.objects.store import ObjectMissing, StoreAway
from services.documents import repository
from services.documents.documents import Documents, New, shown
from services.documents.errors import DocumentTooLarge
from services.documents.tables import Document
from services.evidence import asking, cases, pdf
from services.evidence.asking import MOST_BYTES, MOST_DOCUMENTS, Pack
from services.evidence.cases import Case, Paper, Standing
from services.evidence.pdf import Cover, Made, Part
from services.evidence.tables import EvidencePack, Refusal
from tenants.audit import service as audit
from tenants.organizations import branding
from tenants.organizations.branding import Brand
from tenants.organizations.models import Tenant

SECONDS: Final = 1.0
# One that ends the process takes no others along.
MOST: Final = 1
_TAKEN_SECONDS: Final = 300.0
TRIES: Final = 6
"""Processes that begin a pack; the last one two and a half hours behind the first."""
_LEAVE: Final = (
    "UPDATE app.evidence_pack SET tries = tries - 1 WHERE tenant_id = $1 AND pack_id = $2 AND tries = $3 "
    "AND state = 'asked'"
)
_ACTOR: Final = "engine"
_CHUNK: Final = 64 * 1024
_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST: Final = 80


class _Refused(Exception):
    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why: Refusal = why


class _Late(Exception):
    """The pack was made by somebody else meanwhile."""


class Asked(msgspec.Struct, frozen=True):
    """A pack that is being made, and how its case stands; `parts`: documents that are in it."""

    pack: Pack
    standing: Standing
    parts: int = 0


async def look_after(database: Database, documents: Documents, seconds: float = SECONDS) -> None:
    """Every `seconds`, until cancelled."""
    while True:
        made = 0
        with surviving("making packs of evidence"):
            made = await make(database, documents)
        if not made:
            await asyncio.sleep(seconds)


async def make(database: Database, documents: Documents) -> int:
    """One round; answers how many were in line."""
    async with database.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.packs_to_make($1, $2)", MOST, _TAKEN_SECONDS)
    for row in rows:
        with surviving("making a pack of evidence"):
            await tried(database, documents, row)
    return len(rows)


async def tried(database: Database, documents: Documents, row: Any) -> None:
    """What was away counts as no try: an outage of hours is no pack that ends its process."""
    tenant, pack, tries = TenantId(row["tenant_id"]), row["pack_id"], row["tries"]
    try:
        await _one(database, documents, tenant, pack, tries)
    except Exception as error:
        if is_outage(error) or isinstance(error, (StoreAway, KeyServiceUnavailable)):
            await through_outage(lambda: _leave(database, tenant, pack, tries), "a try at a pack of evidence")
        raise


async def _leave(database: Database, tenant: TenantId, pack: UUID, tries: int) -> None:
    async with database.tenant(tenant) as connection:
        await connection.execute(_LEAVE, tenant, pack, tries)


async def _one(database: Database, documents: Documents, tenant: TenantId, pack_id: UUID, tries: int) -> None:
    async with database.tenant(tenant) as connection:
        pack = await asking.find(connection, tenant, pack_id)
        if pack is None or pack.state != "asked":
            return
        case = await cases.find(connection, tenant, pack.case_id)
        standing = await cases.standing(connection, tenant, case, pack.run_id)
    of = Asked(pack, standing)
    try:
        made, parts = await _made(database, documents, tenant, standing, tries)
        await _keep(database, documents, tenant, made, msgspec.structs.replace(of, parts=parts))
    except _Late:
        return
    except _Refused as refused:
        async with database.session(Scope.tenant(tenant)) as session:
            await _settle(session, tenant, of, {"state": "refused", "why": refused.why})
            await session.commit()


async def _made(
    database: Database, documents: Documents, tenant: TenantId, standing: Standing, tries: int
) -> tuple[Made, int]:
    """The pack, and of how many documents. Raises _Refused."""
    if tries > TRIES:
        raise _Refused("unreadable")
    order = {name: place for place, name in enumerate(standing.case.required)}
    usable = [one for one in standing.papers if one.is_usable and one.paper]
    chosen = sorted(usable, key=lambda one: (order.get(one.paper, len(order)), one.created_at, one.document_id))
    if len(chosen) > MOST_DOCUMENTS:
        raise _Refused("too-many")
    # The pack is a document itself, and its parts are in it as they are.
    if sum(one.size for one in chosen) > min(MOST_BYTES, documents.most):
        raise _Refused("too-large")
    parts = [await _part(database, documents, tenant, one) for one in chosen]
    brand = await _brand(database, tenant)
    # Hashes and copies of forty megabytes would hold up every request.
    return await asyncio.to_thread(pdf.make, _cover(brand, standing.case), parts), len(parts)


async def _part(database: Database, documents: Documents, tenant: TenantId, one: Paper) -> Part:
    """Raises _Refused: it cannot be read whole."""
    try:
        async with database.session(Scope.tenant(tenant)) as session:
            found = await session.get(Document, (tenant, one.document_id))
        if found is None or found.state not in {"clean", "unscanned"}:
            raise _Refused("unreadable")
        content = b"".join([part async for part in await documents.open(tenant, found)])
    except (SecretUnreadable, ObjectMissing) as error:
        raise _Refused("unreadable") from error
    if len(content) != one.size:
        raise _Refused("unreadable")
    return Part(
        paper=one.paper,
        name=one.name,
        media_type=one.media_type,
        id=shown(one.document_id),
        added=_moment(one.created_at),
        by=one.made_by,
        content=content,
    )


async def _keep(database: Database, documents: Documents, tenant: TenantId, made: Made, of: Asked) -> None:
    """The file and what the pack became, in one commit. Raises _Refused."""
    run, entity = of.pack.run_id or of.standing.case.run_id, of.standing.entity
    async with database.session(Scope.tenant(tenant)) as session:
        is_there = run is not None and await repository.run_is_there(session, tenant, run)
    if entity is None and not is_there:
        raise _Refused("no-home")
    new = New(
        tenant=tenant,
        run=run if entity is None else None,
        entity=entity,
        name=f"evidence {_PLAIN.sub('-', of.standing.case.key)[:_LONGEST]}.pdf",
        class_="financial",
        actor=_ACTOR,
    )
    try:
        async with (
            documents.taking(new, _pieces(made.content)) as taken,
            database.session(Scope.tenant(tenant)) as session,
        ):
            document = await documents.complete(session, taken)
            values = {"document_id": document.document_id, "digest": made.digest, "parts": of.parts}
            await _settle(session, tenant, of, {"state": "made", **values})
            # The file is in its store, and nobody knows of it yet.
            crash_points.pass_by("pack.written")
            await session.commit()
    except DocumentTooLarge as error:
        raise _Refused("too-large") from error


async def _settle(session: AsyncSession, tenant: TenantId, of: Asked, values: dict[str, Any]) -> None:
    changed = (
        update(EvidencePack)
        .where(EvidencePack.tenant_id == tenant, EvidencePack.pack_id == of.pack.pack_id, EvidencePack.state == "asked")
        .values(missing=of.standing.missing, made_at=func.clock_timestamp(), **values)
        .returning(EvidencePack.pack_id)
    )
    if (await session.execute(changed)).scalar_one_or_none() is None:
        # Somebody else made it, since this took longer than it was taken for: theirs counts, and this file goes.
        raise _Late
    after = {"pack": ids.show(asking.PREFIX, of.pack.pack_id), "state": values["state"]}
    target = ids.show(cases.PREFIX, of.standing.case.case_id)
    await audit.record(session, actor=_ACTOR, action="evidence.packed", target=target, after=after)


async def _brand(database: Database, tenant: TenantId) -> Brand:
    async with database.session(Scope.tenant(tenant)) as session:
        partner_id = (await session.scalars(select(Tenant.partner_id).where(Tenant.tenant_id == tenant))).one()
    async with database.session(Scope.partner(partner_id)) as session:
        partner = await branding.partner_of(session, partner_id)
        return branding.look_of(partner, await branding.brand_row(session, partner_id))


def _cover(brand: Brand, case: Case) -> Cover:
    return Cover(
        brand=brand.name,
        accent=brand.accent,
        support=brand.support_email or "",
        case=case.key,
        about_kind=case.about_kind,
        about_key=case.about_key,
        reason=case.reason,
        opened=_moment(case.opened_at),
        required={name: needed.title for name, needed in case.required.items()},
    )


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(content), _CHUNK):
        yield content[begin : begin + _CHUNK]
