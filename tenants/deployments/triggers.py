"""What the engine asks of deployments, inside a transaction of the tenant that it opened itself (asyncpg)."""

from __future__ import annotations

import functools
from typing import Any
from uuid import UUID

import msgspec

from template_library.dsl.model import RunKeys
from tenants.deployments.errors import UnknownRevision
from tenants.deployments.priorities import NORMAL


class Trigger(msgspec.Struct, frozen=True):
    """A deployment's present revision and the event attributes that start it, all of which must be equal.

    Attributes:
        strategy: `one`; `any` and `all` have several of them for a deployment, `places` in number.
        judged: there is more to it than attributes, which expressions tell.
        keys: what its runs are found by.
        priority: of its runs, where their events ask for no other.
    """

    deployment_id: UUID
    revision: int
    attributes: dict[str, str]
    strategy: str = "one"
    place: int = 0
    places: int = 1
    judged: bool = False
    keys: RunKeys | None = None
    priority: int = NORMAL


class Declared(msgspec.Struct, frozen=True):
    """What runs of a revision are found by, and their class."""

    keys: RunKeys | None
    priority: int


class Text(msgspec.Struct, frozen=True):
    """A published document and the sha256 of its text; `elsewhere` is what it takes from others, JSON text."""

    document: str
    digest: bytes
    elsewhere: str | None = None


