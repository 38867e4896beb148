"""What a document takes from elsewhere, fetched as publishing does it."""

from __future__ import annotations

from typing import Any

import msgspec

from infra.egress import Client
from services.engine.memory import TENANT
from services.protocols.elsewhere import gather
from services.protocols.exchange import Exchange
from services.protocols.resources.fetching import Resources
from template_library.dsl import Workflow, elsewhere


class Parts(msgspec.Struct, frozen=True):
    """Functions by the name that calls have, and schemas by address."""

    functions: dict[str, Workflow] = {}
    schemas: dict[str, Any] = {}


async def parts_of(workflow: Workflow, client: Client) -> Parts:
    """Raises ElsewhereError where something cannot be had."""
    if not elsewhere.needs(workflow):
        return Parts()
    found = await gather(workflow, TENANT, Resources(Exchange(client)))
    functions = {name: elsewhere.function(name, one, name) for name, one in found.functions.items()}
    return Parts(functions, found.schemas)
