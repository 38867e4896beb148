"""Documents taken in, handed out and removed. A file is sealed as it comes, opened as it goes, and never held whole."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import clock, ids
from infra.database import Database, Scope, surviving
from infra.encryption import stream
from infra.encryption.errors import SecretUnreadable
from infra.encryption.key_provider import KeyProvider
from infra.objects.choosing import store_of
from infra.objects.scanning import Scanner
from infra.objects.store import Store
from infra.problems import NotFound
from infra.settings import Settings
from services.documents import kinds, names, repository
from services.documents.errors import (
    DocumentHeld,
    DocumentInfected,
    DocumentRefused,
    DocumentTooLarge,
    EntityIsKept,
    RunIsKept,
    UnknownDocument,
)
from services.documents.keys import DocumentKeys, bound_to
from services.documents.repository import Of
from services.documents.tables import Document
from services.records import reading
from services.records.keys import PREFIX
from tenants.audit import alarms
from tenants.audit import service as audit

_COMING: Final = "coming"
_OCTETS: Final = "application/octet-stream"


class New(msgspec.Struct, frozen=True, kw_only=True):
    """A file that somebody sends, for a run, an entity, or both. `name` is checked by `Documents.taking`."""

    tenant: UUID
    run: UUID | None = None
    entity: UUID | None = None
    name: str
    class_: str
    actor: str

    @property
    def of(self) -> Of:
        """Where it is found when it is whole."""
        return Of(self.run, () if self.entity is None else (self.entity,))


class Taken(msgspec.Struct):
    """A file that lies in the store, and what was learnt of it while it came. `state`: what a look into it came to."""

    new: New
    document: UUID
    size: int = 0
    kind: str | None = None
    digest: bytes = b""
    state: str = ""


class Documents:
    """One a process.

    Args:
        keys: wraps tenants' keys for documents, and unwraps them: this process hands documents out.
    """

    def __init__(self, database: Database, settings: Settings, keys: KeyProvider, store: Store | None = None) -> None:
        self._database = database
        self._settings = settings
        self.keys = DocumentKeys(keys)
        self.store = store or store_of(settings)
        seconds = settings.document_scan_seconds
        self.scanner = Scanner(settings.document_scan, seconds) if settings.document_scan else None

    @property
    def most(self) -> int:
        """Bytes of a document, at most."""
        return self._settings.document_max

    @asynccontextmanager
    async def taking(self, new: New, content: AsyncIterator[bytes]) -> AsyncIterator[Taken]:
        """Store the file, for `complete`; what fails on the way or inside leaves nothing that anybody sees.

        Raises:
            NotFound: the tenant has no such run, or no such entity.
            EntityMerged: the entity stands for another, which it is to be given to.
            InvalidField, DocumentRefused, DocumentTooLarge: the file is none that is taken.
            StoreAway: it cannot be stored at the moment.
        """
        name, document = names.checked(new.name), ids.new()
        async with self._database.session(Scope.tenant(new.tenant)) as session:
            await _check_home(session, new)
            key = await self.keys.make(session, new.tenant, document)
            keep = clock.now() + timedelta(days=self._settings.document_days[new.class_])
            row = {
                "tenant_id": new.tenant, "document_id": document, "run_id": new.run, "entity_id": new.entity,
                "class_": new.class_, "name": name, "media_type": _OCTETS, "size": 0, "key_version": key.version,
                "sealed_key": key.sealed, "state": _COMING, "made_by": new.actor, "keep_until": keep,
            }  # fmt: skip
            await repository.add(session, row)
            await session.commit()
        taken = Taken(new, document)
        try:
            plain = self._watched(content, name, taken)
            bound = bound_to(new.tenant, document)
            await self.store.put(new.tenant, document, stream.seal(key.key, bound, plain))
            taken.state = await self._looked_into(stream.unseal(key.key, bound, self.store.get(new.tenant, document)))
            yield taken
        except BaseException:
            # By a task of its own: whoever sent it may have gone, and this with them. What is left is found by its age.
            await asyncio.shield(self._give_up(new.tenant, document))
            raise

    async def complete(self, session: AsyncSession, taken: Taken) -> Document:
        """The document, from when the caller's transaction commits on. The session is of the tenant's scope.

        Raises:
            UnknownDocument: it took so long that it was given up.
        """
        new, document, state = taken.new, taken.document, taken.state
        values = {"media_type": taken.kind, "size": taken.size, "digest": taken.digest, "state": state}
        if not await repository.become(session, new.tenant, document, (_COMING,), values):
            raise UnknownDocument
        found = await repository.find(session, new.tenant, new.of, document)
        if found is None:
            raise UnknownDocument
        after = {**home(found), "sha256": taken.digest.hex(), "size": taken.size, "state": state}
        await audit.record(session, actor=new.actor, action="document.added", target=shown(document), after=after)
        return found

    async def open(self, tenant: UUID, found: Document) -> AsyncIterator[bytes]:
        """The file's bytes, each proven before it is given out.

        Raises:
            DocumentHeld, DocumentInfected: it is handed to nobody.
            SecretUnreadable, ObjectMissing, StoreAway: now, or while it is read.
        """
        if found.state == "held":
            raise DocumentHeld
        if found.state == "infected":
            raise DocumentInfected
        async with self._database.session(Scope.tenant(tenant)) as session:
            wrapped = await repository.key(session, tenant, found.key_version)
        if wrapped is None:
            raise UnknownDocument
        try:
            key = await self.keys.open(tenant, found.document_id, found.key_version, wrapped.wrapped, found.sealed_key)
            sealed = self.store.get(tenant, found.document_id)
            pieces = stream.unseal(key, bound_to(tenant, found.document_id), sealed)
            # Before anything is said: a file that is missing, or another one, is an answer of its own.
            return _behind(await anext(pieces), pieces)
        except SecretUnreadable as error:
            await alarms.unreadable(self._database, Scope.tenant(tenant), shown(found.document_id), error)
            raise

    async def remove(self, session: AsyncSession, found: Document, reason: str, *, actor: str) -> None:
        """Nobody sees it from now on; its file goes within minutes. The session is the caller's, of the tenant's scope.

        Raises:
            RunIsKept, EntityIsKept: and so is it.
            UnknownDocument: somebody removed it just now.
        """
        if found.run_id is not None and await repository.run_is_kept(session, found.tenant_id, found.run_id):
            raise RunIsKept
        if found.entity_id is not None and await repository.entity_is_kept(session, found.tenant_id, found.entity_id):
            raise EntityIsKept
        removed = await repository.become(
            session, found.tenant_id, found.document_id, repository.SHOWN, {"state": "going"}
        )
        if not removed:
            raise UnknownDocument
        after = {**home(found), "reason": reason}
        target = shown(found.document_id)
        await audit.record(session, actor=actor, action="document.removed", target=target, after=after)

    async def close(self) -> None:
        await self.store.close()

    async def _watched(self, content: AsyncIterator[bytes], name: str, met: Taken) -> AsyncIterator[bytes]:
        """`content`, with what is to be known of it; its head is held back until its kind is."""
        head, digest = bytearray(), hashlib.sha256()
        async for part in content:
            met.size += len(part)
            if met.size > self._settings.document_max:
                raise DocumentTooLarge(f"A document has at most {self._settings.document_max} bytes")
            digest.update(part)
            if met.kind is not None:
                yield part
                continue
            head += part
            if len(head) >= kinds.HEAD:
                met.kind = _kind(bytes(head), name)
                yield bytes(head)
        if met.kind is None:
            met.kind = _kind(bytes(head), name)
            yield bytes(head)
        met.digest = digest.digest()

    async def _looked_into(self, content: AsyncIterator[bytes]) -> str:
        if self.scanner is None:
            return "unscanned"
        verdict = await self.scanner.look(content)
        return "held" if verdict == "unscanned" and self._settings.document_scan_required else verdict

    async def _give_up(self, tenant: UUID, document: UUID) -> None:
        """One that came for so long that its row is gone, or going, leaves a file that nobody would find any more."""
        async with self._database.session(Scope.tenant(tenant)) as session:
            await repository.become(session, tenant, document, (_COMING,), {"state": "going"})
            await session.commit()
            found = await session.get(Document, (tenant, document))
        if found is None or found.state == "going":
            with surviving("removing the file of a document that was given up"):
                await self.store.remove(tenant, document)


async def _behind(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in pieces:
        yield piece


async def _check_home(session: AsyncSession, new: New) -> None:
    if new.run is not None and not await repository.run_is_there(session, new.tenant, new.run):
        raise NotFound
    if new.entity is not None:
        (await reading.find(session, new.tenant, new.entity)).check_standing()


def shown(document: UUID) -> str:
    return ids.show("doc", document)


def home(one: Document) -> dict[str, str]:
    """Ids of whose it is, as people see them: of its run, its entity, or both."""
    known = {} if one.run_id is None else {"run": ids.show("run", one.run_id)}
    return known if one.entity_id is None else {**known, "entity": ids.show(PREFIX, one.entity_id)}


def _kind(head: bytes, name: str) -> str:
    found = kinds.kind_of(head[: kinds.HEAD], name)
    if found is None:
        raise DocumentRefused(f"Send {kinds.TAKEN}")
    return found
