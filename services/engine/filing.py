"""Files runs under their keys (`app.run_key`), and finds what they are filed under."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from infra import ids
from infra.database import Database, through_outage
from infra.ids import TenantId
from services.engine import keys, values
from services.engine.claims import Claim
from services.engine.definitions import Definition
from services.engine.expressions.protocol import Evaluator, ExpressionFailed
from services.engine.keys import Filed


async def add(connection: Any, tenant: TenantId, filed: list[tuple[UUID, Filed]]) -> None:
    """Inside the transaction that starts the runs; nothing for those that have none. Safe to repeat.

    One that is to be the one writer of its key waits from here on while another one is.
    """
    rows = [(run, name, text) for run, its in filed for name, text in its.rows().items()]
    if rows:
        await connection.execute(
            "INSERT INTO app.run_key (tenant_id, run_id, name, value) "
            "SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING",
            tenant,
            [run for run, _, _ in rows],
            [name for _, name, _ in rows],
            [text for _, _, text in rows],
        )
    lined_up = [(run, its.serialize, its.texts[its.serialize]) for run, its in filed if its.serialize is not None]
    if lined_up:
        await connection.execute(
            "SELECT app.serialize_runs($1, $2, $3)",
            [run for run, _, _ in lined_up],
            [name for _, name, _ in lined_up],
            [text for _, _, text in lined_up],
        )


async def file_late(database: Database, definition: Definition, claim: Claim) -> None:
    """What needs jq, at a claim of a run that has done nothing yet; nothing for a workflow that asks for no such.

    Safe to repeat: the same input gives the same. An expression that fails gives no key.

    Raises:
        ExpressionsUnavailable: nothing happened; claim it again.
    """
    program = definition.interpreter.program
    declared = program.workflow.keys
    late = [] if declared is None else keys.late_programs(declared)
    if not late:
        return
    try:
        value = values.decode(claim.input or "null", depth=values.DEPTH + 2)
    except values.ValueRefused:
        return  # the run's beginning refuses it, too
    lane = ids.show("ten", claim.tenant_id)
    told = {name: await _told(program.evaluator, text, value, lane) for name, text in late}
    found = keys.read(told)
    await through_outage(lambda: _file(database, claim, found), "filing a run")


async def _told(evaluator: Evaluator, program: str, value: Any, lane: str) -> Any:
    try:
        return (await evaluator.evaluate([program], value, {}, lane=lane))[0]
    except ExpressionFailed:
        return None


async def _file(database: Database, claim: Claim, found: Filed) -> None:
    rows = found.rows()
    async with database.doors() as connection:
        await connection.fetchval(
            "SELECT app.file_run_keys($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            claim.tenant_id,
            claim.run_id,
            claim.fence,
            list(rows),
            list(rows.values()),
            found.amount,
            found.currency,
            found.deadline,
            found.customer_class,
        )
