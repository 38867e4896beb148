"""Packs are asked for once each, and what became of one. `connection` (asyncpg) is of the tenant."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from services.evidence.cases import PREFIX as CASE
from services.evidence.cases import Case
from services.evidence.tables import Refusal, State
from tenants.audit import writing as audit

PREFIX: Final = "evp"
BY_PERSON: Final = "api:"
"""Before the key that a person or a program gives, so that none is a call's of a run."""
LONGEST_KEY: Final = 200 - len(BY_PERSON)
MOST_DOCUMENTS: Final = 50
MOST_BYTES: Final = 40 * 1024 * 1024
WORDS: Final = {
    "too-large": f"together its documents have more than {MOST_BYTES // 1024 // 1024} MiB, or than a document may have",
    "too-many": f"it has more than {MOST_DOCUMENTS} documents",
    "no-home": "neither a record nor a run is known that it could be a document of",
    "unreadable": "one of its documents could not be opened or packed, or is not what it was",
}
_ASK: Final = (
    "INSERT INTO app.evidence_pack (tenant_id, pack_id, case_id, key, run_id, asked_by) "
    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, case_id, key) DO NOTHING RETURNING pack_id"
)
_FIND: Final = """
SELECT pack_id, case_id, state, document_id, digest, parts, missing, why, run_id FROM app.evidence_pack
WHERE tenant_id = $1 AND case_id = $2 AND key = $3
"""
_OF_CASE: Final = """
SELECT pack_id, case_id, state, document_id, digest, parts, missing, why, run_id FROM app.evidence_pack
WHERE tenant_id = $1 AND case_id = $2 ORDER BY pack_id DESC LIMIT 20
"""
_ONE: Final = """
SELECT pack_id, case_id, state, document_id, digest, parts, missing, why, run_id FROM app.evidence_pack
WHERE tenant_id = $1 AND pack_id = $2
"""


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """One that was asked for. `missing`: papers of the case that are not in it."""

    pack_id: UUID
    case_id: UUID
    state: State
    document_id: UUID | None
    digest: bytes | None
    parts: int | None
    missing: list[str] | None
    why: Refusal | None
    run_id: UUID | None


async def ask(  # noqa: PLR0913 (which, by what, for whom)
    connection: Any, tenant: TenantId, case: Case, *, key: str, run: UUID | None, actor: str
) -> Pack:
    """The pack of this key; asked for now where nobody did before."""
    made = await connection.fetchval(_ASK, tenant, ids.new(), case.case_id, key, run, actor)
    if made is not None:
        target, after = ids.show(CASE, case.case_id), {"pack": ids.show(PREFIX, made)}
        await audit.write(connection, tenant, actor=actor, action="evidence.pack-asked", target=target, after=after)
    return Pack(**await connection.fetchrow(_FIND, tenant, case.case_id, key))


async def find(connection: Any, tenant: TenantId, pack: UUID) -> Pack | None:
    """One by its id."""
    row = await connection.fetchrow(_ONE, tenant, pack)
    return None if row is None else Pack(**row)


async def of_case(connection: Any, tenant: TenantId, case: UUID) -> list[Pack]:
    """The newest twenty."""
    return [Pack(**row) for row in await connection.fetch(_OF_CASE, tenant, case)]
