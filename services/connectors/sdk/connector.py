from __future__ import annotations

from typing import Any, Protocol

from services.connectors.sdk.context import Context
from services.connectors.sdk.manifest import Manifest


class Connector(Protocol):
    """Code for one kind of system. One instance serves every tenant, so it keeps nothing that is not keyed by one."""

    @property
    def manifest(self) -> Manifest: ...

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        """Do `operation` with `values`, valid by its input schema; the answer is valid by its output schema.

        May be called again with the same key, after any failure and beside a call that is still running.

        Raises:
            Refusal: a definite no.
            Away: call again later.
        """
        ...
