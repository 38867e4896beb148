"""Touches that are written by who knows more of them than the audit: tasks, pages of others, estimates (ADR 0105)."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId

Source = Literal["task", "mail", "portal", "api", "external_estimate"]
ActorKind = Literal["person", "acting"]
PREFIX: Final = "tch"
LONGEST: Final = 3_600
"""Seconds that one touch may have been looked at, as a page measures it: what lies longer open was not worked on."""
LONGEST_ESTIMATE: Final = 86_400
# What its request measured is taken in any case: of an act that says its own seconds it is the same time.
_ADD: Final = """
INSERT INTO app.touch AS t (tenant_id, touch_id, kind, key, run_id, step, actor_kind, account_id, seconds_active,
  seconds_estimated, source)
SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::uuid, $6::text, $7::text, $8::uuid, coalesce($9::integer, m.seconds),
  $10::integer, $11::text
FROM (SELECT CASE WHEN $11::text <> 'external_estimate' THEN app.take_attention($1, $8, $3, $4) END AS seconds) m
ON CONFLICT (tenant_id, act, account_id, kind, key) DO NOTHING RETURNING touch_id
"""


class Touch(msgspec.Struct, frozen=True, kw_only=True):
    """One act of one person on one thing.

    Attributes:
        kind, key: the entity that it was about: `sales-order` and its number, `run` and its business key.
        step: what was done: the kind of a task, or what the audit calls the act.
        account: whose act it was.
        seconds: active ones as a page measured them, cut at an hour, or None for those that came with the request,
            where it has any; of `external_estimate` as somebody typed them.
        run: that the entity's work is in, so that it counts for the figures of its template.
    """

    kind: str
    key: str
    step: str
    account: UUID
    source: Source = "portal"
    actor_kind: ActorKind = "person"
    seconds: int | None = None
    run: UUID | None = None


async def write(connection: Any, tenant: TenantId, touch: Touch) -> UUID | None:
    """Write it in the transaction of the act; None where that has one of the same person on the same thing already.

    Raises:
        ValueError: an estimate without its seconds.
    """
    active, estimated = _seconds(touch)
    made: UUID | None = await connection.fetchval(
        _ADD,
        tenant,
        ids.new(),
        touch.kind,
        touch.key,
        touch.run,
        touch.step,
        touch.actor_kind,
        touch.account,
        active,
        estimated,
        touch.source,
    )
    return made


def _seconds(touch: Touch) -> tuple[int | None, int | None]:
    """Measured, and estimated: never both."""
    if touch.source != "external_estimate":
        return (None if touch.seconds is None else min(max(touch.seconds, 0), LONGEST)), None
    if touch.seconds is None:
        raise ValueError("an estimate says how long it took")
    return None, min(max(touch.seconds, 0), LONGEST_ESTIMATE)
