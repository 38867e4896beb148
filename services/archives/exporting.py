"""Everything that a tenant has, as one ZIP file; its format is in `docs/integrator/export.md` (ADR 0042).

Tables are read as the API's role sees them in the tenant's scope, a page a transaction, so that an export of any size
holds no other work up. What was written while it lasted may be in it or not; of a suspended client it is whole.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec

from infra import clock, ids
from infra.database import Database
from infra.ids import TenantId
from services.archives.reading import ArchivesAway, ArchiveUnreadable

FORMAT: Final = 1
TABLES: Final = (
    *("site", "calendar_version", "deadline", "parameter", "policy_version", "quota"),
    *("api_key", "account", "role", "account_role"),
    *("invitation", "passkey"),
    *("identity_provider", "account_identity", "provisioned_account", "event_schema", "owner", "interface"),
    *("interface_traffic", "authority_matrix"),
    *("inbound_webhook", "inbound_secret", "inbound_request"),
    *("connection", "connection_group", "connection_choice"),
    *("connection_secret", "secret_use", "workflow_version", "deployment", "deployment_revision"),
    *("deployment_trigger", "promotion"),
    *("schedule", "event", "run", "run_key", "journal", "effect", "payload", "signal", "exception", "outage", "notice"),
    *("human_task", "human_task_event", "human_task_decision", "human_task_skill", "absence", "task_mail_choice"),
    *("approval", "continuity", "entry", "peak", "retention", "kept_run", "archive", "usage", "audit", "audit_keeping"),
    *("webhook_endpoint", "webhook_secret", "webhook_message", "webhook_delivery", "webhook_attempt"),
    *("private_network", "mail", "mail_suppression", "document", "kept_entity"),
    *("hold", "hold_subject", "hold_type_version", "order_sale", "touch", "workaround"),
    *("customer_notice", "notice_opt_out", "notice_mixing"),
    *("evidence_case", "evidence_document", "evidence_pack"),
    *("entity", "entity_key", "entity_merge", "entity_change", "mapping", "sighting", "sighting_about", "record_view"),
)
LEFT_OUT: Final = {
    "tenant_key": "opens secrets; they stay here, and are destroyed with the client",
    "document_key": "opens documents, which are in here opened; it is destroyed with the client",
    "portal_session": "who is signed in now",
    "totp": "second factors; a secret that is shown to nobody a second time",
    "recovery_code": "second factors; digests of codes",
    "interface_mark": "how far a count has come",
    "interface_told": "which findings their owner was told, which the notices tell",
    "known_device": "browsers that were used",
    "fleet": "numbers of what is in the export",
    "tenant": "is in the manifest",
    "tenant_clock": "a place in a line that is nowhere else",
    "tenant_load": "numbers of what is in the export",
    "event_key": "the ids of events, which the events have",
    "outbox": "messages that are on their way",
    "subscription": "what a run waits for, which its journal tells",
    "inbox": "which events a run has heard, which its journal tells",
    "pending_event": "an event that is being looked at",
    "candidate": "an event that is being looked at",
    "translation": "an event that is to become a record, or waits for its mapping to be put right",
    "event_route": "which events a mapping takes, which the mapping says",
    "key_writer": "which run has its turn, which the runs tell",
    "connection_grant": "tokens; they stay here. The audit tells that they were given and that they ended",
    "connection_link": "digests of a link that is open for a day",
    "link": "digests of links that are mailed, which the audit and the mails tell of",
    "task_mail": "acts on tasks of which somebody is yet to be written to",
    "calendar_change": "which deadlines are yet to be computed anew",
    "poll": "how far a system was asked, whose events are in the export",
    "connection_line": "how much of a rate is left now",
    "connection_health": "how a connection is now, which its system tells again",
    "archive_round": "how far a search has come",
    "hold_wait": "which runs wait for an order, which their journals tell",
}
"""Tables of a tenant that no export has, and why."""
HIDDEN: Final = frozenset(
    {"secret_hash", "password_hash", "sealed", "sealed_key", "snapshot", "trace", "xid"}
    | {"secret", "token_hash", "opener_hash", "public_key", "salt", "veil"}
    | {"digest_key", "link_digest"}
)
"""Columns of no use outside, or whose use would be an abuse."""
OF_CLIENT: Final = frozenset({"parameter", "quota"})
"""Tables with rows of the client's, too, that hold for all of its environments."""
CLIENTS_ONLY: Final = frozenset({"policy_version"})
"""Tables with rows of the client's and none of one environment."""
_PAGE: Final = 100
_CHUNK: Final = 256 * 1024
_FILES: Final = "archives/"
_DOCUMENTS: Final = "documents/"
_TIME: Final = (1980, 1, 1, 0, 0, 0)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The last member of the file, `manifest.json`.

    Attributes:
        tables: rows by table; `members`: SHA-256 of each member, unpacked.
    """

    format: int
    tenant: str
    client: str
    environment: str
    began_at: str
    ended_at: str
    tables: dict[str, int]
    members: dict[str, str]
    left_out: dict[str, str]


class Files(Protocol):
    """The files of a tenant's documents."""

    def names(self, tenant: UUID) -> AsyncIterator[str]:
        """Of those that may be handed out, below the export's folder of documents."""
        ...

    def content(self, tenant: UUID, name: str) -> AsyncIterator[bytes]:
        """Raises whatever keeps the file from being whole."""
        ...


