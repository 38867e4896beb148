"""What people do with entries: take one, answer it, give it back, and say what it came to (ADR 0035).

All inside a transaction of the tenant; each act names the version that was seen, so that of two people one acts.
"""

from __future__ import annotations

from typing import Any, Final, Literal, cast
from uuid import UUID

import msgspec

from infra import ids
from infra.pagination import Page
from infra.problems import Conflict, NotFound
from services.engine import entry_values
from tenants.audit import writing as audit

Action = Literal["take", "release", "answer", "queue", "give-up"]
Decision = Literal["posted-by-hand", "post-now", "drop"]
_DONE: Final[dict[Action, str]] = {
    "take": "entry.taken",
    "release": "entry.released",
    "answer": "entry.answered",
    "queue": "entry.queued",
    "give-up": "entry.given-up",
}
_STATES: Final[dict[Action, str]] = {
    "take": "taken",
    "release": "open",
    "answer": "answered",
    "queue": "queued",
    "give-up": "withdrawn",
}
_ACT: Final = """
UPDATE app.entry SET state = $3::text, version = version + 1, note = coalesce(nullif($5::text, ''), note),
  taken_by = CASE $3 WHEN 'taken' THEN $4::text WHEN 'open' THEN NULL ELSE taken_by END,
  taken_at = CASE $3 WHEN 'taken' THEN clock_timestamp() WHEN 'open' THEN NULL ELSE taken_at END,
  answer = CASE $3 WHEN 'answered' THEN $6::json ELSE answer END,
  answered_by = CASE $3 WHEN 'answered' THEN $4 ELSE answered_by END,
  answered_at = CASE $3 WHEN 'answered' THEN clock_timestamp() ELSE answered_at END,
  look_at = CASE $3 WHEN 'answered' THEN (SELECT clock_timestamp() FROM app.continuity c
    WHERE c.tenant_id = $1 AND c.connection_id = app.entry.connection_id AND c.state = 'reconciling') ELSE look_at END,
  wake_at = CASE WHEN $3 IN ('answered', 'queued', 'withdrawn') THEN clock_timestamp() ELSE wake_at END,
  resolution = CASE $3 WHEN 'queued' THEN 'queued' WHEN 'withdrawn' THEN 'dropped' END,
  resolved_at = CASE WHEN $3 IN ('queued', 'withdrawn') THEN clock_timestamp() END,
  resolved_by = CASE WHEN $3 IN ('queued', 'withdrawn') THEN $4 END,
  reason = CASE $3 WHEN 'withdrawn' THEN $5 END
WHERE tenant_id = $1 AND entry_id = $2
"""
_SHOWN: Final = """
SELECT entry_id, connection_id, run_id, key, reference, operation, way, state, version, business_key, value_amount,
  value_currency, deadline, created_at, request::text AS request, file, taken_by, taken_at, answer::text AS answer,
  answered_by, answered_at, note, found, found_answer::text AS found_answer, found_why, looked_at, posting, resolution,
  resolved_at, resolved_by, reason, (SELECT c.connector FROM app.connection c WHERE c.tenant_id = e.tenant_id
    AND c.connection_id = e.connection_id) AS connector
FROM app.entry e
WHERE tenant_id = $1 AND ($2::uuid IS NULL OR entry_id = $2) AND ($3::uuid IS NULL OR connection_id = $3)
  AND ($4::uuid IS NULL OR run_id = $4) AND ($5::text IS NULL OR state = $5) AND (NOT $6::boolean OR resolution IS NULL)
  AND ($7::uuid IS NULL OR entry_id > $7) ORDER BY entry_id LIMIT $8
"""
_LISTED: Final = (
    _SHOWN.replace("request::text AS request", "NULL::text AS request")
    .replace("answer::text AS answer,", "NULL::text AS answer,")
    .replace("found_answer::text AS found_answer", "NULL::text AS found_answer")
)
"""Without whole values, each of which may be a megabyte."""
_DECIDE: Final = """
UPDATE app.entry SET version = version + 1, resolved_by = $3, reason = $4,
  resolution = CASE $5::text WHEN 'posted-by-hand' THEN 'posted-by-hand' WHEN 'drop' THEN 'dropped' END,
  resolved_at = CASE WHEN $5 <> 'post-now' THEN clock_timestamp() END,
  posting = CASE $5 WHEN 'post-now' THEN 'wanted' END,
  look_at = CASE $5 WHEN 'post-now' THEN clock_timestamp() END,
  state = CASE WHEN state = 'answered' THEN state ELSE 'withdrawn' END,
  wake_at = CASE WHEN state = 'answered' THEN wake_at ELSE clock_timestamp() END
WHERE tenant_id = $1 AND entry_id = $2
"""


class EntryChanged(Conflict):
    """The entry is not as it was when you saw it, or somebody else has it. Read it anew."""

    name = "entry-changed"
    title = "The entry has changed"


class NotNow(Conflict):
    """The act is not for an entry as this one stands; the detail says what comes first."""

    name = "entry-stands"
    title = "Not with the entry as it stands"


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """`is_open`: those alone that keep a playbook from being left."""

    connection: UUID | None = None
    run: UUID | None = None
    state: str | None = None
    is_open: bool = False


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """`seen`: the entry's version. `answer` is JSON of an answer; `words`: a note, or why it is given up."""

    action: Action
    actor: str
    seen: int
    answer: Any = None
    words: str = ""


