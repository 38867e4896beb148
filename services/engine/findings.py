"""What a person must know of events that began no run: a line of the log, one of the audit in an hour, an exception."""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC
from typing import Any, Final
from uuid import UUID

from infra import clock, ids
from infra.ids import TenantId
from tenants.audit import writing as audit

_log: Final = logging.getLogger(__name__)
_ACTOR: Final = "schedule"
_DETAIL: Final = 500


async def tell(connection: Any, tenant: TenantId, deployment: UUID, action: str, after: dict[str, Any]) -> None:
    """Record `action` of a deployment with `after`, whose `detail` says what it is and what to do.

    Of the same action and detail the audit gets one row in an hour: a filter that fails does so with every event. There
    is one open exception for it, which counts them.
    """
    told = {**after, "detail": str(after["detail"])[:_DETAIL]}
    _log.warning("events began no run", extra={"finding": action, "deployment": ids.show("dep", deployment), **told})
    await audit.write(
        connection,
        tenant,
        actor=_ACTOR,
        action=action,
        target=ids.show("dep", deployment),
        after=told,
        audit_id=_of_the_hour(f"{deployment} {action} {told['detail']}"),
    )
    await connection.execute(
        "SELECT app.note_exception($1, 'dead-letter', $2, $3, $4)", tenant, deployment, action, told["detail"]
    )


def _of_the_hour(text: str) -> UUID:
    """An id of the present hour that is the same for the same text: ids tell the month that rows lie in."""
    hour = clock.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    rest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:10], "big")
    return UUID(int=ids.least_of(hour).int | 0x7 << 76 | 0b10 << 62 | rest & ~(0xF << 76) & ~(0b11 << 62))