class _Out(io.RawIOBase):
    """Where the archive is written to: what came is taken away, and nothing is ever gone back to."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._size += len(data)
        return len(data)

    @property
    def is_full(self) -> bool:
        return self._size >= _CHUNK

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts, self._size = [], 0
        return taken


class Export:
    """One for each export; `chunks` is the file."""

    def __init__(  # noqa: PLR0913 (whose it is, and where everything is)
        self,
        database: Database,
        tenant: TenantId,
        *,
        client: str,
        environment: str,
        folder: Path | None,
        documents: Files | None = None,
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._place = {"tenant": ids.show("ten", tenant), "client": client, "environment": environment}
        self._folder = folder
        self._documents = documents
        self._out = _Out()
        self._zip = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._tables: dict[str, int] = {}
        self._members: dict[str, str] = {}

    async def check(self) -> None:
        """Before the first chunk: whether it can be whole.

        Raises:
            ArchivesAway, ArchiveUnreadable: the files of ended runs are not where they should be.
        """
        files = await self._files()
        if files and self._folder is None:
            raise ArchivesAway
        if self._folder is not None and not all((self._folder / file).is_file() for file in files):
            raise ArchiveUnreadable

    async def chunks(self) -> AsyncIterator[bytes]:
        """The file, as it is made. What fails on the way leaves it without a manifest."""
        began = clock.now()
        for table in TABLES:
            async for chunk in self._member(f"tables/{table}.jsonl", self._rows(table)):
                yield chunk
        for file in await self._files():
            async for chunk in self._member(_FILES + file, self._bytes(file)):
                yield chunk
        async for chunk in self._of_documents():
            yield chunk
        manifest = Manifest(
            format=FORMAT,
            **self._place,
            began_at=began.isoformat(),
            ended_at=clock.now().isoformat(),
            tables=self._tables,
            members=self._members,
            left_out=LEFT_OUT,
        )
        self._zip.writestr(zipfile.ZipInfo("manifest.json", _TIME), msgspec.json.format(msgspec.json.encode(manifest)))
        self._zip.close()
        yield self._out.take()

    async def _of_documents(self) -> AsyncIterator[bytes]:
        if self._documents is None:
            return
        async for name in self._documents.names(self._tenant):
            content = self._documents.content(self._tenant, name)
            async for chunk in self._member(_DOCUMENTS + name, content):
                yield chunk

    async def _member(self, name: str, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        digest = hashlib.sha256()
        entry = zipfile.ZipInfo(name, _TIME)
        entry.compress_type = zipfile.ZIP_DEFLATED
        with self._zip.open(entry, "w", force_zip64=True) as member:
            async for part in content:
                digest.update(part)
                # Packing takes its time, and lets others run meanwhile.
                await asyncio.to_thread(member.write, part)
                if self._out.is_full:
                    yield self._out.take()
        self._members[name] = digest.hexdigest()

    async def _rows(self, table: str) -> AsyncIterator[bytes]:
        count = 0
        async with self._database.tenant(self._tenant) as connection:
            columns, key = await _shape(connection, table)
        behind: list[Any] | None = None
        while True:
            async with self._database.tenant(self._tenant) as connection:
                page = await connection.fetch(_select(table, columns, key, behind), self._tenant, *(behind or ()))
            count += len(page)
            yield b"".join(row["row"].encode() + b"\n" for row in page)
            if len(page) < _PAGE:
                break
            behind = [page[-1][f"key_{place}"] for place in range(len(key))]
        self._tables[table] = count

    async def _files(self) -> list[str]:
        async with self._database.tenant(self._tenant) as connection:
            rows = await connection.fetch(
                "SELECT file FROM app.archive WHERE tenant_id = $1 ORDER BY archive_id", self._tenant
            )
        return [row["file"] for row in rows]

    async def _bytes(self, file: str) -> AsyncIterator[bytes]:
        if self._folder is None:
            raise ArchivesAway
        with (self._folder / file).open("rb") as stream:
            while part := stream.read(_CHUNK):
                yield part


async def _shape(connection: Any, table: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The columns that are shown, and those of the key behind the tenant with their types."""
    columns = await connection.fetch(
        "SELECT a.attname::text AS name FROM pg_attribute a WHERE a.attrelid = ('app.' || $1::text)::regclass "
        "AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(a.attrelid, a.attnum, 'SELECT') "
        "ORDER BY a.attnum",
        table,
    )
    key = await connection.fetch(
        "SELECT a.attname::text AS name, format_type(a.atttypid, NULL) AS kind FROM pg_index i "
        "CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place) "
        "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number "
        "WHERE i.indrelid = ('app.' || $1::text)::regclass AND i.indisprimary AND a.attname <> 'tenant_id' "
        "ORDER BY k.place",
        table,
    )
    shown = [row["name"] for row in columns if row["name"] not in HIDDEN]
    return shown, [(row["name"], row["kind"]) for row in key]


def _select(table: str, columns: list[str], key: list[tuple[str, str]], behind: list[Any] | None) -> str:
    """Names of the catalogue's own, and values as parameters."""
    names = ", ".join(f'"{name}"' for name in columns)
    keys = ", ".join(f'"{name}"' for name, _ in key)
    shown = ", ".join(f'x."{name}" AS key_{place}' for place, (name, _) in enumerate(key))
    where = "tenant_id = $1"
    if table in OF_CLIENT | CLIENTS_ONLY:
        of_client = "client_id = (SELECT t.client_id FROM app.tenant t WHERE t.tenant_id = $1)"
        where = of_client if table in CLIENTS_ONLY else f"({where} OR {of_client})"
    if behind is not None:
        given = ", ".join(f"${place}::{kind}" for place, (_, kind) in enumerate(key, start=2))
        where += f" AND ({keys}) > ({given})"
    order = f" ORDER BY {keys} LIMIT {_PAGE}" if key else ""
    inner = f'SELECT {names} FROM app."{table}" WHERE {where}{order}'  # noqa: S608 (the catalogue's own names)
    return f"SELECT {shown + ', ' if shown else ''}row_to_json(x)::text AS row FROM ({inner}) x"  # noqa: S608 (as above)
