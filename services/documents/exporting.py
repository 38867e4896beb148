"""The documents of a tenant for its export: opened, under their ids, since names may be equal or lead away (S-18)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from infra import ids
from infra.database import Database, Scope
from services.documents import repository
from services.documents.documents import Documents, shown
from services.documents.errors import UnknownDocument
from services.documents.tables import Document

_PAGE: Final = 100
_HANDED_OUT: Final = frozenset({"clean", "unscanned"})


class Files:
    """What nobody looked into, or was found harmful, is in the table and not among the files."""

    def __init__(self, database: Database, documents: Documents) -> None:
        self._database = database
        self._documents = documents

    async def names(self, tenant: UUID) -> AsyncIterator[str]:
        behind: UUID | None = None
        while page := await self._page(tenant, behind):
            for one in page:
                if one.state in _HANDED_OUT:
                    yield shown(one.document_id)
            behind = page[-1].document_id

    async def content(self, tenant: UUID, name: str) -> AsyncIterator[bytes]:
        document = ids.read("doc", name)
        async with self._database.session(Scope.tenant(tenant)) as session:
            found = await session.get(Document, (tenant, document))
        if found is None:
            raise UnknownDocument
        async for part in await self._documents.open(tenant, found):
            yield part

    async def _page(self, tenant: UUID, behind: UUID | None) -> list[Document]:
        async with self._database.session(Scope.tenant(tenant)) as session:
            return await repository.after(session, tenant, behind, _PAGE)
