"""What a run tells its own workflow about itself."""

from __future__ import annotations

from infra import ids
from services.engine.claims import Claim
from services.engine.definitions import Definition
from services.engine.state import RunDescriptor


def describe(claim: Claim, definition: Definition) -> RunDescriptor:
    """The descriptor of a run at its beginning; its snapshot keeps it."""
    return RunDescriptor(
        id=ids.show("run", claim.run_id),
        tenant=ids.show("ten", claim.tenant_id),
        environment=claim.environment,
        started_at=int(claim.created_at.timestamp() * 1000),
        parameters=definition.parameters,
        depth=claim.depth,
    )
