"""Looks for stored secrets where none may be: rows of runs, events and records, and files that are written (I7, S-70).

All secrets that this installation can open are opened here, and compared here: none is sent to a server, or shown.
What is found is named by whose it is, and its field.
"""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import msgspec
from sqlalchemy import text

from infra import ids, redaction
from infra.database import Database, Scope
from infra.encryption.key_provider import KeyProvider
from infra.ids import TenantId
from services.archives import files as archives
from services.cli.leak_places import OF_PARTNERS, PLACES
from services.cli.leak_secrets import Values, of_connections, of_endpoints, of_grants, of_one_by_one
from services.engine import payload_rows
from services.engine.world import Finding
from tenants.connections.sealing import Sealer
from tenants.connections.secret_uses import SecretUses

_AT_ONCE: Final = 500
_NOBODY: Final = TenantId(UUID(int=0))
_LARGE: Final = (
    "SELECT owner_id AS id, owner_id AS run_id, '' AS line, hash, size, codec, body FROM app.payload "
    "WHERE owner_id >= $1"
)


class Needle(msgspec.Struct, frozen=True):
    """Whose secret a text is, and in which form; it is not shown."""

    owner: str
    form: str


class Search(msgspec.Struct, frozen=True):
    """`secrets`: how many were looked for; each has eight characters at least."""

    found: list[Finding]
    secrets: int


class Folders(msgspec.Struct, frozen=True):
    """Where files are; `archives` None: there are none."""

    logs: Path
    archives: Path | None
    drops: Path


class Keys(msgspec.Struct, frozen=True):
    """`sealer` opens what tenants' keys seal, `kek` what the key-encryption key does, `own` what the API's own does."""

    sealer: Sealer
    kek: KeyProvider
    own: KeyProvider


async def search(app: Database, worker: Database, keys: Keys, since: datetime, folders: Folders) -> Search:
    """Everything that was stored since then, of every tenant and partner, and all files.

    Raises:
        ArchiveDamaged: a file cannot be read.
        SecretUnreadable: a key file is not the one that sealed them.
    """
    async with app.session(Scope.operator()) as session:
        tenants = [TenantId(row[0]) for row in await session.execute(text("SELECT tenant_id FROM app.tenant"))]
        partners = [Scope.partner(row[0]) for row in await session.execute(text("SELECT partner_id FROM app.partner"))]
    opened = await _secrets(worker, keys, tenants)
    needles = _needles(opened)
    if not needles:
        return Search([], 0)
    pattern = re.compile("|".join(re.escape(one) for one in sorted(needles, key=len, reverse=True)))
    found, least = [], ids.least_of(since)
    for tenant in tenants:
        async for place, row in _rows(app, tenant, least):
            met = {needles[one] for one in pattern.findall(await _content(row))}
            found += _told(f"{place} {row['line']}".strip() + f" of {row['id']}", met, tenant, row["run_id"])
    for scope in (Scope.operator(), *partners):
        async for place, row in _above(app, scope, least):
            met = {needles[one] for one in pattern.findall(row["content"])}
            found += _told(f"{place} {row['line']}".strip() + f" of {row['id']}", met)
    found += _in_files(folders.logs.glob("*"), pattern, needles)
    found += _in_files(folders.drops.rglob("*"), pattern, needles)
    found += [] if folders.archives is None else _in_archives(folders.archives, since, pattern, needles)
    return Search(found, len(opened))


async def _secrets(worker: Database, keys: Keys, tenants: list[TenantId]) -> Values:
    uses, opened = SecretUses(worker, "check"), []
    for tenant in tenants:
        opened += await of_connections(worker, keys.sealer, tenant, uses)
        opened += await of_grants(worker, keys.sealer, tenant)
        opened += await of_endpoints(worker, keys.sealer, tenant)
    opened += await of_one_by_one(worker, keys.own, "service")
    opened += await of_one_by_one(worker, keys.kek, "kek")
    await uses.write()
    return opened


def _needles(opened: Iterable[tuple[str, str]]) -> dict[str, Needle]:
    """Each value in the forms in which it could have got somewhere."""
    found: dict[str, Needle] = {}
    for owner, value in opened:
        raw = value.encode()
        forms = {
            "as it is": value,
            "as JSON": msgspec.json.encode(value).decode()[1:-1],
            "for a URL": quote(value, safe=""),
            "as base64": base64.b64encode(raw).decode().rstrip("="),
            "as base64 for a URL": base64.urlsafe_b64encode(raw).decode().rstrip("="),
            "as hex": raw.hex(),
        }
        for form, written in forms.items():
            found.setdefault(written, Needle(owner, form))
        for written in redaction.forms(value):
            found.setdefault(written, Needle(owner, "encoded"))
    return found


async def _rows(app: Database, tenant: TenantId, least: UUID) -> AsyncIterator[tuple[str, Any]]:
    async with app.tenant(tenant) as connection:
        await connection.execute("SET LOCAL statement_timeout = 0")
        for place, query in [*PLACES.items(), ("large value", _LARGE)]:
            async for row in connection.cursor(query, least, prefetch=_AT_ONCE):
                yield place, row


async def _above(app: Database, scope: Scope, least: UUID) -> AsyncIterator[tuple[str, Any]]:
    async with app.session(scope) as session:
        await session.execute(text("SET LOCAL statement_timeout = 0"))
        for place, query in OF_PARTNERS.items():
            async for row in (await session.stream(text(query), {"least": least})).mappings():
                yield place, row


async def _content(row: Any) -> str:
    if "raw" in row:
        return f"{row['content']} {bytes(row['raw'] or b'').decode('utf-8', 'replace')}"
    if "body" not in row:
        return row["content"] or ""
    return b"".join((await payload_rows.opened([row])).values()).decode("utf-8", "replace")


def _in_files(files: Iterable[Path], pattern: re.Pattern[str], needles: dict[str, Needle]) -> list[Finding]:
    found = []
    for file in sorted(one for one in files if one.is_file()):
        with file.open(encoding="utf-8", errors="replace") as lines:
            found += _told(file, {needles[one] for line in lines for one in pattern.findall(line)})
    return found


def _in_archives(folder: Path, since: datetime, pattern: re.Pattern[str], needles: dict[str, Needle]) -> list[Finding]:
    """Raises ArchiveDamaged."""
    found, least = [], ids.show("run", ids.least_of(since))
    for one in archives.manifests(folder):
        if one.last >= least:
            lines = (line.decode("utf-8", "replace") for line in archives.lines(folder, one.file))
            found += _told(folder / one.file, {needles[met] for line in lines for met in pattern.findall(line)})
    return found


def _told(place: Path | str, met: set[Needle], tenant: TenantId = _NOBODY, run: UUID | None = None) -> list[Finding]:
    return [Finding("I7", tenant, run, f"{one.owner} stands in {place}, {one.form}") for one in sorted(met, key=str)]
