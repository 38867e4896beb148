"""Starts runs, inside the transaction that stores what triggers them: run, audit and usage in one commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from services.engine import filing, inbox, keys, payload_rows, values
from services.engine.correlation import Match, match
from services.engine.keys import Filed
from services.engine.payloads import LARGE, Large
from services.events.intake import Followed
from services.events.received import Received
from template_library.dsl.model import RunKeys
from tenants.deployments.priorities import NORMAL

CLOCK_UNIT: Final = 1_000_000
"""The virtual clock counts millionths of a turn."""


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """A run to be started.

    Attributes:
        program: which workflow of the revision, `namespace/name:version`; None: its own.
        input: JSON text.
        actor: who is behind it, for the audit; `cause`: what, in JSON.
        depth: runs and events between it and an event from outside.
        keys: what its workflow declares that its runs are found by.
        priority: its class, `tenants.deployments.priorities`.
        compensates: the run that it undoes.
    """

    run_id: UUID
    deployment_id: UUID
    revision: int
    input: str
    actor: str
    cause: dict[str, Any]
    program: str | None = None
    event_id: UUID | None = None
    business_key: str | None = None
    trace: bytes | None = None
    depth: int = 0
    keys: RunKeys | None = None
    priority: int = NORMAL
    compensates: UUID | None = None

    @property
    def is_pushed(self) -> bool:
        """Whether an event from outside begins it, and no work that is inside already."""
        return self.depth == 0 and self.event_id is not None


class Pushed(msgspec.Struct, frozen=True):
    """Runs that events from outside begin.

    Attributes:
        runs: how many with this; `in_minute`: with it in this minute, of which `left` seconds are left.
        judged: how often an event may begin runs later, which expressions have to tell.
    """

    runs: int = 0
    in_minute: int = 0
    left: float = 0
    judged: int = 0


Allow = Callable[[Pushed], None]
"""Raises what refuses the events, in the transaction that has stored them and is rolled back by it."""


async def follow(connection: Any, tenant: TenantId, events: list[Received], *, allow: Allow | None = None) -> Followed:
    """Start every run that `events` trigger, unless `allow` objects; then tell every run that listens for them."""
    matched = await match(connection, tenant, events)
    if allow is not None and matched.to_judge:
        allow(Pushed(judged=matched.to_judge))
    started = await _start(connection, tenant, events, matched.starts, allow)
    arrived = [inbox.Arrived(one.event_id, one.event.type, one.event.attributes) for one in events]
    return Followed(started, await inbox.post(connection, arrived), matched.to_judge)


async def start(connection: Any, tenant: TenantId, events: list[Received]) -> dict[UUID, list[UUID]]:
    """Start every run that `events` trigger; answers run ids by event id, an empty list for an event without one."""
    return await _start(connection, tenant, events, (await match(connection, tenant, events)).starts)


async def _start(
    connection: Any, tenant: TenantId, events: list[Received], found: list[Match], allow: Allow | None = None
) -> dict[UUID, list[UUID]]:
    started: dict[UUID, list[UUID]] = {one.event_id: [] for one in events}
    beginnings = [_beginning(one) for one in found]
    for one in beginnings:
        if one.event_id is not None:
            started[one.event_id].append(one.run_id)
    await begin(connection, tenant, beginnings, allow=allow)
    return started


async def begin(connection: Any, tenant: TenantId, beginnings: list[Beginning], *, allow: Allow | None = None) -> None:
    """Put runs in line. One whose id the tenant has already is left as it is."""
    if beginnings:
        filed = [keys.NOTHING if one.keys is None else keys.at_start(one.keys, one.input) for one in beginnings]
        beginnings = [one if len(one.input) <= LARGE else await _kept(connection, tenant, one) for one in beginnings]
        await _insert(connection, tenant, beginnings, filed, await _take_turns(connection, tenant, beginnings, allow))
        await filing.add(connection, tenant, [(one.run_id, its) for one, its in zip(beginnings, filed, strict=True)])


async def _kept(connection: Any, tenant: TenantId, one: Beginning) -> Beginning:
    """With its large values stored by reference. What cannot be read is left to the run's beginning, which says so."""
    try:
        value = values.decode(one.input, depth=values.DEPTH + 2)
    except values.ValueRefused:
        return one
    large = Large()
    text = large.text(value)
    await payload_rows.insert(connection, tenant, one.run_id, large.take())
    return msgspec.structs.replace(one, input=text)


def _beginning(found: Match) -> Beginning:
    received = found.received
    return Beginning(
        run_id=ids.new(),
        deployment_id=found.deployment_id,
        revision=found.revision,
        event_id=received.event_id,
        business_key=received.event.subject,
        input=found.input,
        actor=received.actor,
        cause={"event": ids.show("evt", received.event_id), "revision": found.revision},
        trace=received.trace,
        depth=received.depth,
        keys=found.keys,
        priority=found.priority,
    )


