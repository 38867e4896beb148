"""What a faulted run did is undone by another run, of the workflow that its document declares for that (ADR 0138)."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from infra.problems import Conflict, NotFound
from services.engine import payload_rows, starter, values
from services.engine.repeating import RunNotFaulted
from tenants.deployments.triggers import declared

_OF_PROBLEM: Final = ("type", "status", "title", "detail", "instance")
_NULL: Final = msgspec.Raw(b"null")
# The newest of each name, and where that was skipped the newest before. `->>` would raise on what a text may hold.
_COMPLETED: Final = (
    "SELECT DISTINCT ON (name, data::text LIKE '%\"skipped\":true}') name, data::text AS data FROM app.journal "
    "WHERE tenant_id = $1 AND run_id = $2 AND kind = 'task.completed' "
    "ORDER BY name, data::text LIKE '%\"skipped\":true}', seq DESC"
)


class NotToBeCompensated(Conflict):
    """The document of the run does not declare what undoes it, or its deployment does not have that. Discard it."""

    name = "not-to-be-compensated"
    title = "Nothing is declared that undoes what the run did"


class _Wanted(msgspec.Struct, frozen=True):
    """`by` is the run that is to undo what `run` did."""

    run: UUID
    by: UUID
    actor: str
    program: str


async def compensate(connection: Any, tenant: TenantId, run: UUID, actor: str, program: str | None) -> UUID:
    """Begin the run of `program` that undoes what `run` did; `connection` is in a transaction of its tenant.

    It is of the same deployment and revision, and of the same class. Answers its id.

    Raises:
        NotFound: the tenant has none of this id.
        NotToBeCompensated: see there; nothing happened.
        RunNotFaulted: it is not faulted, or another run undoes it already.
        PayloadUnreadable: what it did is missing or damaged.
    """
    if program is None:
        raise NotToBeCompensated("Its document does not declare it; retry or discard it")
    wanted = _Wanted(run, ids.new(), actor, program)
    found = await connection.fetchval("SELECT app.compensate_run($1, $2, $3, $4)", run, wanted.by, actor, ids.new())
    if found is None:
        raise NotFound
    if found != "faulted":
        raise RunNotFaulted(f"It is {found}")
    await starter.begin(connection, tenant, [await _beginning(connection, tenant, wanted)])
    return wanted.by


async def _beginning(connection: Any, tenant: TenantId, wanted: _Wanted) -> starter.Beginning:
    run, program = wanted.run, wanted.program
    row = await connection.fetchrow(
        "SELECT r.deployment_id, r.revision, r.business_key, r.input::text AS input, r.error::text AS error, "
        "v.workflows ->> $3 IS NOT NULL AS is_pinned FROM app.run r JOIN app.deployment_revision v "
        "USING (tenant_id, deployment_id, revision) WHERE r.tenant_id = $1 AND r.run_id = $2",
        tenant,
        run,
        program,
    )
    if not row["is_pinned"]:
        raise NotToBeCompensated(f"The revision of its deployment does not have {program}; retry or discard it")
    its = await declared(connection, tenant, row["deployment_id"], row["revision"], program=program, parent=run)
    return starter.Beginning(
        run_id=wanted.by,
        deployment_id=row["deployment_id"],
        revision=row["revision"],
        program=program,
        input=await _input(connection, tenant, run, row),
        actor=wanted.actor,
        cause={"run": ids.show("run", run), "workflow": program, "compensates": True},
        business_key=row["business_key"],
        keys=its.keys,
        priority=its.priority,
        compensates=run,
    )


async def _input(connection: Any, tenant: TenantId, run: UUID, row: Any) -> str:
    """`run`, its `input` and `error`, and by name what each task that completed gave, at its last time."""
    error = msgspec.json.decode(row["error"], type=dict[str, msgspec.Raw])
    completed, size = dict[str, msgspec.Raw](), 0
    for line in await connection.fetch(_COMPLETED, tenant, run):
        text = await payload_rows.whole(connection, tenant, run, line["data"].encode())
        data = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        if "skipped" not in data:
            completed[line["name"]] = data.get("output", _NULL)
        size += len(text)
        if size > values.BYTES:
            raise NotToBeCompensated(f"What it did is more than {values.BYTES} bytes, which no input may be")
    given = {
        "run": ids.show("run", run),
        "input": msgspec.Raw(await payload_rows.whole(connection, tenant, run, (row["input"] or "null").encode())),
        "error": {name: error[name] for name in _OF_PROBLEM if name in error},
        "completed": completed,
    }
    found = values.encode(given)
    try:
        values.decode(found, depth=values.DEPTH + 2)
    except values.ValueRefused as error:
        raise NotToBeCompensated(f"What it did is no input: it is {error}") from None
    return found.decode()
