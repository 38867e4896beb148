"""Where a run stands that has not ended: what each part of it waits for, or its place in the line. For readers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from services.engine import open_waits, outages, payload_rows, state
from services.engine.open_waits import OpenWait
from services.engine.payloads import PayloadUnreadable
from services.engine.state import VERSION

MOST_AHEAD: Final = 1_000
_MOST_WAITS: Final = 200


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Of one run.

    Attributes:
        waits: nothing of a run that a worker holds, or that is in line.
        ahead: runs of its tenant before it in line, counted to `MOST_AHEAD`; None when it is not in line.
        is_alone: it is in line to run with no other beside it.
        outages: since when connections that it waits for are away, by their public id.
    """

    waits: list[OpenWait]
    ahead: int | None = None
    is_alone: bool = False
    outages: dict[str, datetime] = {}


async def read(connection: Any, tenant: UUID, run: UUID) -> Standing:
    """One look at the run's row, one at the line where it is in line, one for each connection that it waits for.

    `connection` is in a transaction of the tenant.
    """
    row = await connection.fetchrow(
        "SELECT lane, turn, lease_until, snapshot, waiting_for, "
        "  CASE writer WHEN 'waits' THEN app.key_holder(tenant_id, run_id) END AS holder "
        "FROM app.run WHERE tenant_id = $1 AND run_id = $2 AND ended_at IS NULL",
        tenant,
        run,
    )
    if row is None or row["lease_until"] is not None:
        return Standing(waits=[])
    if row["lane"] is not None:
        ahead = await connection.fetchval(
            "SELECT count(*) FROM (SELECT 1 FROM app.run WHERE tenant_id = $1 AND lane = $2 AND turn < $3 LIMIT $4) r",
            tenant,
            row["lane"],
            row["turn"],
            MOST_AHEAD,
        )
        return Standing(waits=[], ahead=ahead, is_alone=row["lane"] == 1)
    if row["holder"] is not None:
        return Standing(waits=[_key(row["holder"], row["waiting_for"])])
    waits = await _waits(connection, tenant, run, row["snapshot"])
    return Standing(waits=waits, outages=await _outages(connection, tenant, waits))


def _key(holder: UUID, stored: str | None) -> OpenWait:
    """All that a run waits for that waits for its key: what the snapshot of a retried one has is not under way."""
    told = msgspec.json.decode(stored or "{}")
    return OpenWait(
        kind="key", reference="", ref=ids.show("run", holder), reason=(told.get("was") or told).get("reason", "")
    )


async def _waits(connection: Any, tenant: UUID, run: UUID, stored: bytes | None) -> list[OpenWait]:
    try:
        text = None if stored is None else await payload_rows.whole(connection, tenant, run, stored)
        snapshot = None if text is None else state.decode(text)
    except (msgspec.DecodeError, PayloadUnreadable):
        snapshot = None
    if snapshot is None or snapshot.version != VERSION:
        return []
    return open_waits.of(snapshot)[:_MOST_WAITS]


async def _outages(connection: Any, tenant: UUID, waits: list[OpenWait]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for ref in {one.ref for one in waits if one.ref.startswith("con_")}:
        try:
            told = await outages.told(connection, tenant, ids.read("con", ref))
        except ids.MalformedId:
            continue  # what a function said of itself
        if told is not None and told.ended_at is None:
            found[ref] = told.since
    return found
