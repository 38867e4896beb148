"""Whether the measured work was done, all of it and once. A fast wrong result is none."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from tests.bench.installation import Installation

_OUTBOX_SECONDS: Final = 30.0

_RUNS: Final = """
SELECT count(*)::int AS runs, count(*) FILTER (WHERE state = 'completed')::int AS completed,
  count(*) FILTER (WHERE output ->> 'status' = 'released' AND output ->> 'order' = business_key)::int AS released,
  count(*) FILTER (WHERE output ->> 'step' = '5' AND output ->> 'order' = business_key)::int AS stepped,
  count(DISTINCT output ->> 'erp_id')::int AS numbers,
  count(*) FILTER (WHERE (input -> 0 -> 'data' ->> 'total')::bigint > 1000000
    AND output ->> 'status' = 'released')::int AS large
FROM app.run
"""
_LINES: Final = """
SELECT (SELECT count(*) FROM app.journal WHERE kind = 'task.completed')::int AS tasks,
  (SELECT count(*) FROM app.journal WHERE kind = 'task.completed' AND name = 'approve')::int AS approved,
  (SELECT coalesce(sum(quantity), 0) FROM app.usage WHERE kind = 'task')::int AS metered_tasks,
  (SELECT coalesce(sum(quantity), 0) FROM app.usage WHERE kind = 'call')::int AS metered_calls,
  (SELECT coalesce(sum(quantity), 0) FROM app.usage WHERE kind = 'run')::int AS metered_runs,
  (SELECT count(*) FROM app.audit WHERE action = 'run.started')::int AS started,
  (SELECT count(*) FROM app.audit WHERE action = 'run.completed')::int AS ended
"""


async def check(installation: Installation, *, orders: int, pure: int) -> None:
    """Raises AssertionError naming what is wrong. `orders` and `pure` runs were started, and no others."""
    (runs,) = await installation.query(_RUNS)
    total = orders + pure
    assert runs["runs"] == runs["completed"] == total, f"{dict(runs)}, {total} were started"
    assert runs["released"] == runs["numbers"] == orders, f"results of orders: {dict(runs)}, {orders} were started"
    assert runs["stepped"] == pure, f"results of pure runs: {dict(runs)}, {pure} were started"
    stub = await installation.stub("/_stats")
    assert stub["created"] == orders, f"{stub['created']} orders were created of {orders}"
    assert stub["twice"] == [], f"orders created twice: {stub['twice']}"
    (lines,) = await installation.query(_LINES)
    assert lines["approved"] == runs["large"], f"the condition: {dict(lines)}, {runs['large']} orders are large"
    assert lines["metered_tasks"] == lines["tasks"], f"usage: {dict(lines)}"
    assert lines["metered_calls"] == 3 * orders, f"usage: {dict(lines)}"
    assert lines["metered_runs"] == lines["started"] == lines["ended"] == total, f"usage and audit: {dict(lines)}"
    await _told(installation)


async def _told(installation: Installation) -> None:
    until = time.monotonic() + _OUTBOX_SECONDS
    while (await installation.query("SELECT count(*)::int AS n FROM app.outbox"))[0]["n"]:
        assert time.monotonic() < until, "messages were never told"
        await asyncio.sleep(0.1)
