"""Whether a workflow keeps the rules of its environment: asked when it is published, and when it is deployed."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra.problems import Invalid
from template_library.dsl import Workflow, elsewhere, parse_published
from template_library.dsl.elsewhere import Gathered
from template_library.policies import paths, tasks
from template_library.policies.capabilities import ANYTHING, Access
from tenants.connections import repository as connections
from tenants.deployments.fit import Offers
from tenants.deployments.models import WorkflowVersion
from tenants.deployments.nesting import Nested
from tenants.deployments.publishing import Candidate
from tenants.deployments.reach import Reach
from tenants.organizations import policies


class WriteNotApproved(Invalid):
    """A rule asks for an approval before this write, and a path has none. Put one on each path in `errors`.

    Of a run: what happened in it holds no approval before the write; nothing was sent.
    """

    name = "write-not-approved"
    title = "A write lacks its approval"


async def admit(session: AsyncSession, tenant_id: UUID, candidate: Candidate, offers: Offers) -> None:
    """Refuse to publish what breaks a rule with whatever connections and workflows it may get.

    Raises:
        WriteNotApproved: with each write and a path to it.
    """
    known = _anybodys(offers)
    programs = _programs(candidate.workflow, candidate.elsewhere)
    await _refuse(session, tenant_id, programs, lambda _, operation: known.get(operation))


class Parts(msgspec.Struct, frozen=True):
    """A version with the workflows that it runs, on connections."""

    version: WorkflowVersion
    nested: list[Nested]
    reach: Reach


async def admit_deployment(session: AsyncSession, tenant_id: UUID, parts: Parts, offers: Offers) -> None:
    """Refuse what breaks a rule with these connections, and the workflows that it runs.

    Raises:
        WriteNotApproved: with each write and a path to it.
    """
    rows = await connections.find_many(session, tenant_id, {one for ids in parts.reach.values() for one in ids})
    kinds = {row.connection_id: row.connector for row in rows}
    programs = {one.name: one.workflow for one in parts.nested}
    programs |= _programs(parse_published(parts.version.document), parts.version.elsewhere)

    def access(connection: str, operation: str) -> Access | None:
        found = [offers.get(kinds.get(one, ""), {}).get(operation) for one in parts.reach.get(connection, ())]
        known = [one for one in found if one is not None]
        # Of a group nobody knows which one it will be: where they differ, the strictest.
        return (
            known[0] if known and all(one == known[0] for one in known) else Access(writes=ANYTHING) if known else None
        )

    await _refuse(session, tenant_id, programs, access)


async def _refuse(
    session: AsyncSession, tenant_id: UUID, programs: Mapping[str, Workflow], access: tasks.Operations
) -> None:
    rules = await policies.holding(session, tenant_id)
    broken = paths.violations(programs, lambda task: tasks.of_task(task, access), rules)
    if broken:
        errors = [
            {
                "pointer": one.reference,
                "detail": str(one),
                "domains": list(one.domains),
                "rules": list(one.rules),
                "path": list(one.path),
            }
            for one in broken
        ]
        raise WriteNotApproved("; ".join(str(one) for one in broken[:3]), errors=errors)


def _programs(workflow: Workflow, taken: object) -> dict[str, Workflow]:
    """The workflow, with the functions that it takes from elsewhere by the names that its calls give them."""
    gathered = Gathered() if taken is None else msgspec.convert(taken, Gathered)
    functions = {name: elsewhere.function(name, value, name) for name, value in gathered.functions.items()}
    return {**functions, "": workflow}


def _anybodys(offers: Offers) -> dict[str, Access]:
    """Operations by name, before anybody has said which connector they go to: the strictest of them."""
    known: dict[str, Access] = {}
    for offered in offers.values():
        for name, access in offered.items():
            known[name] = access if known.get(name, access) == access else Access(writes=ANYTHING)
    return known
