"""The workflows that a workflow runs, and those that they run: pinned when it is deployed, found when it runs."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from template_library import versions
from template_library.dsl import Workflow, parse_published
from tenants.deployments import repository
from tenants.deployments.errors import InvalidDeployment
from tenants.deployments.models import DeploymentRevision, WorkflowVersion

DEEPEST: Final = 8
"""Levels of workflows below the deployed one (S-34)."""
MOST: Final = 100
LATEST: Final = "latest"

Reference = tuple[str, str, str]


class Nested(msgspec.Struct, frozen=True):
    """One workflow that is run, by the name that documents give it (`namespace/name:version as written`)."""

    name: str
    workflow_version_id: UUID
    workflow: Workflow


async def resolve(session: AsyncSession, tenant_id: UUID, workflow: Workflow) -> list[Nested]:
    """Everything that `workflow` may run, `latest` as the newest version of today; sorted by name.

    Raises:
        InvalidDeployment: one is not published, runs itself, or lies too deep.
    """
    document = workflow.document
    finder = _Finder(session, tenant_id)
    height = await finder.height(workflow, ((document.namespace, document.name, document.version),))
    if height > DEEPEST:
        raise _refusal(f"the workflows that it runs are nested {height} deep; at most {DEEPEST} levels are run")
    return [finder.found[name] for name in sorted(finder.found)]


async def pinned(session: AsyncSession, tenant_id: UUID, revision: DeploymentRevision) -> list[Nested]:
    """Those that a revision runs, as they were when it was made; sorted by name."""
    found = []
    for name, text in sorted(revision.workflows.items()):
        stored = await repository.version(session, tenant_id, UUID(text))
        if stored is not None:
            found.append(Nested(name, stored.workflow_version_id, parse_published(stored.document)))
    return found


class _Finder:
    def __init__(self, session: AsyncSession, tenant_id: UUID) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._heights: dict[str, int] = {}
        self.found: dict[str, Nested] = {}

    async def height(self, workflow: Workflow, trail: tuple[Reference, ...]) -> int:
        """Levels below `workflow`; `trail` leads to it."""
        return max([1 + await self._height_of(one, trail) for one in workflow.workflows], default=0)

    async def _height_of(self, wanted: Reference, trail: tuple[Reference, ...]) -> int:
        name = f"{wanted[0]}/{wanted[1]}:{wanted[2]}"
        if name not in self.found:
            if len(self.found) == MOST:
                raise _refusal(f"more than {MOST} workflows would be part of it")
            stored = await self._stored(wanted, name)
            self.found[name] = Nested(name, stored.workflow_version_id, parse_published(stored.document))
        document = self.found[name].workflow.document
        reference = (document.namespace, document.name, document.version)
        if reference in trail:
            raise _refusal(f"{name} would run itself")
        if name not in self._heights:
            self._heights[name] = await self.height(self.found[name].workflow, (*trail, reference))
        return self._heights[name]

    async def _stored(self, wanted: Reference, name: str) -> WorkflowVersion:
        namespace, title, version = wanted
        rows = await repository.versions_named(self._session, self._tenant_id, namespace, title)
        if version != LATEST:
            rows = [row for row in rows if row.version == version]
        if not rows:
            raise _refusal(f"the workflow {name}, which it runs, is not published")
        return max(rows, key=lambda row: versions.parse(row.version))


def _refusal(detail: str) -> InvalidDeployment:
    return InvalidDeployment.at("/workflow", detail)
