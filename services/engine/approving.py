"""A person decides about a task of a run that asked for it; the run is told by an event of its own (ADR 0063)."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from infra.problems import Conflict, Forbidden, NotFound
from services.engine import inbox
from services.engine.inbox import Arrived
from services.events import cloud_event, store
from services.events.received import Received
from template_library.policies.approvals import APPROVAL
from tenants.audit import writing as audit

SOURCE: Final = "/approvals"
MOST: Final = 1_000
"""Decisions about one run that are shown."""


class PersonNeeded(Forbidden):
    """Only a person who is signed in decides; no key does, nor does somebody who acts for a client."""

    name = "person-needed"
    title = "A person has to decide this"


class NotAwaited(Conflict):
    """The run does not wait for a decision about this task now. Read the run again: it says what it waits for."""

    name = "approval-not-awaited"
    title = "Nothing waits for this decision"


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody decided about the task that runs as `reference`; `note` is for the run and for who looks later."""

    reference: str
    is_approved: bool
    note: str | None
    by: str


async def decide(connection: Any, tenant: TenantId, run: UUID, given: Given) -> UUID:
    """Keep the decision, with its audit, and tell the run; inside a transaction of the tenant. Answers its id.

    Raises:
        NotFound: the tenant has no such run.
        NotAwaited: no task that runs as this waits for a decision.
    """
    if not await connection.fetchval("SELECT true FROM app.run WHERE tenant_id = $1 AND run_id = $2", tenant, run):
        raise NotFound
    # One decision at a time: of two people who saw the same question the second finds it answered.
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 63))", str(run))
    if not await connection.fetchval(_AWAITED, tenant, run, given.reference, APPROVAL):
        raise NotAwaited(f"No task that runs as {given.reference[:200]} waits for a decision now")
    approval = ids.new()
    shown = ids.show("apv", approval)
    received = Received(ids.new(), _event(shown, given), given.by)
    await store.keep(connection, tenant, [received])
    await connection.execute(
        _KEEP, tenant, approval, run, given.reference, SOURCE, shown, given.is_approved, given.note, given.by
    )
    decided = "approval.given" if given.is_approved else "approval.refused"
    target, after = ids.show("run", run), {"task": given.reference, "approval": shown}
    await audit.write(connection, tenant, actor=given.by, action=decided, target=target, after=after)
    attributes = received.event.attributes
    await inbox.post(connection, [Arrived(received.event_id, APPROVAL, attributes)], run)
    return approval


async def list_of(connection: Any, tenant: TenantId, run: UUID) -> list[Any]:
    """What was decided about a run, the oldest first.

    Raises:
        NotFound: the tenant has no such run.
    """
    if not await connection.fetchval("SELECT true FROM app.run WHERE tenant_id = $1 AND run_id = $2", tenant, run):
        raise NotFound
    return list(await connection.fetch(_LIST, tenant, run, MOST))


def _event(shown: str, given: Given) -> cloud_event.CloudEvent:
    """Its subject is the task's name, by which a document tells two questions of one run apart."""
    event = {
        "specversion": "1.0",
        "id": shown,
        "source": SOURCE,
        "type": APPROVAL,
        "subject": given.reference.rpartition("/")[2],
        "data": {
            "decision": "approved" if given.is_approved else "refused",
            "task": given.reference,
            "by": given.by,
            "note": given.note,
        },
    }
    return cloud_event.read({"content-type": cloud_event.STRUCTURED}, msgspec.json.encode(event))


# The task has begun to listen and nothing has come of it since; that the run listens for decisions its rows tell.
_AWAITED: Final = """
SELECT true FROM (
  SELECT j.kind FROM app.journal j WHERE j.tenant_id = $1 AND j.run_id = $2 AND j.reference = $3
  ORDER BY j.seq DESC LIMIT 1) last
WHERE last.kind = 'correlation.started'
  AND EXISTS (SELECT 1 FROM app.subscription s WHERE s.tenant_id = $1 AND s.run_id = $2 AND s.type = $4)
  AND NOT EXISTS (SELECT 1 FROM app.inbox b JOIN app.approval a ON a.tenant_id = b.tenant_id AND a.run_id = b.run_id
                  JOIN app.event_key k ON k.tenant_id = a.tenant_id AND k.source = a.event_source AND k.id = a.event_key
                    AND k.event_id = b.event_id
                  WHERE b.tenant_id = $1 AND b.run_id = $2 AND a.reference = $3 AND NOT b.is_read)
"""
_KEEP: Final = """
INSERT INTO app.approval
  (tenant_id, approval_id, run_id, reference, event_source, event_key, is_approved, note, decided_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_LIST: Final = """
SELECT approval_id, reference, is_approved, note, decided_by, decided_at FROM app.approval
WHERE tenant_id = $1 AND run_id = $2 ORDER BY approval_id LIMIT $3
"""
