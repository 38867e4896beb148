from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Meta

from infra import ids
from infra.encryption import signing_key
from services.api.access import is_still_admitted
from services.api.audit_filters import FILTERS
from services.api.call import Call
from services.api.download import Download
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from tenants.audit import checking, exporting, repository, service
from tenants.audit.log import Log, Wanted

TAGS: Final = ["audit"]
_ABOVE: Final = "/v1/organization/audit"
_ACTING: Final = "acting:"

Form = Annotated[
    Literal["jsonl", "csv"],
    QueryParameter(
        description="`jsonl` has the seals, and can be verified with the public key alone; `csv` is for a spreadsheet.",
        required=False,
    ),
]
Behind = Annotated[
    int,
    QueryParameter(
        description="Batches up to this one were verified by the calls before.", required=False, ge=0, le=2**31 - 1
    ),
]
State = Literal["whole", "broken", "rolled-back", "unknown"]
_TYPES: Final = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}


class AuditView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done, and by whom. Records are never changed; of one that is forgotten a pseudonym is left."""

    id: str
    at: Instant
    actor: Annotated[str, Meta(description="`key:<id>`, `account:<id>`, or the part of the system that acted.")]
    on_behalf_of: Annotated[
        str | None,
        Meta(description="The client as whom somebody of its partner's acted; else null."),
    ]
    action: Annotated[str, Meta(examples=["connection.created"])]
    target: Annotated[str, Meta(description="Id of what it was done to.")]
    after: Annotated[Any, Meta(description="What it became; never a secret or a payload.")]
    batch: Annotated[int | None, Meta(description="The sealed batch that has it; null for about a minute.")]
    is_veiled: Annotated[bool, Meta(description="Who or what it was about was erased; its seal holds.")]


class AuditList(msgspec.Struct, frozen=True):
    items: list[AuditView]
    next: NextCursor


class AuditKey(msgspec.Struct, frozen=True):
    """Of Ed25519 (RFC 8032). It stays the same as long as the installation's file of it does."""

    public_key: Annotated[str | None, Meta(description="Base64 of 32 bytes; null until a worker has made it.")]


class AuditVerification(msgspec.Struct, frozen=True, kw_only=True):
    """What was verified in one call: batches behind one up to another, each with all of its rows."""

    state: Annotated[
        State,
        Meta(
            description="`rolled-back`: the database is behind heads that were published outside of it. `unknown`: the "
            "public key of the seals is not here; verify an export with it."
        ),
    ]
    behind: int
    up_to: int
    last: Annotated[int, Meta(description="The newest batch.")]
    next: Annotated[int | None, Meta(description="`behind` of the next call; null when this was the last, or broken.")]
    rows: Annotated[int, Meta(description="As they were sealed.")]
    dropped: Annotated[int, Meta(description="Batches whose time was over; their heads are whole.")]
    unsealed: Annotated[int, Meta(description="Rows that no batch has yet.")]
    sealed_at: Instant | None
    what: Annotated[str | None, Meta(description="What is wrong first, where something is.")]
    batch: int | None
    row: str | None


@get(tenant_paths("/audit"), summary="List audit records", tags=TAGS, dependencies=FILTERS)
async def list_audit(
    request: Call, wanted: NamedDependency[Wanted], limit: Limit = 50, cursor: Cursor = None
) -> AuditList:
    """Newest first."""
    return await _listed(request, limit, cursor, wanted)


@get(_ABOVE, summary="List audit records above clients", tags=TAGS, dependencies=FILTERS)
async def list_organization_audit(
    request: Call, wanted: NamedDependency[Wanted], limit: Limit = 50, cursor: Cursor = None
) -> AuditList:
    """The partner's own log, or the operator's: what was done to clients, keys and people. Newest first."""
    return await _listed(request, limit, cursor, wanted)


@get(
    tenant_paths("/audit/export"),
    summary="Export the audit",
    tags=TAGS,
    media_type=_TYPES["jsonl"],
    dependencies=FILTERS,
)
async def export_audit(
    request: Call,
    wanted: NamedDependency[Wanted],
    format: Form = "jsonl",  # noqa: A002 (the parameter's name)
) -> Download:
    """Oldest first. Without a filter each batch comes with all of its rows; with one each row has its own proof."""
    return await _exported(request, format, wanted)


