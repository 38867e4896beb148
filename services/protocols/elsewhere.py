"""Gathers what a document takes from elsewhere, through the one way out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from services.protocols.errors import Refusal
from services.protocols.resources.fetching import Reference, Resources
from template_library.dsl import DocumentError, elsewhere
from template_library.dsl.elsewhere import ElsewhereError, Gathered
from template_library.dsl.model import Workflow

DEPTH: Final = 8
"""Functions that call functions (S-34)."""
MOST: Final = 50


async def gather(workflow: Workflow, tenant: UUID, resources: Resources, processes: Collection[str] = ()) -> Gathered:
    """All that `workflow` needs, and what its functions need; they may start `processes`, as `parse` has them.

    Raises:
        ElsewhereError: something cannot be pinned, fetched or read; the text says what.
    """
    found = Gathered({}, {})
    level = [workflow]
    for _ in range(DEPTH):
        level = [one for workflow in level for one in await _one(workflow, tenant, resources, found, processes)]
        if not level:
            return found
    raise ElsewhereError(f"functions call functions more than {DEPTH} deep")


async def _one(
    workflow: Workflow, tenant: UUID, resources: Resources, found: Gathered, processes: Collection[str]
) -> list[Workflow]:
    further = []
    for name, uri in elsewhere.functions(workflow).items():
        if name not in found.functions:
            found.functions[name] = await _fetch(uri, name, tenant, resources, found)
            further.append(_read(name, found.functions[name], uri, processes))
    for uri in sorted(elsewhere.schemas(workflow) - found.schemas.keys()):
        found.schemas[uri] = await _fetch(uri, uri, tenant, resources, found)
    return further


def _read(name: str, definition: Any, uri: str, processes: Collection[str]) -> Workflow:
    try:
        made = elsewhere.function(name, definition, uri, processes)
    except DocumentError as error:
        raise ElsewhereError(f"{name}: {error}", name) from error
    if made.workflows or any(one.partition(":")[0] == "connector" for one in made.functions):
        # What a connection may do is for its owner's documents to say, and for nobody else's (S-38).
        raise ElsewhereError(
            f"{name}: a function from elsewhere may use neither connections nor workflows of yours", name
        )
    return made


async def _fetch(uri: str, words: str, tenant: UUID, resources: Resources, found: Gathered) -> Any:
    if len(found.functions) + len(found.schemas) >= MOST:
        raise ElsewhereError(f"a document may take at most {MOST} things from elsewhere")
    try:
        return (await resources.document(tenant, Reference(uri)))[1]
    except Refusal as refusal:
        raise ElsewhereError(f"{words}: {refusal.error.title}; {refusal.error.detail}", words) from refusal
