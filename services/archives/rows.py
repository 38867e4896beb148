"""Ended runs as lines of an archive: all rows that belong to each, its large values with them (ADR 0034)."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from services.archives import human, large
from services.engine import payload_rows, payloads
from services.engine.payloads import PayloadUnreadable

_log: Final = logging.getLogger(__name__)
_RUNS: Final = """
SELECT r.run_id, r.seq, r.state, r.attempt, r.deployment_id, d.name AS deployment_name, r.revision, r.program,
  w.namespace, w.name, w.version, r.event_id, r.business_key, r.depth, r.priority, r.value_amount,
  r.value_currency, r.deadline, r.customer_class, r.compensates, r.input::text AS input, r.output::text AS output,
  r.error::text AS error, r.created_at, r.started_at, r.ended_at
FROM app.run r
JOIN app.deployment d ON d.tenant_id = r.tenant_id AND d.deployment_id = r.deployment_id
JOIN app.deployment_revision v
  ON v.tenant_id = r.tenant_id AND v.deployment_id = r.deployment_id AND v.revision = r.revision
JOIN app.workflow_version w ON w.tenant_id = v.tenant_id AND w.workflow_version_id = v.workflow_version_id
WHERE r.tenant_id = $1 AND r.run_id = ANY ($2)
"""
_BESIDE: Final = {
    "journal": "SELECT run_id, seq, at, kind, reference, name, data::text AS data FROM app.journal "
    "WHERE tenant_id = $1 AND run_id = ANY ($2) ORDER BY run_id, seq",
    "effects": "SELECT run_id, key, reference, name, mode, operation, connection_id, status, seq, intended_at, "
    "first_sent_at, sent_at, settled_at, sent::text AS sent, answer::text AS answer, error::text AS error, settled_by "
    "FROM app.effect WHERE tenant_id = $1 AND run_id = ANY ($2) ORDER BY run_id, seq, key",
    "entries": "SELECT run_id, entry_id, connection_id, key, reference, operation, way, state, "
    "request::text AS request, file, created_at, taken_by, taken_at, answer::text AS answer, answered_by, "
    "answered_at, note, found, found_answer::text AS found_answer, found_why, posting, resolution, resolved_at, "
    "resolved_by, reason FROM app.entry WHERE tenant_id = $1 AND run_id = ANY ($2) ORDER BY run_id, entry_id",
    "usage": "SELECT run_id, seq, kind, quantity, at FROM app.usage "
    "WHERE tenant_id = $1 AND run_id = ANY ($2) ORDER BY run_id, seq, kind",
    "keys": "SELECT run_id, name, value FROM app.run_key WHERE tenant_id = $1 AND run_id = ANY ($2) "
    "ORDER BY run_id, name",
    "exceptions": "SELECT run_id, exception_id, mark AS entry, category, cause, title, reference, owner, note, "
    "outcome, reason, times, opened_at, closed_at, closed_by FROM app.exception "
    "WHERE tenant_id = $1 AND run_id = ANY ($2) ORDER BY run_id, exception_id",
    **human.BESIDE,
}
"""What belongs to a run, by the member of its line."""
MOST: Final = 64 * 1024 * 1024
"""Bytes of a run's journal, effects, entries and tasks, without large values, that are held in memory for a line."""
_WEIGHT: Final = """
SELECT coalesce((SELECT sum(octet_length(j.data::text)) FROM app.journal j WHERE j.tenant_id = $1 AND j.run_id = $2), 0)
  + coalesce((SELECT sum(octet_length(concat(e.sent, e.answer, e.error))) FROM app.effect e
              WHERE e.tenant_id = $1 AND e.run_id = $2), 0)
  + coalesce((SELECT sum(octet_length(concat(n.request, n.answer, n.found_answer))) FROM app.entry n
              WHERE n.tenant_id = $1 AND n.run_id = $2), 0)
  + coalesce((SELECT sum(octet_length(concat(t.content, t.answer))) FROM app.human_task t
              WHERE t.tenant_id = $1 AND t.run_id = $2), 0)
"""
_JSON: Final = frozenset({"input", "output", "error", "data", "sent", "answer", "request", "found_answer", *human.JSON})
_PREFIXES: Final = {
    "deployment_id": "dep",
    "event_id": "evt",
    "compensates": "run",
    "connection_id": "con",
    "exception_id": "exc",
    "entry_id": "ent",
    **human.PREFIXES,
}


async def lines(connection: Any, tenant: TenantId, runs: Sequence[UUID]) -> list[tuple[UUID, bytes]]:
    """A line for each of `runs`, in their order; `connection` is in a transaction of the tenant.

    None for one of which a large value is missing or damaged, or that is too long, which is looked at where it is
    alone: it is logged, stays where it is, and keeps no other from its file.
    """
    if len(runs) == 1 and (weight := await connection.fetchval(_WEIGHT, tenant, runs[0])) > MOST:
        _log.error("a run is too long for an archive", extra={"run": ids.show("run", runs[0]), "bytes": int(weight)})
        return []
    of = {row["run_id"]: row for row in await connection.fetch(_RUNS, tenant, list(runs))}
    beside = {}
    for name, query in _BESIDE.items():
        beside[name] = _by_run(await connection.fetch(query, tenant, list(runs)))
    made = []
    for run in runs:
        line = values_of(of[run], {name: found[run] for name, found in beside.items()})
        try:
            made.append((run, await _whole(connection, tenant, run, msgspec.json.encode(line))))
        except PayloadUnreadable as error:
            _log.error("a run cannot be archived", extra={"run": ids.show("run", run), "error": error.detail})
    return made


async def _whole(connection: Any, tenant: TenantId, run: UUID, text: bytes) -> bytes:
    """Raises PayloadUnreadable."""
    if not payloads.has_holes(text):
        return text
    bodies = await payload_rows.bodies(connection, tenant, run, payloads.digests(text))
    return await asyncio.to_thread(large.written, text, bodies)


def values_of(row: Any, beside: dict[str, list[Any]]) -> dict[str, Any]:
    """The members of a line; the id comes first, since a reader looks for it there."""
    told = _members(row)
    told.pop("run_id")
    workflow = {name: told.pop(name) for name in ("namespace", "name", "version")}
    deployment = {
        "id": told.pop("deployment_id"),
        "name": told.pop("deployment_name"),
        "revision": told.pop("revision"),
    }
    amount, currency = told.pop("value_amount"), told.pop("value_currency")
    value = None if amount is None else {"amount": amount, "currency": currency}
    shown = {
        "id": ids.show("run", row["run_id"]),
        "workflow": workflow,
        "deployment": deployment,
        **told,
        "value": value,
    }
    for name, rows in beside.items():
        shown[name] = [_members(one, without="run_id") for one in rows]
    shown["keys"] = {one["name"]: one["value"] for one in shown["keys"]}
    return shown


def _by_run(rows: list[Any]) -> defaultdict[UUID, list[Any]]:
    found: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row["run_id"]].append(row)
    return found


def _members(row: Any, without: str = "") -> dict[str, Any]:
    return {_shown(name): _value(name, member) for name, member in row.items() if name != without}


def _shown(name: str) -> str:
    return name if name in {"run_id", "deployment_id"} else name.removesuffix("_id")


def _value(name: str, member: Any) -> Any:
    if member is None:
        return None
    if name in _JSON:
        return msgspec.Raw(member.encode())
    prefix = _PREFIXES.get(name)
    return ids.show(prefix, member) if prefix else member