@get(
    f"{_ABOVE}/export",
    summary="Export the audit above clients",
    tags=TAGS,
    media_type=_TYPES["jsonl"],
    dependencies=FILTERS,
)
async def export_organization_audit(
    request: Call,
    wanted: NamedDependency[Wanted],
    format: Form = "jsonl",  # noqa: A002 (the parameter's name)
) -> Download:
    """The partner's own log, or the operator's, as a client's is."""
    return await _exported(request, format, wanted)


@get(tenant_paths("/audit/verification"), summary="Verify the audit", tags=TAGS)
async def verify_audit(request: Call, behind: Behind = 0) -> AuditVerification:
    """Twenty batches a call: hashes, order and signatures of all of their rows. Call again with `next`."""
    return await _verified(request, behind)


@get(f"{_ABOVE}/verification", summary="Verify the audit above clients", tags=TAGS)
async def verify_organization_audit(request: Call, behind: Behind = 0) -> AuditVerification:
    """As a client's is."""
    return await _verified(request, behind)


@get("/v1/audit-key", summary="Read the key of the audit's seals", tags=TAGS)
async def read_audit_key(request: Call) -> AuditKey:
    """Keep it where you keep what you must prove: exports are verified with it, without this service."""
    found = _key(request)
    return AuditKey(public_key=None if found is None else signing_key.shown(found))


async def _listed(request: Call, limit: int, cursor: str | None, wanted: Wanted) -> AuditList:
    log = Log.of(request.rows)
    async with request.transaction() as session:
        rows, last = await service.history(session, log, request.page(limit, cursor), wanted)
        places = await repository.batches_of(session, log, [row.audit_id for row in rows]) if rows else {}
    acted = ids.show("cli", request.tenant.client_id) if log.kind == "tenant" else None
    return AuditList([_view(row, places.get(row.audit_id, (None,))[0], acted) for row in rows], request.cursor(last))


async def _exported(request: Call, form: Literal["jsonl", "csv"], wanted: Wanted) -> Download:
    log, database = Log.of(request.rows), request.resources.database
    after = {"format": form, "filter": msgspec.to_builtins(wanted) or None}
    async with request.transaction() as session:
        await service.record(
            session, actor=request.principal.actor, action="audit.exported", target=log.name, after=after
        )
    chunks = exporting.table(database, log, wanted) if form == "csv" else exporting.lines(database, log, wanted)
    return Download(
        chunks, name=f"audit-{log.name}.{form}", media_type=_TYPES[form], goes_on=lambda: is_still_admitted(request)
    )


async def _verified(request: Call, behind: int) -> AuditVerification:
    key = _key(request)
    found = await checking.check(request.resources.database, Log.of(request.rows), [] if key is None else [key], behind)
    state: State = "whole" if found.what is None else "broken"
    if found.rolled_back:
        state = "rolled-back"
    elif key is None:
        state = "unknown"
    is_known, is_whole = state != "unknown", state == "whole"
    return AuditVerification(
        state=state,
        behind=found.behind,
        up_to=found.up_to,
        last=found.last,
        next=found.up_to if is_whole and found.up_to < found.last else None,
        rows=found.rows,
        dropped=found.dropped,
        unsealed=found.unsealed,
        sealed_at=found.sealed_at,
        what=found.what if is_known else None,
        batch=found.batch if is_known else None,
        row=found.row if is_known else None,
    )


def _key(request: Call) -> bytes | None:
    return signing_key.public_of(request.resources.settings.audit_key_file)


def _view(row: Any, batch: int | None, acted_as: str | None) -> AuditView:
    return AuditView(
        id=ids.show("aud", row.audit_id),
        at=row.at,
        actor=row.actor,
        on_behalf_of=acted_as if row.actor.startswith(_ACTING) else None,
        action=row.action,
        target=row.target,
        after=row.after,
        batch=batch,
        is_veiled=row.veil is not None,
    )


HANDLERS: Final = (
    list_audit,
    list_organization_audit,
    export_audit,
    export_organization_audit,
    verify_audit,
    verify_organization_audit,
    read_audit_key,
)
