"""Cases of evidence: what each needs, and what is there (ADR 0114). `connection` (asyncpg) is of the tenant."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from services.evidence.errors import CaseIsOther, NoSuchPaper, TooManyPapers, UnknownCase
from services.records import timeline
from template_library.evidence import MOST_REQUIRED, Needed, words_of
from tenants.audit import writing as audit

PREFIX: Final = "evc"
MOST: Final = 500
"""Documents of a case that are looked at: those that somebody told apart, and of the others the newest."""
_OUTSIDE: Final = "outside:"
_ADD: Final = """
INSERT INTO app.evidence_case (tenant_id, case_id, key, about_kind, about_key, reason, required, run_id,
  opened_by, last_run)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8) ON CONFLICT (tenant_id, key) DO NOTHING RETURNING true
"""
_FIND: Final = """
SELECT case_id, key, about_kind, about_key, reason, required::text AS required, run_id, opened_by, opened_at
FROM app.evidence_case WHERE tenant_id = $1 AND key = $2
"""
_LOCK: Final = """
SELECT case_id, key, about_kind, about_key, reason, required::text AS required, run_id, opened_by, opened_at
FROM app.evidence_case WHERE tenant_id = $1 AND key = $2 FOR UPDATE
"""
_GROW: Final = "UPDATE app.evidence_case SET required = $3 WHERE tenant_id = $1 AND case_id = $2"
# A case is kept by the last that was done in it, not by its first run alone.
_AGAIN: Final = (
    "UPDATE app.evidence_case SET last_run = coalesce($3, last_run), last_at = clock_timestamp() "
    "WHERE tenant_id = $1 AND case_id = $2 AND ($3::uuid IS NULL OR last_run IS DISTINCT FROM $3)"
)
_ONE: Final = """
SELECT case_id, key, about_kind, about_key, reason, required::text AS required, run_id, opened_by, opened_at
FROM app.evidence_case WHERE tenant_id = $1 AND case_id = $2
"""
_WHOSE: Final = (
    "SELECT min(entity_id::text)::uuid AS entity, count(DISTINCT entity_id) AS found FROM app.entity_key "
    "WHERE tenant_id = $1 AND kind = $2 AND id = $3"
)
_DOCUMENTS: Final = """
SELECT d.document_id, d.name, d.media_type, d.size, d.digest, d.state, d.made_by, d.created_at, e.paper,
  e.document_id IS NOT NULL AS is_said
FROM app.document d
LEFT JOIN app.evidence_document e ON e.tenant_id = d.tenant_id AND e.document_id = d.document_id AND e.case_id = $4
WHERE d.tenant_id = $1 AND (d.entity_id = ANY ($2) OR d.run_id = ANY ($3))
  AND d.state IN ('clean', 'unscanned', 'held')
  AND NOT EXISTS (SELECT 1 FROM app.evidence_pack p WHERE p.tenant_id = d.tenant_id AND p.document_id = d.document_id)
