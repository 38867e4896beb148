"""Lifecycle events of a run: CloudEvents of the workflow language (DSL reference, Lifecycle Events)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from services.engine.journal import Message

TOPIC: Final = "runs"
_TYPE: Final = "io.serverlessworkflow.workflow.{}.v1"


def ended(  # noqa: PLR0913 (the parts of one event)
    tenant: UUID, run: UUID, definition: dict[str, str] | None, state: str, result: dict[str, Any], *, at: datetime
) -> Message:
    """The event that tells of a run's end.

    Args:
        tenant: whose run.
        run: which.
        definition: the document's namespace, name and version; None where it was not at hand.
        state: `completed`, `faulted` or `cancelled`.
        result: `{"output": …}` or `{"error": …}`.
        at: when it ended.
    """
    moment = at.isoformat()
    public = ids.show("run", run)
    event = {
        "specversion": "1.0",
        "id": ids.show("evt", ids.new()),
        "source": f"urn:tenant:{ids.show('ten', tenant)}",
        "type": _TYPE.format(state),
        "subject": public,
        "time": moment,
        "datacontenttype": "application/json",
        "data": {
            "name": f"{definition['name']}-{public}.{definition['namespace']}" if definition else public,
            **({"definition": definition} if definition else {}),
            f"{state}At": moment,
            **result,
        },
    }
    return Message(ids.new(), TOPIC, msgspec.json.encode(event).decode())