async def act(connection: Any, tenant: UUID, entry: UUID, wanted: Act) -> UUID:
    """Do it, and audit it; answers the entry's run. The same take of the same person changes nothing.

    Raises:
        NotFound: the tenant has no such entry.
        EntryChanged, NotNow: it was not done.
    """
    row = await _locked(connection, tenant, entry)
    if wanted.action == "take" and row["state"] == "taken" and row["taken_by"] == wanted.actor:
        return cast("UUID", row["run_id"])
    _check(row, wanted)
    answer = await entry_values.stored(connection, tenant, row["run_id"], wanted.answer)
    await connection.execute(_ACT, tenant, entry, _STATES[wanted.action], wanted.actor, wanted.words, answer.text)
    await entry_values.keep(connection, tenant, row["run_id"], answer)
    told = {"connection": ids.show("con", row["connection_id"]), "run": ids.show("run", row["run_id"])}
    target, after = ids.show("ent", entry), told | {"words": wanted.words}
    await audit.write(connection, tenant, actor=wanted.actor, action=_DONE[wanted.action], target=target, after=after)
    return cast("UUID", row["run_id"])


def _check(row: Any, wanted: Act) -> None:
    """Raises what keeps the act."""
    if row["version"] != wanted.seen:
        raise EntryChanged
    state, is_file = row["state"], row["way"] == "file"
    if row["resolution"] is not None or state not in {"open", "taken"}:
        raise NotNow(f"It is {state}: nobody is to do it any more")
    if wanted.action == "take" and state != "open":
        raise EntryChanged(f"{row['taken_by']} has it")
    if wanted.action == "take" and row["ended_at"] is not None:
        raise NotNow("Its run has ended, and waits for it no more: give it up")
    if wanted.action == "release" and state != "taken":
        raise NotNow("Nobody has it")
    if wanted.action == "answer" and not is_file and (state, row["taken_by"]) != ("taken", wanted.actor):
        raise NotNow("Take it before you do it, so that nobody and nothing else does it")
    if wanted.action == "queue" and is_file:
        raise NotNow("Its file lies there, and may have been read: answer what became of it, or give it up")


async def decide(  # noqa: PLR0913 (whose, what, and who says so)
    connection: Any, tenant: UUID, entry: UUID, decision: Decision, *, actor: str, seen: int, reason: str
) -> UUID:
    """Say what an answered entry came to in the system, and audit it; answers its run.

    Raises:
        NotFound: the tenant has no such entry.
        EntryChanged, NotNow: it was not decided.
    """
    row = await _locked(connection, tenant, entry)
    if row["version"] != seen:
        raise EntryChanged
    if row["resolution"] is not None:
        raise NotNow(f"It is reconciled: {row['resolution']}")
    if row["standing"] != "reconciling":
        raise NotNow("Begin to reconcile the connection's playbook first")
    if row["state"] not in {"answered", "prepared"} and not (row["state"] == "open" and decision == "drop"):
        raise NotNow(f"It is {row['state']}: it is to be answered, or given back, first")
    if row["state"] == "prepared" and decision == "posted-by-hand":
        raise NotNow("Its file is being given its name, and nobody has said how it went: drop it, or read it anew")
    if row["posting"] is not None:
        raise NotNow("The system is doing it now; read it anew in a moment")
    if row["state"] == "prepared" and row["in_hand"]:
        raise NotNow("A worker gives its file the name just now; read it anew in a minute")
    if decision == "post-now" and row["found"] not in {"missing", "cannot-tell"}:
        raise NotNow("Only what was looked for and is not there is posted now")
    await connection.execute(_DECIDE, tenant, entry, actor, reason, decision)
    told = {"decision": decision, "reason": reason, "connection": ids.show("con", row["connection_id"])}
    target = ids.show("ent", entry)
    await audit.write(connection, tenant, actor=actor, action="entry.reconciled", target=target, after=told)
    return cast("UUID", row["run_id"])


async def listed(connection: Any, tenant: UUID, page: Page, only: Filter) -> list[Any]:
    """The oldest first, without requests and answers; one row more than the page holds."""
    after = None if page.after is None else UUID(page.after)
    given = (only.connection, only.run, only.state, only.is_open, after, page.limit + 1)
    return list(await connection.fetch(_LISTED, tenant, None, *given))


async def one(connection: Any, tenant: UUID, entry: UUID) -> Any:
    """The row with its values whole, or why they are `unreadable`, and the connector of its connection.

    Raises NotFound: the tenant has no such entry.
    """
    row = await connection.fetchrow(_SHOWN, tenant, entry, None, None, None, False, None, 1)
    if row is None:
        raise NotFound
    told, lost = await entry_values.whole(connection, tenant, row, ("request", "answer", "found_answer"))
    return {**told, "unreadable": lost or None}


async def asked_of(connection: Any, tenant: UUID, entry: UUID) -> tuple[str, str]:
    """The connector and the operation that the entry is for, whose answer it takes. Raises NotFound."""
    row = await connection.fetchrow(
        "SELECT c.connector, e.operation FROM app.entry e JOIN app.connection c USING (tenant_id, connection_id) "
        "WHERE e.tenant_id = $1 AND e.entry_id = $2",
        tenant,
        entry,
    )
    if row is None:
        raise NotFound
    return row["connector"], row["operation"]


async def _locked(connection: Any, tenant: UUID, entry: UUID) -> Any:
    row = await connection.fetchrow(
        "SELECT e.run_id, e.connection_id, e.state, e.way, e.version, e.taken_by, e.resolution, e.posting, e.found, "
        "c.state AS standing, r.ended_at, (r.lease_until IS NOT NULL "
        "OR e.prepared_at > clock_timestamp() - interval '1 minute') AS in_hand "
        "FROM app.entry e LEFT JOIN app.continuity c USING (tenant_id, connection_id) "
        "LEFT JOIN app.run r ON r.tenant_id = e.tenant_id AND r.run_id = e.run_id "
        "WHERE e.tenant_id = $1 AND e.entry_id = $2 FOR UPDATE OF e",
        tenant,
        entry,
    )
    if row is None:
        raise NotFound
    return row
