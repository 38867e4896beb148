"""Tells the outside what people did to a run, in the transaction in which they did it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from infra import clock, ids
from infra.ids import TenantId
from services.engine import lifecycle, values
from services.engine.lifecycle import Line, Subject, members
from tenants.deployments.triggers import identity


async def foretell(connection: Any, tenant: TenantId, run: UUID, kind: str) -> str | None:
    """The event of a line that is yet to be written for the run, as JSON; the database fills in number and time.

    None: the tenant has no such run.
    """
    row = await connection.fetchrow(
        "SELECT deployment_id, revision, program FROM app.run WHERE tenant_id = $1 AND run_id = $2", tenant, run
    )
    if row is None:
        return None
    definition = await identity(connection, tenant, *row)
    line = Line(seq=0, at=clock.now(), kind=kind)
    event = lifecycle.own(Subject(tenant=tenant, run=run, definition=definition), line)
    return values.encode(event).decode()


async def tell(connection: Any, tenant: TenantId, run: UUID) -> None:
    """Put the event of the run's last line, which this transaction wrote, into the outbox.

    `connection` is in a transaction of the tenant that holds the run's row, so that the line stays the last one.
    """
    row = await connection.fetchrow(
        "SELECT j.seq, j.at, j.kind, j.reference, j.data::text AS data, r.deployment_id, r.revision, r.program "
        "FROM app.run r JOIN app.journal j ON j.tenant_id = r.tenant_id AND j.run_id = r.run_id AND j.seq = r.seq - 1 "
        "WHERE r.tenant_id = $1 AND r.run_id = $2",
        tenant,
        run,
    )
    definition = await identity(connection, tenant, row["deployment_id"], row["revision"], row["program"])
    line = Line(seq=row["seq"], at=row["at"], kind=row["kind"], reference=row["reference"], data=members(row["data"]))
    event = lifecycle.own(Subject(tenant=tenant, run=run, definition=definition), line)
    await connection.execute("SELECT app.tell_run($1, $2)", ids.new(), values.encode(event).decode())
