"""`check_world`: the invariants of every fault, computed from the whole installation after the fault has ended."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from tests.faults.plant import LEASE_SECONDS, Plant

_TERMINAL = {"completed", "faulted", "cancelled"}
_OUTBOX_SECONDS = 120.0
"""A killed relay's rows are offered again after 10 s."""
_CANARY = 16
"""Characters of a secret that stands in no text by chance."""


async def check_world(
    plant: Plant, *, accepted: int, sold: int | None = None, states: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """Raises AssertionError naming the invariant that is broken. A worker and Valkey are up.

    Args:
        plant: the installation, faults over.
        accepted: events that got a 202, each starting one run.
        sold: sales that the ERPs must hold, one for each completed run unless given.
        states: runs by state; all completed unless given.
    """
    found = await plant.states()
    assert sum(found.values()) == accepted, f"I1: {found}, {accepted} accepted"
    assert found == ({"completed": accepted} if states is None else states), f"I1: {found}"
    await check_tenants(plant)
    await _holds(plant)
    await _no_task_twice(plant)
    await _state_is_what_was_journalled(plant)
    await _usage_is_what_was_journalled(plant)
    await _audit_is_complete(plant, found)
    await _outbox_runs_empty(plant)
    await _no_secret_in_the_open(plant)
    return await _sold_once(plant, found.get("completed", 0) if sold is None else sold)


async def _sold_once(plant: Plant, sold: int) -> dict[str, Any]:
    """The first ERP's counts; what is asserted holds for all of them together."""
    erps = [await plant.erp_state(url) for url in plant.erp_urls]
    confirmed = sum(erp["confirmed"] for erp in erps)
    assert confirmed == sold, f"I3: {confirmed} sales for {sold} runs"
    keys = [key for erp in erps for key in erp["keys"].values()]
    assert all(key["orders"] == 1 for key in keys), "I3: a key has two sales"
    references = [key["reference"] for key in keys]
    assert len(set(references)) == len(references), "I3: an order was sold twice under two keys"
    return erps[0]


async def check_tenants(plant: Plant) -> None:
    """I6: whatever is written for a run is of its tenant. Also while a fault lasts."""
    for table in ("journal", "usage"):
        rows = await plant.query(
            f"SELECT x.run_id FROM app.{table} x LEFT JOIN app.run r USING (run_id) "  # noqa: S608 (names of ours)
            "WHERE r.tenant_id IS DISTINCT FROM x.tenant_id"
        )
        assert rows == [], f"I6: a row of {table} is not of its run's tenant"
    for table, name in (("audit", "x.target"), ("outbox", "x.body ->> 'subject'")):
        told = "x.action LIKE 'run.%'" if table == "audit" else "x.topic = 'runs'"
        rows = await plant.query(
            f"SELECT x.tenant_id FROM app.{table} x "  # noqa: S608 (names of ours)
            f"LEFT JOIN (SELECT app.show_id('run', run_id) AS shown, tenant_id FROM app.run) r ON r.shown = {name} "
            f"WHERE {told} AND r.tenant_id IS DISTINCT FROM x.tenant_id"
        )
        assert rows == [], f"I6: a row of {table} is not of its run's tenant"
    rows = await plant.query(
        "SELECT outbox_id FROM app.outbox WHERE topic = 'runs' "
        "AND body ->> 'source' <> 'urn:tenant:' || app.show_id('ten', tenant_id)"
    )
    assert rows == [], "I6: a message names another tenant than its row's"


async def _holds(plant: Plant) -> None:
    """What operators ask for with `waybill check`."""
    rows = await plant.query(f"SELECT * FROM app.broken('{UUID(int=0)}', {LEASE_SECONDS}, 5)")  # noqa: S608
    assert rows == [], f"{rows[0]['invariant']}: {rows}"


async def _no_task_twice(plant: Plant) -> None:
    """Of orders, which repeat none."""
    rows = await plant.query(
        "SELECT run_id, reference, count(*) FROM app.journal WHERE kind = 'task.completed' "
        "GROUP BY run_id, reference HAVING count(*) > 1"
    )
    assert rows == [], "I2: a task completed twice"


async def _state_is_what_was_journalled(plant: Plant) -> None:
    """The fold of a journal is its last line of the workflow, or of those who set the run aside and let it go on."""
    rows = await plant.query(
        "SELECT r.run_id, r.state, j.kind FROM app.run r LEFT JOIN LATERAL ("
        "  SELECT kind FROM app.journal "
        "  WHERE run_id = r.run_id AND (kind LIKE 'workflow.%' "
        "    OR kind IN ('run.quarantined', 'run.suspended', 'run.resumed', 'run.retried')) "
        "  ORDER BY seq DESC LIMIT 1) j ON true "
        "WHERE CASE j.kind WHEN 'workflow.completed' THEN r.state <> 'completed' "
        "  WHEN 'workflow.faulted' THEN r.state <> 'faulted' WHEN 'workflow.cancelled' THEN r.state <> 'cancelled' "
        "  WHEN 'run.quarantined' THEN r.state <> 'suspended' WHEN 'run.suspended' THEN r.state <> 'suspended' "
        "  ELSE r.state NOT IN ('pending', 'running', 'waiting') END"
    )
    assert rows == [], f"I2: a state that its journal does not say: {rows[:5]}"
    rows = await plant.query(
        "SELECT run_id FROM app.journal j WHERE kind LIKE 'workflow.%' GROUP BY run_id, kind HAVING count(*) > 1 + "
        "(SELECT count(*) FROM app.journal r WHERE r.run_id = j.run_id AND r.kind = 'run.retried')"
    )
    assert rows == [], "I2: a workflow started or ended twice"


async def _usage_is_what_was_journalled(plant: Plant) -> None:
    (row,) = await plant.query(
        "SELECT (SELECT coalesce(sum(quantity), 0) FROM app.usage WHERE kind = 'task')::int AS metered, "
        "(SELECT count(*) FROM app.journal WHERE kind = 'task.completed')::int AS completed, "
        "(SELECT count(*) FROM app.usage WHERE kind = 'run')::int AS started, "
        "(SELECT count(*) FROM app.run)::int AS runs"
    )
    assert row["metered"] == row["completed"], "I4: tasks metered are not tasks completed"
    assert row["started"] == row["runs"], "I4: runs metered are not runs"


async def _audit_is_complete(plant: Plant, states: dict[str, int]) -> None:
    rows = await plant.query(
        "SELECT action, count(*)::int AS n FROM app.audit WHERE action LIKE 'run.%' GROUP BY action"
    )
    audited = {row["action"].removeprefix("run."): row["n"] for row in rows}
    assert audited.get("started", 0) == sum(states.values()), "I5: a start without its audit row"
    for state in _TERMINAL:
        before = audited.get("retried", 0) if state == "faulted" else 0
        assert audited.get(state, 0) == states.get(state, 0) + before, f"I5: {state} without its audit row"


async def _outbox_runs_empty(plant: Plant) -> None:
    until = time.monotonic() + _OUTBOX_SECONDS
    while rows := await plant.query("SELECT topic, created_at, taken_until FROM app.outbox"):
        assert time.monotonic() < until, f"I10: {len(rows)} messages were never told: {rows[:3]}"
        await asyncio.sleep(0.1)


async def _no_secret_in_the_open(plant: Plant) -> None:
    """I7: in no row of any table and in no log, in whatever form it could have got there."""
    canaries = [
        file.read_text(encoding="ascii").strip() for file in (plant.home / "secrets").iterdir() if _is_text(file)
    ]
    forms = [form for value in canaries if len(value) >= _CANARY for form in _forms(value)]
    for log in (plant.home / "logs").iterdir():
        words = log.read_text(encoding="utf-8", errors="replace")
        assert not any(form in words for form in forms), f"I7: a secret stands in {log.name}"
    tables = await plant.query(
        "SELECT relname FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') "
        "AND NOT relispartition"
    )
    for (table,) in tables:
        rows = await plant.query(
            f"SELECT 1 FROM app.{table} x WHERE EXISTS ("  # noqa: S608 (names of ours)
            "SELECT 1 FROM unnest($1::text[]) AS f(form) WHERE position(f.form IN row_to_json(x)::text) > 0) LIMIT 1",
            forms,
        )
        assert rows == [], f"I7: a secret stands in {table}"


def _is_text(file: Path) -> bool:
    return file.is_file() and file.read_bytes().isascii()


def _forms(value: str) -> set[str]:
    raw = value.encode()
    coded = base64.b64encode(raw).decode().rstrip("=")
    return {value, quote(value, safe=""), coded, coded.replace("+", "-").replace("/", "_"), raw.hex()}
