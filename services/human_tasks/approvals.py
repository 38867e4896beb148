"""What a decided task is to the writes behind it: an approval, kept in the commit that completes it (ADR 0119)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from services.human_tasks import showing
from services.human_tasks.judging import Decider
from template_library.human_tasks import Asked
from template_library.policies import decisions

SOURCE: Final = "/tasks"
_LONGEST: Final = 2_000
_ACCOUNT: Final = re.compile(r"(?:account|acting):(acc_.*)")
_KEEP: Final = """
INSERT INTO app.approval (tenant_id, approval_id, run_id, reference, event_source, event_key, is_approved, decided_by,
  task_id, decision, outcome, shown_digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_BEGAN: Final = """
WITH RECURSIVE began (actor, depth) AS (
  SELECT actor, 0 FROM app.audit WHERE tenant_id = $1 AND target = $2 AND action = 'run.started'
  UNION ALL
  SELECT a.actor, b.depth + 1 FROM began b JOIN app.audit a
    ON a.tenant_id = $1 AND a.target = substr(b.actor, 5) AND a.action = 'run.started'
  WHERE b.actor LIKE 'run:%' AND b.depth < 64
)
SELECT actor FROM began ORDER BY depth DESC LIMIT 1
"""
"""Of a run that another began, whoever began the first of them."""


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """`shown`: SHA-256 of what `by`, who decided it last, was shown."""

    asked: Asked
    outcome: str
    by: str
    shown: bytes


async def keep(connection: Any, tenant: UUID, row: Mapping[str, Any], done: Completed) -> None:
    """Write down whether it approves, for the guard of the run's writes and for who looks later.

    A task without a decision is none, nor is one that does not say which of its outcomes refuse.
    """
    asked = done.asked
    if asked.decision is None or not asked.refusals:
        return
    task = row["task_id"]
    approves = done.outcome in decisions.approving(asked.outcomes, asked.refusals)
    told = (row["reference"][:_LONGEST], SOURCE, ids.show("tsk", task), approves, done.by)
    what = (task, asked.decision, done.outcome, done.shown)
    await connection.execute(_KEEP, tenant, ids.new(), row["run_id"], *told, *what)


async def barred(connection: Any, tenant: UUID, row: Mapping[str, Any], outcome: str, decider: Decider) -> str:
    """Why nobody of these approves a write of the run by `outcome`; empty where they may, or it approves none.

    Whoever began the run, or the one that began it, is out of it, also where the matrix names no duty. Behind a key
    stands nobody in this: one sends all orders, and whoever made it would approve none.
    """
    asked = showing.asked_of(row)
    is_asked = asked.decision is not None and decisions.covered(asked.decision)
    if not is_asked or outcome not in decisions.approving(asked.outcomes, asked.refusals):
        return ""
    began = _ACCOUNT.fullmatch(await connection.fetchval(_BEGAN, tenant, ids.show("run", row["run_id"])) or "")
    if began is None or ids.read("acc", began[1]) not in {decider.account, decider.behalf}:
        return ""
    return "Who began the run approves no write of it: somebody else has to"