async def _take_turns(
    connection: Any, tenant: TenantId, beginnings: list[Beginning], allow: Allow | None
) -> list[float]:
    """The next turns of the fair queue: behind the tenant's last one of the class, never before what is served now."""
    pushed, count = sum(one.is_pushed for one in beginnings), len(beginnings)
    mixed = any(one.priority != NORMAL for one in beginnings)
    taken = await (_take_mixed if mixed else _take_ordinary)(connection, tenant, beginnings, pushed)
    if allow is not None and pushed:
        allow(Pushed(pushed, taken["started"], 60 - taken["second"]))
    if not mixed:
        return [taken["last"] - taken["cost"] * (count - 1 - n) for n in range(count)]
    behind = [0, 0, 0]
    turns: list[float] = []
    for one in reversed(beginnings):
        turns.append(taken["lasts"][one.priority] - behind[one.priority] * taken["costs"][one.priority])
        behind[one.priority] += 1
    return turns[::-1]


async def _take_mixed(connection: Any, tenant: TenantId, beginnings: list[Beginning], pushed: int) -> Any:
    counts = [sum(one.priority == priority for one in beginnings) for priority in range(3)]
    return await connection.fetchrow("SELECT * FROM app.take_places($1, $2, $3, $4, $5)", tenant, *counts, pushed)


async def _take_ordinary(connection: Any, tenant: TenantId, beginnings: list[Beginning], pushed: int) -> Any:
    """What `app.take_places` does for runs of the ordinary class, without a call of a function.

    A turn costs 1 / weight, so a tenant that floods queues behind itself and not before the others (A13).
    """
    return await connection.fetchrow(
        "WITH now AS (SELECT last_value / $3::double precision AS turn FROM app.virtual_clock), "
        "cost AS (SELECT 1 / weight AS turn FROM app.tenant WHERE tenant_id = $1) "
        "INSERT INTO app.tenant_clock AS c (tenant_id, turn, minute, started) "
        "SELECT $1, now.turn + $2 * cost.turn, floor(date_part('epoch', now()) / 60), $4 FROM now, cost "
        "ON CONFLICT (tenant_id) DO UPDATE SET "
        "  turn = greatest(c.turn - (SELECT turn FROM now), 0) + excluded.turn, "
        "  bulk = c.bulk + $2 * (SELECT turn FROM cost), minute = greatest(c.minute, excluded.minute), "
        "  started = CASE WHEN c.minute < excluded.minute THEN 0 ELSE c.started END + excluded.started "
        "RETURNING turn AS last, (SELECT turn FROM cost) AS cost, started, date_part('second', now()) AS second",
        tenant,
        len(beginnings),
        float(CLOCK_UNIT),
        pushed,
    )


async def _insert(
    connection: Any, tenant: TenantId, runs: list[Beginning], filed: list[Filed], turns: list[float]
) -> None:
    await connection.execute(
        "WITH wanted AS (SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::integer[], $5::text[], $6::uuid[], "
        "$7::text[], $8::float8[], $9::json[], $10::bytea[], $11::smallint[], $12::uuid[], $13::text[], $14::text[], "
        "$15::json[], $16::bigint[], $17::text[], $18::timestamptz[], $19::text[], $20::smallint[], $21::uuid[]) AS x("
        "run_id, deployment_id, revision, program, event_id, business_key, turn, input, trace, depth, audit_id, actor, "
        "target, after, value_amount, value_currency, deadline, customer_class, priority, compensates)), "
        "run AS (INSERT INTO app.run (tenant_id, run_id, deployment_id, revision, program, event_id, business_key, "
        "state, lane, turn, input, trace, depth, value_amount, value_currency, deadline, customer_class, priority, "
        "compensates) "
        "SELECT $1, run_id, deployment_id, revision, program, event_id, business_key, 'pending', 0, turn, input, "
        "trace, depth, value_amount, value_currency, deadline, customer_class, priority, compensates FROM wanted "
        "ON CONFLICT DO NOTHING RETURNING run_id), usage AS (INSERT INTO app.usage (tenant_id, run_id, seq, kind, "
        "quantity) SELECT $1, run_id, 0, 'run', 1 FROM run) "
        "INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after) "
        "SELECT $1, w.audit_id, w.actor, 'run.started', w.target, w.after FROM wanted w JOIN run USING (run_id)",
        tenant,
        [one.run_id for one in runs],
        [one.deployment_id for one in runs],
        [one.revision for one in runs],
        [one.program for one in runs],
        [one.event_id for one in runs],
        [one.business_key for one in runs],
        turns,
        [one.input for one in runs],
        [one.trace for one in runs],
        [one.depth for one in runs],
        [ids.new() for _ in runs],
        [one.actor for one in runs],
        [ids.show("run", one.run_id) for one in runs],
        [msgspec.json.encode(one.cause).decode() for one in runs],
        [its.amount for its in filed],
        [its.currency for its in filed],
        [its.deadline for its in filed],
        [its.customer_class for its in filed],
        [one.priority for one in runs],
        [one.compensates for one in runs],
    )
