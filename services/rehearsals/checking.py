"""What does not fit between manifest, workflow and files of a package, in words for its author."""

from __future__ import annotations

from collections.abc import Iterator

from services.rehearsals import naming
from template_library import cross_references, holds, human_tasks, parameters
from template_library.catalog import Package
from template_library.dsl import Workflow
from tenants.deployments import business_time, needs
from tenants.identity.permissions import Permission


def faults(package: Package, workflow: Workflow) -> list[str]:
    """All of them, those first for which a document cannot be published."""
    return [
        *_of_document(workflow),
        *_of_connections(package, workflow),
        *naming.mistakes(package, workflow),
        *_rest(package, workflow),
    ]


def _of_document(workflow: Workflow) -> Iterator[str]:
    unclear = [*needs.find(workflow)[1], *business_time.mistakes(workflow)]
    yield from (f"{one.pointer}: {one.detail}" for one in unclear)
    yield from (f"{one.pointer}: {one.detail}" for one in human_tasks.faults(workflow))
    yield from (f"{one.pointer}: {one.detail}" for one in holds.breaches(workflow))
    yield from (f"{one.pointer}: {one.detail}" for one in cross_references.faults(workflow))


def _of_connections(package: Package, workflow: Workflow) -> Iterator[str]:
    used, _ = needs.find(workflow)
    declared = {name: frozenset(need.operations) for name, need in package.manifest.connections.items()}
    for name, need in used.items():
        for operation in sorted(need.operations - declared.get(name, frozenset())):
            yield f"the workflow calls {operation} on `{name}`, which the manifest does not list"


def _rest(package: Package, workflow: Workflow) -> Iterator[str]:
    document, manifest = workflow.document, package.manifest
    yield from parameters.mistakes(package.parameters)
    if (document.name, document.version) != (manifest.name, manifest.version):
        yield f"the workflow calls itself {document.name} {document.version}"
    known = {one.value for one in Permission}
    yield from (f"there is no permission {one}" for one in manifest.permissions if one not in known)
