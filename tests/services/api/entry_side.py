"""What people are asked to do: a call by hand, a human task."""

from __future__ import annotations

from msgspec.structs import replace

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.engine import decisions, entries
from services.engine.claims import Claims
from services.engine.entries import Entry, Noted
from services.engine.waits import Effect
from services.human_tasks import rows
from template_library import human_tasks
from tests.asgi import Caller


async def by_hand(client: Caller, worker: Database, tenant: TenantId, connection: str, run: str, note: str) -> str:
    """Of this run, on a connection whose playbook is entered for it; the entry's id."""
    await client.post(f"/v1/connections/{connection}/playbook/enter", {"reason": "x"})
    noted = Noted(
        connection=ids.read("con", connection),
        operation="erp.sales-orders.create",
        mode="keyed",
        way="manual",
        request={"note": note},
    )
    effect = Effect(function="x", arguments={}, reference="/do/0", iteration=1, name="x")
    claims = Claims(worker, "test", 30)
    held = await claims.take(64)
    fence = next(one.fence for one in held if one.run_id == ids.read("run", run))
    call = replace(decisions.call_of(effect, tenant=tenant, run=ids.read("run", run)), fence=fence)
    entry = await entries.add(worker, call, noted, blind=0.0)
    await claims.release(held)
    assert isinstance(entry, Entry)
    return ids.show("ent", entry.entry_id)


async def asked(worker: Database, tenant: TenantId, run: str, note: str) -> str:
    """A task of this run, of a role that nobody has; its id."""
    effect = Effect(function="x", arguments={}, reference="/do/1", iteration=1, name="x")
    claims, task = Claims(worker, "test", 30), ids.new()
    held = await claims.take(64)
    fence = next(one.fence for one in held if one.run_id == ids.read("run", run))
    call = replace(decisions.call_of(effect, tenant=tenant, run=ids.read("run", run)), fence=fence)
    wanted = {"task": "look", "title": note, "role": "lookers", "shown": {"note": note}, "form": {"schema": {}}}
    async with worker.tenant(tenant) as connection:
        assert await rows.add(connection, call, task, human_tasks.read(wanted), None) == "made"
    await claims.release(held)
    return ids.show("tsk", task)