ORDER BY is_said DESC, d.created_at DESC, d.document_id DESC LIMIT $5
"""
_SAY: Final = (
    "INSERT INTO app.evidence_document (tenant_id, case_id, document_id, paper, added_by) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (tenant_id, case_id, document_id) DO UPDATE SET paper = $4, added_by = $5, "
    "added_at = clock_timestamp() WHERE evidence_document.paper IS DISTINCT FROM $4 "
    "AND (evidence_document.added_by LIKE 'run:%' OR $5 NOT LIKE 'run:%') RETURNING true"
)
_SAID: Final = "SELECT paper FROM app.evidence_document WHERE tenant_id = $1 AND case_id = $2 AND document_id = $3"


class NewCase(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be proven, and with what."""

    key: str
    about_kind: str
    about_key: str
    reason: str
    required: dict[str, Needed]
    run: UUID | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One that is open."""

    case_id: UUID
    key: str
    about_kind: str
    about_key: str
    reason: str
    required: dict[str, Needed]
    run_id: UUID | None
    opened_by: str
    opened_at: datetime


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A document that counts as `paper`; empty: as none that is asked for. `made_by`: whoever added it."""

    document_id: UUID
    name: str
    media_type: str
    size: int
    digest: bytes
    state: str
    made_by: str
    created_at: datetime
    paper: str

    @property
    def is_usable(self) -> bool:
        """Not while somebody has yet to look into it."""
        return self.state != "held"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a case is.

    Attributes:
        papers: its documents, the oldest first.
        entity: the record that it is about, where one is known by its key alone.
    """

    case: Case
    papers: list[Paper]
    entity: UUID | None

    @property
    def held(self) -> list[str]:
        """Papers that are there."""
        return [name for name in self.case.required if self._has(name, usable=True)]

    @property
    def waiting(self) -> list[str]:
        """Papers whose documents nobody has looked into yet."""
        return [name for name in self.missing if self._has(name, usable=False)]

    @property
    def missing(self) -> list[str]:
        return [name for name in self.case.required if not self._has(name, usable=True)]

    def _has(self, name: str, *, usable: bool) -> bool:
        return any(one.paper == name and one.is_usable == usable for one in self.papers)


async def open_case(connection: Any, tenant: TenantId, new: NewCase, *, actor: str) -> Case:
    """The case of this key; what it needs grows by what is not in it yet. Safe to repeat.

    Raises:
        CaseIsOther: it is about something else.
        TooManyPapers: it would ask for more than it may; nothing was added.
    """
    required = msgspec.json.encode(new.required).decode()
    given = (new.key, new.about_kind, new.about_key, new.reason, required, new.run, actor)
    made = await connection.fetchval(_ADD, tenant, ids.new(), *given)
    row = await connection.fetchrow(_LOCK, tenant, new.key)
    found = _case(row)
    if (found.about_kind, found.about_key, found.reason) != (new.about_kind, new.about_key, new.reason):
        raise CaseIsOther
    added = sorted(new.required.keys() - found.required.keys())
    grown = found.required | {name: one for name, one in new.required.items() if name not in found.required}
    if len(grown) > MOST_REQUIRED:
        raise TooManyPapers(f"It asks for {len(found.required)}, and {len(added)} more would be over {MOST_REQUIRED}")
    target = ids.show(PREFIX, found.case_id)
    if not made:
        await connection.execute(_AGAIN, tenant, found.case_id, new.run)
    if added:
        await connection.execute(_GROW, tenant, found.case_id, msgspec.json.encode(grown).decode())
        found = msgspec.structs.replace(found, required=grown)
        after: dict[str, Any] = {"required": added}
        await audit.write(connection, tenant, actor=actor, action="evidence.grown", target=target, after=after)
    if made:
        after = {"key": new.key, new.about_kind: new.about_key, "reason": new.reason, "required": sorted(new.required)}
        await audit.write(connection, tenant, actor=actor, action="evidence.opened", target=target, after=after)
    return found


async def find(connection: Any, tenant: TenantId, case: str | UUID) -> Case:
    """By its key or its id. Raises UnknownCase."""
    row = await connection.fetchrow(_ONE if isinstance(case, UUID) else _FIND, tenant, case)
    if row is None:
        raise UnknownCase
    return _case(row)


async def standing(connection: Any, tenant: TenantId, case: Case, run: UUID | None = None) -> Standing:
    """What is there: documents of the record, of its runs, of the run that opened the case, and of `run`."""
    whose = await connection.fetchrow(_WHOSE, tenant, case.about_kind, case.about_key)
    entity: UUID | None = whose["entity"] if whose["found"] == 1 else None
    runs = {one for one in (case.run_id, run) if one is not None}
    entities: list[UUID] = []
    if entity is not None:
        scope = await timeline.scope(connection, tenant, entity)
        entities = scope.entities
        runs |= {one.run_id for one in scope.runs}
    rows = await connection.fetch(_DOCUMENTS, tenant, entities, list(runs), case.case_id, MOST)
    papers = sorted((_paper(case, dict(row)) for row in rows), key=lambda one: (one.created_at, one.document_id))
    return Standing(case=case, papers=papers, entity=entity)


async def add(  # noqa: PLR0913 (what counts as what, and by whom)
    connection: Any, tenant: TenantId, of: Standing, document: UUID, paper: str | None, *, actor: str
) -> Standing:
    """From now on the document counts as `paper`, None: as none. Safe to repeat.

    What a person said before, no run says otherwise.

    Raises:
        NoSuchPaper: the case asks for no such paper, or has no such document.
    """
    if (paper is not None and paper not in of.case.required) or document not in {one.document_id for one in of.papers}:
        raise NoSuchPaper
    if await connection.fetchval(_SAY, tenant, of.case.case_id, document, paper, actor):
        after = {"document": ids.show("doc", document), "paper": paper}
        target = ids.show(PREFIX, of.case.case_id)
        await audit.write(connection, tenant, actor=actor, action="evidence.added", target=target, after=after)
    said = await connection.fetchval(_SAID, tenant, of.case.case_id, document) or ""
    papers = [msgspec.structs.replace(one, paper=said) if one.document_id == document else one for one in of.papers]
    return msgspec.structs.replace(of, papers=papers)


def _paper(case: Case, row: dict[str, Any]) -> Paper:
    is_said, said = row.pop("is_said"), row.pop("paper")
    if is_said:
        return Paper(**row, paper=said or "")
    # Whoever is asked from outside names a file as they like: it counts when somebody says so.
    is_strangers = row["made_by"].startswith(_OUTSIDE)
    return Paper(**row, paper="" if is_strangers else named(case.required, row["name"]))


def named(required: dict[str, Needed], name: str) -> str:
    """Which paper a document's name says it is: the first all of whose words are in it; empty: none."""
    words = words_of(name)
    for paper, needed in required.items():
        if any(words_of(one) <= words for one in needed.names):
            return paper
    return ""


def _case(row: Any) -> Case:
    required = msgspec.json.decode(row["required"], type=dict[str, Needed])
    return Case(**{**dict(row), "required": required})