class Pinned(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of one revision executes. The same for ever: cache it by deployment and revision.

    Attributes:
        document: text of the workflow, as published.
        digest: sha256 of that text; equal documents may share what was compiled from them.
        elsewhere: what it takes from others, as it was when it was published; JSON text.
        parameters: for `$runtime.metadata.parameters`, defaults filled in.
        bindings: connection id by the name in the document; the run may use these connections and no others (S-38).
        groups: likewise the groups of connections whose rules choose one (ADR 0083).
        nested: the workflows that it runs, by the names that documents give them (`namespace/name:version`).
    """

    document: str
    digest: bytes
    elsewhere: str | None = None
    parameters: dict[str, Any]
    bindings: dict[str, UUID]
    groups: dict[str, UUID] = {}
    nested: dict[str, Text] = {}


async def active_triggers(connection: Any, tenant_id: UUID, event_type: str) -> list[Trigger]:
    """The active deployments of the tenant that events of this type may start, the oldest first."""
    rows = await connection.fetch(
        "SELECT d.deployment_id, d.revision, r.trigger::text AS attributes, 'one' AS strategy, 0 AS place, "
        "1 AS places, false AS judged, r.keys::text AS keys, d.priority "
        "FROM app.deployment_revision r JOIN app.deployment d USING (tenant_id, deployment_id, revision) "
        "WHERE r.tenant_id = $1 AND r.trigger_type = $2 AND d.status = 'active' "
        "UNION ALL SELECT d.deployment_id, d.revision, t.attributes::text, t.strategy, t.place, t.places, "
        "t.judged, (SELECT r.keys::text FROM app.deployment_revision r WHERE r.tenant_id = t.tenant_id "
        "AND r.deployment_id = t.deployment_id AND r.revision = t.revision) AS keys, d.priority "
        "FROM app.deployment_trigger t JOIN app.deployment d USING (tenant_id, deployment_id, revision) "
        "WHERE t.tenant_id = $1 AND (t.type = $2 OR t.type IS NULL) AND d.status = 'active' "
        "ORDER BY deployment_id, place",
        tenant_id,
        event_type,
    )
    return [
        Trigger(
            row["deployment_id"],
            row["revision"],
            msgspec.json.decode(row["attributes"], type=dict[str, str]),
            row["strategy"],
            row["place"],
            row["places"],
            row["judged"],
            _declared(row["keys"]),
            row["priority"],
        )
        for row in rows
    ]


async def declared(  # noqa: PLR0913 (the parts of a key)
    connection: Any,
    tenant_id: UUID,
    deployment_id: UUID,
    revision: int,
    *,
    program: str | None = None,
    parent: UUID | None = None,
) -> Declared:
    """Of the runs of this revision; with `program` those of the workflow of this name that it runs for `parent`.

    A run that another one started is of the other's class.
    """
    row = await connection.fetchrow(
        "SELECT r.keys::text AS keys, coalesce((SELECT o.priority FROM app.run o WHERE o.tenant_id = $1 "
        "AND o.run_id = $4), d.priority) AS priority "
        "FROM app.deployment_revision r JOIN app.deployment d USING (tenant_id, deployment_id) "
        "WHERE r.tenant_id = $1 AND r.deployment_id = $2 AND r.revision = $3",
        tenant_id,
        deployment_id,
        revision,
        parent,
    )
    return Declared(None, NORMAL) if row is None else Declared(_declared(row["keys"], program or ""), row["priority"])


def _declared(text: str | None, program: str = "") -> RunKeys | None:
    return None if text is None else _decoded(text).get(program)


@functools.lru_cache(maxsize=1024)
def _decoded(text: str) -> dict[str, RunKeys]:
    return msgspec.json.decode(text, type=dict[str, RunKeys])


async def pinned(connection: Any, tenant_id: UUID, deployment_id: UUID, revision: int) -> Pinned:
    """What the runs of this revision execute.

    Raises:
        UnknownRevision: the tenant has no such revision.
    """
    row = await connection.fetchrow(
        "SELECT v.document, v.digest, v.elsewhere::text AS elsewhere, r.parameters::text AS parameters, "
        "r.bindings::text AS bindings, r.groups::text AS groups, r.workflows::text AS workflows "
        "FROM app.deployment_revision r JOIN app.workflow_version v USING (tenant_id, workflow_version_id) "
        "WHERE r.tenant_id = $1 AND r.deployment_id = $2 AND r.revision = $3",
        tenant_id,
        deployment_id,
        revision,
    )
    if row is None:
        raise UnknownRevision(f"the tenant has no revision {revision} of this deployment")
    return Pinned(
        document=row["document"],
        digest=row["digest"],
        elsewhere=row["elsewhere"],
        parameters=msgspec.json.decode(row["parameters"]),
        bindings=msgspec.json.decode(row["bindings"], type=dict[str, UUID]),
        groups=msgspec.json.decode(row["groups"], type=dict[str, UUID]),
        nested=await _nested(connection, tenant_id, msgspec.json.decode(row["workflows"], type=dict[str, UUID])),
    )


async def identity(
    connection: Any, tenant_id: UUID, deployment_id: UUID, revision: int, program: str | None = None
) -> dict[str, str]:
    """Namespace, name and version of what runs of this revision execute, whether or not it can be read any more.

    With `program` that of the workflow of this name that it runs.

    Raises:
        UnknownRevision: the tenant has no such revision.
    """
    if program is not None:
        place, _, version = program.rpartition(":")
        namespace, _, name = place.partition("/")
        return {"namespace": namespace, "name": name, "version": version}
    row = await connection.fetchrow(
        "SELECT v.namespace, v.name, v.version "
        "FROM app.deployment_revision r JOIN app.workflow_version v USING (tenant_id, workflow_version_id) "
        "WHERE r.tenant_id = $1 AND r.deployment_id = $2 AND r.revision = $3",
        tenant_id,
        deployment_id,
        revision,
    )
    if row is None:
        raise UnknownRevision(f"the tenant has no revision {revision} of this deployment")
    return dict(row)


async def _nested(connection: Any, tenant_id: UUID, versions: dict[str, UUID]) -> dict[str, Text]:
    if not versions:
        return {}
    rows = await connection.fetch(
        "SELECT workflow_version_id, document, digest, elsewhere::text AS elsewhere FROM app.workflow_version "
        "WHERE tenant_id = $1 AND workflow_version_id = ANY ($2)",
        tenant_id,
        list(versions.values()),
    )
    texts = {row["workflow_version_id"]: Text(row["document"], row["digest"], row["elsewhere"]) for row in rows}
    return {name: texts[version] for name, version in versions.items()}
