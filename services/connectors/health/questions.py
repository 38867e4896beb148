"""What a connection is asked to see how it is: a small question that changes nothing."""

from __future__ import annotations

from typing import Final

from services.connectors.capabilities.contracts import CREDIT
from services.connectors.sdk.connector import Connector
from services.connectors.sdk.manifest import Question

_SMALL: Final = Question(CREDIT, {"customer": "nobody"})
"""No system has much to do for it; of an unknown customer each says that it is unknown."""


def of(connector: Connector) -> Question | None:
    """What its manifest names, else a capability that answers a small question. None: nobody knows what to ask."""
    manifest = connector.manifest
    if manifest.health is not None:
        return manifest.health
    reads = {one.name for one in manifest.operations if one.mode == "read"}
    return _SMALL if _SMALL.operation in reads else None
