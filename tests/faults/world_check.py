"""`check_world`: the invariants of every fault, computed from the whole installation after the fault has ended."""

from __future__ import annotations

from typing import Any

from tests.faults.plant import Plant

_TERMINAL = {"completed", "faulted", "cancelled"}


async def check_world(plant: Plant, *, accepted: int, sold: int | None = None) -> dict[str, Any]:
    """Raises AssertionError naming the invariant that is broken.

    Args:
        plant: the installation, faults over.
        accepted: events that got a 202, each starting one run.
        sold: sales that the ERP must hold, one for each completed run unless given.
    """
    states = await plant.states()
    assert sum(states.values()) == accepted, f"I1: {states}, {accepted} accepted"
    await _no_dead_lease(plant)
    await _journals_without_gap(plant)
    await _usage_is_what_was_journalled(plant)
    await _audit_is_complete(plant, states)
    erp = await plant.erp_state()
    completed = states.get("completed", 0) if sold is None else sold
    assert erp["confirmed"] == completed, f"I3: {erp['confirmed']} sales for {completed} runs"
    assert all(key["orders"] == 1 for key in erp["keys"].values()), "I3: a key has two sales"
    references = [key["reference"] for key in erp["keys"].values()]
    assert len(set(references)) == len(references), "I3: an order was sold twice under two keys"
    return erp


async def _no_dead_lease(plant: Plant) -> None:
    rows = await plant.query("SELECT run_id FROM app.run WHERE lease_until < clock_timestamp() - interval '5 s'")
    assert rows == [], "I1: runs under dead leases"


async def _journals_without_gap(plant: Plant) -> None:
    rows = await plant.query(
        "SELECT r.run_id FROM app.run r LEFT JOIN app.journal j ON j.tenant_id = r.tenant_id AND j.run_id = r.run_id "
        "GROUP BY r.run_id, r.seq HAVING count(j.seq) <> r.seq OR coalesce(max(j.seq) + 1, 0) <> r.seq"
    )
    assert rows == [], "I2: a journal has a gap or a double"
    rows = await plant.query(
        "SELECT run_id, reference, count(*) FROM app.journal WHERE kind = 'task.completed' "
        "GROUP BY run_id, reference HAVING count(*) > 1"
    )
    assert rows == [], "I2: a task completed twice"


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
        assert audited.get(state, 0) == states.get(state, 0), f"I5: {state} without its audit row"
