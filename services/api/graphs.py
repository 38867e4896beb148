"""Pictures of published documents, drawn once each: a document never changes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.database import Database
from infra.ids import TenantId
from infra.problems import Conflict
from template_library.dsl import DocumentError, parse_published
from template_library.dsl.graph import Graph, graph
from template_library.dsl.model import Constant, Document, MapTemplate, RaiseTask, Template, Workflow
from tenants.deployments.triggers import pinned

_MOST: Final = 64


class WorkflowUnreadable(Conflict):
    """This version of the service cannot read the document that the run is pinned to. Its text is still there."""

    name = "workflow-unreadable"
    title = "The run's workflow cannot be read"


class Picture(msgspec.Struct, frozen=True):
    """`written`: what the document's `raise` tasks say of an error in words of its own, and not of a payload's."""

    document: Document
    graph: Graph
    written: frozenset[str] = frozenset()


class Graphs:
    """One for the process. Equal documents share a picture, whatever tenant published them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._drawn: OrderedDict[bytes, Picture] = OrderedDict()

    async def of_revision(
        self, tenant: TenantId, deployment: UUID, revision: int, program: str | None = None
    ) -> Picture:
        """What the runs of this revision execute; with `program` those of the workflow of this name that it runs.

        Raises:
            WorkflowUnreadable: the document is not of this version's language.
        """
        async with self._database.tenant(tenant) as connection:
            content = await pinned(connection, tenant, deployment, revision)
        chosen = content if program is None else content.nested[program]
        found = self._drawn.get(chosen.digest)
        if found is None:
            found = self._drawn[chosen.digest] = _draw(chosen.document)
            if len(self._drawn) > _MOST:
                self._drawn.popitem(last=False)
        else:
            self._drawn.move_to_end(chosen.digest)
        return found


def _draw(text: str) -> Picture:
    try:
        workflow = parse_published(text)
    except DocumentError as error:
        raise WorkflowUnreadable(str(error)[:500]) from None
    return Picture(workflow.document, graph(workflow), _written(workflow))


def _written(workflow: Workflow) -> frozenset[str]:
    """Types, titles and details without an expression."""
    errors = [task.error for task in workflow.tasks.values() if isinstance(task, RaiseTask)]
    found = [_member(error, name) for error in errors for name in ("type", "title", "detail")]
    return frozenset(text for text in found if isinstance(text, str))


def _member(error: Template, name: str) -> Any:
    if isinstance(error, MapTemplate):
        member = dict(error.members).get(name)
        return member.value if isinstance(member, Constant) else None
    return error.value.get(name) if isinstance(error, Constant) and isinstance(error.value, dict) else None
