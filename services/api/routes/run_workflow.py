from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get
from msgspec import Meta

from infra.ids import TenantId
from services.api.call import Call
from services.api.policy import tenant_paths
from services.archives import reading as archives
from template_library.dsl import graph


class WorkflowNode(msgspec.Struct, frozen=True, kw_only=True):
    """A task where it runs, or one of the two ends."""

    reference: Annotated[
        str, Meta(description="As in the journal's lines; `start` and `end` for the ends.", examples=["/do/0/check"])
    ]
    name: str
    kind: graph.Kind
    title: str
    detail: Annotated[str | None, Meta(description="Its operation, its conditions, its members.")]
    parent: Annotated[str | None, Meta(description="Reference of the task that encloses it.")]


class WorkflowEdge(msgspec.Struct, frozen=True, kw_only=True):
    """Control may pass from one to the other."""

    source: str
    target: str
    kind: Annotated[
        graph.Way,
        Meta(
            description="`case` and `default` leave a switch, `skipped` is taken when the task's condition does not "
            "hold, `fault` ends the run with an error, `again` begins the next round of a loop, `branch` enters one of "
            "several that run at once, `caught` leads from what failed to what catches it."
        ),
    ]
    label: Annotated[str | None, Meta(description="Name of the case.")]


class RunGraph(msgspec.Struct, frozen=True, kw_only=True):
    """The workflow of a run as a picture. Each path of a run is a path along the edges.

    Control enters a task that encloses others at the task itself and leaves it from within.
    """

    name: str
    version: str
    title: str | None
    summary: str | None
    nodes: list[WorkflowNode]
    edges: list[WorkflowEdge]
    is_whole: Annotated[bool, Meta(description="False: too large, some calls of local functions are not opened.")]


@get(tenant_paths("/runs/{run:str}/workflow"), summary="Read a run's workflow as a graph", tags=["runs"])
async def read_run_workflow(request: Call) -> RunGraph:
    """Of the document that the run is pinned to. It never changes for a run."""
    run, tenant = request.path_id("run", "run"), TenantId(request.tenant.tenant_id)
    async with request.transaction() as session:
        row = await archives.present(session, tenant, run)
    place = (row["deployment_id"], row["revision"], row["program"])
    picture = await request.resources.graphs.of_revision(tenant, *place)
    document = picture.document
    return RunGraph(
        name=document.name,
        version=document.version,
        title=document.title or None,
        summary=document.summary or None,
        nodes=[WorkflowNode(**msgspec.structs.asdict(node)) for node in picture.graph.nodes],
        edges=[WorkflowEdge(**msgspec.structs.asdict(edge)) for edge in picture.graph.edges],
        is_whole=picture.graph.is_whole,
    )


HANDLERS: Final = (read_run_workflow,)
