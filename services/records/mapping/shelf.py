"""Mappings of a partner or an environment: written as drafts, released, never changed from then on (ADR 0080).

Every function runs in a transaction of the owner's scope, which the caller commits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra.database import take_turn
from infra.pagination import Page, cut
from services.records.errors import InvalidMapping, NothingToRelease, TooManyMappings, UnknownMapping
from services.records.mapping.document import Document, Mapping, Overlay, laid_over, read
from services.records.mapping.faults import faults
from services.records.mapping.tables import EventRoute, PartnerMapping, TenantMapping, Translation
from tenants.audit import service as audit
from tenants.organizations.models import Tenant

MOST: Final = 200
"""Names of one owner."""


class Shelf(msgspec.Struct, frozen=True):
    """Whose mappings they are: an environment's, or those of a partner, whose clients lay overlays over them."""

    partner_id: UUID
    tenant_id: UUID | None = None

    @property
    def table(self) -> Any:
        return PartnerMapping if self.tenant_id is None else TenantMapping

    def owned(self) -> Any:
        if self.tenant_id is None:
            return PartnerMapping.partner_id == self.partner_id
        return TenantMapping.tenant_id == self.tenant_id

    def key(self) -> dict[str, UUID]:
        return {"partner_id": self.partner_id} if self.tenant_id is None else {"tenant_id": self.tenant_id}


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a mapping. `released_at` None: a draft."""

    name: str
    version: int
    document: Document
    made_by: str
    made_at: datetime
    released_by: str | None
    released_at: datetime | None


async def listed(session: AsyncSession, shelf: Shelf, page: Page, name: str | None) -> tuple[list[Version], str | None]:
    """The newest version of each name; of one name all, the newest first. And the position of the next page."""
    table = shelf.table
    query = select(table).where(shelf.owned())
    if name is None:
        newest = select(table.name, func.max(table.version).label("version")).where(shelf.owned()).group_by(table.name)
        last = newest.subquery()
        query = query.join(last, (table.name == last.c.name) & (table.version == last.c.version)).order_by(table.name)
        query = query if page.after is None else query.where(table.name > page.after)
    else:
        query = query.where(table.name == name).order_by(table.version.desc())
        query = query if page.after is None else query.where(table.version < int(page.after))
    rows = list((await session.scalars(query.limit(page.limit + 1))).all())
    shown, position = cut(rows, page, lambda row: row.name if name is None else str(row.version))
    return [_version(row) for row in shown], position


async def find(session: AsyncSession, shelf: Shelf, name: str, version: int | None = None) -> Version:
    """One version, or the newest one. Raises UnknownMapping."""
    table = shelf.table
    query = select(table).where(shelf.owned(), table.name == name).order_by(table.version.desc()).limit(1)
    if version is not None:
        query = query.where(table.version == version)
    row = (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()
    if row is None:
        raise UnknownMapping
    return _version(row)


async def lock(session: AsyncSession, shelf: Shelf, name: str) -> None:
    """Nobody else writes or releases this name until the transaction ends."""
    await take_turn(session, "mapping", shelf.tenant_id or shelf.partner_id, name)


async def put(session: AsyncSession, shelf: Shelf, name: str, document: Document, *, actor: str) -> Version:
    """The draft of a name: the one that is there is replaced, else the next version is begun. Safe to repeat.

    Raises:
        InvalidMapping: the document cannot be used.
        TooManyMappings: there are 200 names.
    """
    await whole(session, shelf, name, document)
    await lock(session, shelf, name)
    table = shelf.table
    before = await _newest(session, shelf, name)
    said = msgspec.to_builtins(document)
    if before is not None and before.released_at is None:
        at = (shelf.owned(), table.name == name, table.version == before.version)
        await session.execute(update(table).where(*at).values(document=said, made_by=actor))
        version = before.version
    else:
        if before is None:
            await _count(session, shelf)
        version = 1 if before is None else before.version + 1
        values = {**shelf.key(), "name": name, "version": version, "document": said, "made_by": actor}
        await session.execute(insert(table).values(**values))
    await _record(session, shelf, f"written {name}", version, actor)
    return await find(session, shelf, name, version)


async def whole(session: AsyncSession, shelf: Shelf, name: str, document: Document) -> Mapping:
    """What is done by it: an overlay together with what it lies over.

    Raises:
        InvalidMapping: it cannot be used.
    """
    if isinstance(document, Overlay):
        if shelf.tenant_id is None:
            raise _invalid([("/base", "a partner's mapping lies over none")])
        above = Shelf(await _partner_of(session, shelf))
        try:
            base = await find(session, above, name, document.base)
        except UnknownMapping:
            raise _invalid([("/base", f"the partner has released no version {document.base} of {name}")]) from None
        if not isinstance(base.document, Mapping):
            raise _invalid([("/base", "is an overlay itself")])
        document = laid_over(base.document, document)
    found = faults(document)
    if found:
        raise _invalid(found)
    return document


async def release(session: AsyncSession, shelf: Shelf, draft: Version, *, actor: str) -> Version:
    """From now on the draft is what is done; events that waited for it are tried again. Its examples were tried.

    Raises:
        NothingToRelease: it is no draft, or another one than was tried.
    """
    await lock(session, shelf, draft.name)
    table = shelf.table
    present = await find(session, shelf, draft.name, draft.version)
    if present.released_at is not None or present.document != draft.document:
        raise NothingToRelease(f"Version {draft.version} was released or written anew meanwhile")
    values: dict[str, Any] = {"released_by": actor, "released_at": func.clock_timestamp()}
    mapping = await whole(session, shelf, draft.name, draft.document)
    if shelf.tenant_id is not None:
        values["whole"] = msgspec.to_builtins(mapping)
    at = (shelf.owned(), table.name == draft.name, table.version == draft.version)
    await session.execute(update(table).where(*at).values(**values))
    if shelf.tenant_id is not None:
        await _route(session, shelf.tenant_id, draft, mapping)
    await _record(session, shelf, f"released {draft.name}", draft.version, actor)
    return await find(session, shelf, draft.name, draft.version)


async def _route(session: AsyncSession, tenant_id: UUID, draft: Version, mapping: Mapping) -> None:
    gone = (EventRoute.tenant_id == tenant_id, EventRoute.mapping == draft.name)
    await session.execute(delete(EventRoute).where(*gone))
    routes = {"tenant_id": tenant_id, "mapping": draft.name, "version": draft.version, "record": mapping.record}
    routes |= {"system": mapping.system, "systems": mapping.systems(), "leads": mapping.leads}
    await session.execute(insert(EventRoute).values([{**routes, "type": one} for one in mapping.events]))
    waiting = (Translation.tenant_id == tenant_id, Translation.mapping == draft.name)
    again = {"problem": None, "detail": None, "tries": 0, "due_at": func.clock_timestamp()}
    await session.execute(update(Translation).where(*waiting).values(**again))


async def _newest(session: AsyncSession, shelf: Shelf, name: str) -> Version | None:
    try:
        return await find(session, shelf, name)
    except UnknownMapping:
        return None


async def _count(session: AsyncSession, shelf: Shelf) -> None:
    # Behind the name's own turn, and nobody waits for a name behind this one.
    await take_turn(session, "mappings", shelf.tenant_id or shelf.partner_id)
    counted = select(func.count(func.distinct(shelf.table.name))).where(shelf.owned())
    if (await session.scalar(counted) or 0) >= MOST:
        raise TooManyMappings(f"There are at most {MOST} names")


async def _partner_of(session: AsyncSession, shelf: Shelf) -> UUID:
    return (await session.scalars(select(Tenant.partner_id).where(Tenant.tenant_id == shelf.tenant_id))).one()


async def _record(session: AsyncSession, shelf: Shelf, done: str, version: int, actor: str) -> None:
    verb, _, name = done.partition(" ")
    after = {"version": version}
    partner = shelf.partner_id if shelf.tenant_id is None else None
    await audit.record(session, actor=actor, action=f"mapping.{verb}", target=name, after=after, partner_id=partner)


def _invalid(found: list[tuple[str, str]]) -> InvalidMapping:
    errors = [{"pointer": pointer, "detail": detail} for pointer, detail in found]
    return InvalidMapping(f"{errors[0]['pointer']}: {errors[0]['detail']}", errors=errors)


def _version(row: Any) -> Version:
    return Version(
        name=row.name,
        version=row.version,
        document=read(row.document),
        made_by=row.made_by,
        made_at=row.made_at,
        released_by=row.released_by,
        released_at=row.released_at,
    )
