from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from services.connectors.sdk.context import Context
from services.connectors.sdk.manifest import Manifest


class Connector(Protocol):
    """Code for one kind of system. One instance serves every tenant, so it keeps nothing that is not keyed by one."""

    @property
    def manifest(self) -> Manifest: ...

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        """Do `operation` with `values`, valid by its input schema; the answer is valid by its output schema.

        May be called again with the same key, after any failure and beside a call that is still running: but for a
        call of which `Cautious.repeats` says no, which is made again only after it answered Away.

        Raises:
            Refusal: a definite no.
            Away: call again later.
        """
        ...


@runtime_checkable
class Cautious(Protocol):
    """What a connector has beside `Connector` when an operation of its manifest has the mode `by-call`."""

    def repeats(self, operation: str, values: Any, settings: Mapping[str, Any]) -> bool:
        """Whether this call does no harm when it is made again after its answer got lost.

        `values` are valid by the input schema. Where this is False the connector raises Away only when it is certain
        that nothing has arrived, and a worker's death during the call faults the task: only a person can know.
        """
        ...
