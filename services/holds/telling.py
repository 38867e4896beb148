"""What others are told of a hold: an event of the catalogue, which triggers, listeners and webhooks take as any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from services.engine.decisions import DEEPEST
from services.engine.emission import EMIT, Emitted

PREFIX: Final = "hld"
What = Literal["raised", "cleared"]


async def tell(  # noqa: PLR0913 (whose, what, and who did it)
    connection: Any, tenant: TenantId, what: What, row: Mapping[str, Any], *, actor: str, run: UUID | None
) -> None:
    """Leave the event with the commit; `row` is the hold's as it stands, with its subject's customer.

    What `run` does is one deeper than what moved it, so that runs and holds that set each other going come to an end.
    """
    depth = 1
    if run is not None:
        of_run = await connection.fetchval(
            "SELECT depth FROM app.run WHERE tenant_id = $1 AND run_id = $2", tenant, run
        )
        depth = (of_run or 0) + 1
    if depth > DEEPEST:
        return
    shown = ids.show(PREFIX, row["hold_id"])
    event = {
        "specversion": "1.0",
        "id": f"{shown}/{what}",
        "source": f"/holds/{shown}",
        "type": f"hold.{what}",
        "subject": row["key"],
        "datacontenttype": "application/json",
        "data": _data(shown, row, what),
    }
    body = Emitted(
        run="" if run is None else ids.show("run", run),
        depth=depth,
        event=msgspec.Raw(msgspec.json.encode(event)),
        actor=actor,
    )
    await connection.execute(
        "INSERT INTO app.outbox (tenant_id, outbox_id, topic, body) VALUES ($1, $2, $3, $4)",
        tenant,
        ids.new(),
        EMIT,
        msgspec.json.encode(body).decode(),
    )


def _data(shown: str, row: Mapping[str, Any], what: What) -> dict[str, Any]:
    """Without the words of people."""
    told = {
        "hold": shown,
        row["kind"]: row["key"],
        "line": row["line"] or None,
        "type": row["type"],
        "reason": row["reason"],
        "owner": f"role:{row['owner_role']}",
        "status": row["status"],
        "value": None if row["value"] is None else {"amount": row["value"], "currency": row["currency"]},
        "by": row["cleared_by"] if what == "cleared" else row["raised_by"],
    }
    if row["kind"] == "order" and row["customer"] is not None:
        told["customer"] = row["customer"]
    if what == "raised" and row["kind"] == "order":
        told["after_release"] = row["after_release"]
    return {name: value for name, value in told.items() if value is not None}


def of_run(run: UUID) -> str:
    """A run as an actor, as the audit names it."""
    return f"run:{ids.show('run', run)}"
