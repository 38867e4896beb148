"""Rows that tests stand on: partners, clients, tenants and a deployment, written as the API's role would."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.ids import TenantId
from services.engine.claims import Claim
from services.engine.journal import CALL, Audit, Checkpoint, Entry, Message, Usage, parameters_of
from services.engine.starter import start
from services.events.cloud_event import CloudEvent, read
from services.events.received import Received
from template_library.dsl import parse_published


class World(msgspec.Struct, frozen=True):
    """One client of one partner, in one environment."""

    partner_id: UUID
    client_id: UUID
    tenant_id: TenantId


async def make_tenant(database: Database, slug: str = "acme", environment: str = "live") -> World:
    """A partner with one client and one tenant."""
    world = World(ids.new(), ids.new(), TenantId(ids.new()))
    async with database.session(Scope.operator()) as session:
        await session.execute(
            text("INSERT INTO app.partner (partner_id, slug, name) VALUES (:p, :s, :s)"),
            {"p": world.partner_id, "s": f"partner-of-{slug}"},
        )
        await session.execute(
            text("INSERT INTO app.client (partner_id, client_id, slug, name) VALUES (:p, :c, :s, :s)"),
            {"p": world.partner_id, "c": world.client_id, "s": slug},
        )
        await session.execute(
            text("INSERT INTO app.tenant (tenant_id, partner_id, client_id, environment) VALUES (:t, :p, :c, :e)"),
            {"t": world.tenant_id, "p": world.partner_id, "c": world.client_id, "e": environment},
        )
        await session.commit()
    return world


async def deploy(
    database: Database,
    tenant: TenantId,
    document: str,
    *,
    event_type: str,
    bindings: dict[str, UUID] | None = None,
    groups: dict[str, UUID] | None = None,
    elsewhere: str | None = None,
    parameters: dict[str, Any] | None = None,
    exceptions: dict[str, dict[str, Any]] | None = None,
) -> UUID:
    """Deploy `document` to be started by `event_type`; answers the deployment's id."""
    version, deployment = ids.new(), ids.new()
    async with database.tenant(tenant) as connection:
        await connection.execute(
            "INSERT INTO app.workflow_version "
            "(tenant_id, workflow_version_id, namespace, name, version, document, digest, elsewhere) "
            "VALUES ($1, $2, 'tests', $3, '1.0.0', $4, $5, $6)",
            tenant,
            version,
            f"w-{version.hex}",
            document,
            hashlib.sha256(document.encode()).digest(),
            elsewhere,
        )
        await connection.execute(
            "INSERT INTO app.deployment (tenant_id, deployment_id, name, revision) VALUES ($1, $2, $3, 1)",
            tenant,
            deployment,
            f"d-{deployment.hex}",
        )
        await connection.execute(
            "INSERT INTO app.deployment_revision (tenant_id, deployment_id, revision, workflow_version_id, parameters, "
            "bindings, trigger_type, trigger, keys, groups, exceptions) "
            "VALUES ($1, $2, 1, $3, $9, $4, $5, $6, $7, $8, $10)",
            tenant,
            deployment,
            version,
            msgspec.json.encode(bindings or {}).decode(),
            event_type,
            msgspec.json.encode({"type": event_type}).decode(),
            _keys(document),
            msgspec.json.encode(groups or {}).decode(),
            msgspec.json.encode(parameters or {}).decode(),
            None if exceptions is None else msgspec.json.encode(exceptions).decode(),
        )
    return deployment


def _keys(document: str) -> str | None:
    if "keys:" not in document:
        return None
    keys = parse_published(document).keys
    return None if keys is None else msgspec.json.encode({"": keys}).decode()


def event(number: int, kind: str = "order.captured") -> CloudEvent:
    body = (
        f'{{"specversion":"1.0","id":"{number}","source":"/shop","type":"{kind}","subject":"o-{number}","data":{{}}}}'
    )
    return read({"content-type": "application/cloudevents+json"}, body.encode())


async def start_runs(database: Database, tenant: TenantId, count: int) -> list[UUID]:
    async with database.tenant(tenant) as connection:
        runs = await start(connection, tenant, [Received(ids.new(), event(n), "tests") for n in range(count)])
    return [run for started in runs.values() for run in started]


def progress(claim: Claim, state: str = "running") -> Checkpoint:
    return Checkpoint(
        tenant_id=claim.tenant_id,
        run_id=claim.run_id,
        fence=claim.fence,
        seq=claim.seq,
        state=state,
        attempt=1,
        entries=[Entry("task.completed", "/do/0/a", "a", "{}")],
        snapshot=b"{}" if state == "running" else None,
        usage=[Usage(claim.seq, "task", 1)],
        audit=[Audit(ids.new(), "run.noted", "run", "{}")],
        messages=[Message(ids.new(), "runs", "{}")],
    )


async def write(database: Database, *checkpoints: Checkpoint) -> list[str]:
    async with database.doors() as connection:
        rows = await connection.fetch(CALL, *parameters_of(list(checkpoints)))
    outcomes = {row["run_id"]: row["outcome"] for row in rows}
    return [outcomes[c.run_id] for c in checkpoints]
