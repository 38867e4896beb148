"""Lets a guarded write go that nobody approved, where the matrix of authority says that nobody has to (ADR 0119)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from infra import ids
from services.engine.functions import Call
from template_library.policies.decisions import covered
from tenants.audit import writing as audit
from tenants.authority import facts, repository
from tenants.authority.errors import BadFact, NoAuthority
from tenants.authority.matrices import Matrix

SOURCE: Final = "/authority"
_ACTOR: Final = "engine"
_KNOWN: Final = """
SELECT true FROM app.approval
WHERE tenant_id = $1 AND run_id = $2 AND reference = $3 AND event_source = $4 AND event_key = $5
"""
_KEEP: Final = """
INSERT INTO app.approval (tenant_id, approval_id, run_id, reference, event_source, event_key, is_approved, note,
  decided_by, decision)
VALUES ($1, $2, $3, $4, $5, $6, true, $7, $8, $9)
"""
_BEGAN: Final = "SELECT created_at FROM app.run WHERE tenant_id = $1 AND run_id = $2"
_LONGEST: Final = 2_000


class Stated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a write says of itself: the decision that it stands on, and the case."""

    decision: str
    facts: dict[str, Any] = {}


class _Not(Exception):
    """In words of ours: a payload's go where none may."""


async def refusal(connection: Any, call: Call, domains: Sequence[str]) -> str:
    """Why the matrix does not let the call go by itself; empty where it does, which is then written down once.

    Asked are the matrix in force and the one that was when the run began: nobody opens a way to what waits. Inside a
    transaction of the tenant.
    """
    try:
        stated = _stated(call, domains)
        began = await connection.fetchval(_BEGAN, call.tenant, call.run)
        _ruled(await repository.load(connection, call.tenant, at=began), stated, " of when the run began")
        row = _ruled(await repository.load(connection, call.tenant), stated, "")
    except _Not as reason:
        return str(reason)
    await _keep(connection, call, row)
    return ""


def _stated(call: Call, domains: Sequence[str]) -> Stated:
    given = call.arguments.get("authority")
    if given is None:
        raise _Not("it states no decision")
    try:
        stated = msgspec.convert(given, Stated)
    except msgspec.ValidationError:
        raise _Not("what it states cannot be read") from None
    if left := sorted(set(domains) - covered(stated.decision)):
        raise _Not(f"the decision that it states is not about {', '.join(left)}")
    return stated


def _ruled(matrix: Matrix | None, stated: Stated, of: str) -> dict[str, Any]:
    """The row of the matrix by which nobody has to decide; for who looks later."""
    if matrix is None:
        raise _Not(f"there is no matrix{of}")
    try:
        need = matrix.need(stated.decision, facts.read({**stated.facts, "earlier": []}), changed_by=())
    except NoAuthority:
        raise _Not(f"no row of the matrix{of} covers it") from None
    except BadFact:
        raise _Not(f"a fact that the matrix{of} asks for is missing, or cannot be read") from None
    if need.approvals:
        raise _Not(f"by the matrix{of} somebody has to decide it")
    return {"decision": stated.decision, "matrix": matrix.version, "row": need.rule}


async def _keep(connection: Any, call: Call, row: dict[str, Any]) -> None:
    tenant, run, reference = call.tenant, call.run, call.reference[:_LONGEST]
    if await connection.fetchval(_KNOWN, tenant, run, reference, SOURCE, call.key):
        return
    words = f"By the row {row['row']} of the matrix in its version {row['matrix']}"
    told = (reference, SOURCE, call.key, words, _ACTOR, row["decision"])
    await connection.execute(_KEEP, tenant, ids.new(), run, *told)
    after, target = {"reference": reference, **row}, ids.show("run", run)
    await audit.write(connection, tenant, actor=_ACTOR, action="write.by-matrix", target=target, after=after)
