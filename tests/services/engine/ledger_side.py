"""Another system in the modes of the ledger, whose books count what happened; and what people do about it."""

from __future__ import annotations

import asyncio
from typing import Any, Literal
from uuid import UUID

from infra.database import Database
from services.connectors.visit import absent
from services.engine import deciding, decisions
from services.engine.deciding import Choice, Decision
from services.engine.faults import standard
from services.engine.functions import Answer, Call, Done, EffectMode, Failed, Later, Terms
from services.engine.recovery import sweep
from tests.services.engine.running import Engine, Outside, order
from tests.world import World, deploy, make_tenant

Mishap = Literal["", "dies", "dies-before", "lost", "refused", "busy", "mistaken"]
_TRIES = 6000
HEAD = "document: {dsl: '1.0.3', namespace: tests, name: ledger, version: 1.0.0}\n"
WRITE = "{call: 'connector:1.0.0@default', with: {connection: erp, operation: write, input: {value: 7}}}"
ONE = f"{HEAD}do:\n  - write: {WRITE}\n"


_AWAY = standard("communication", "away", "it is away")
_UNTOUCHED: dict[str, Answer] = {
    "busy": Later(reason="it is busy", ref="erp", error=_AWAY, seconds=0.0, sent=False),
    "refused": Failed(error=standard("communication", "no", "it says no"), ref="con_7"),
}


class Side(Outside):
    """Writes are of `mode`. `mishaps`: what the next writes meet; `sees`: whether what they did can be looked for."""

    def __init__(self, mode: EffectMode, *mishaps: Mishap, sees: bool = True, valid: int | None = None) -> None:
        super().__init__()
        self.mode: EffectMode = mode
        self.mishaps = list(mishaps)
        self.sees = sees
        self.valid = valid
        self.booked: dict[str, int] = {}
        self.looks = 0
        self.looking: list[Answer] = []

    async def terms(self, call: Call) -> Terms | None:
        if call.arguments["operation"] != "write" or (self.mode == "keyed" and self.valid is None):
            return None
        connection = call.bindings["erp"]
        return Terms(mode=self.mode, operation="orders.write", connection=connection, key_valid_for=self.valid)

    async def settle(self, call: Call) -> Answer:
        self.looks += 1
        if self.looking:
            return self.looking.pop(0)
        if not self.sees:
            return decisions.outcome_unknown("orders.write")
        return Done(output={"value": 8}) if call.key in self.booked else absent("it has not happened")

    async def __call__(self, call: Call) -> Answer:
        if self.mode == "check-then-write" and call.key in self.booked:
            return Done(output={"value": 8})
        self.calls.append(call)
        mishap = self.mishaps.pop(0) if self.mishaps else ""
        if mishap == "dies-before":
            raise asyncio.CancelledError
        if mishap in _UNTOUCHED:
            return _UNTOUCHED[mishap]
        if self.mode != "keyed" or call.key not in self.booked:
            self.booked[call.key] = self.booked.get(call.key, 0) + 1
        if mishap == "dies":
            raise asyncio.CancelledError
        if mishap == "mistaken":
            raise KeyError("number")
        return self._lost() if mishap == "lost" else Done(output={"value": 8})

    def _lost(self) -> Answer:
        if self.mode == "once-or-ask" and not self.sees:
            return decisions.outcome_unknown("orders.write")
        return Later(reason="its answer was lost", ref="erp", error=_AWAY, seconds=0.0, uncertain=True)


async def begin(engine: Engine, app: Database, side: Side, document: str = ONE, slug: str = "acme") -> World:
    engine.outside = engine.functions["connector:1.0.0@default"] = side
    world = await make_tenant(app, slug)
    await deploy(app, world.tenant_id, document, event_type="order", bindings={"erp": UUID(int=7)})
    await engine.intake.receive(world.tenant_id, order(1), "key")
    return world


async def die(engine: Engine, world: World, side: Side) -> None:
    """The worker dies in its call, and another takes the run."""
    while side.mishaps or not side.calls:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0)
    async with engine.app.tenant(world.tenant_id) as connection:
        row = await connection.fetchrow("SELECT run_id, fence FROM app.run")
    async with engine.worker.doors() as connection:
        await connection.execute(
            "SELECT app.release_runs($1, $2, $3)", [world.tenant_id], [row["run_id"]], [row["fence"]]
        )
    engine.loop.wake()


async def until(engine: Engine, world: World, wanted: str) -> Any:
    """The run, once it has this state, or waits for this."""
    row: Any = None
    for _ in range(_TRIES):
        async with engine.app.tenant(world.tenant_id) as connection:
            row = await connection.fetchrow("SELECT *, waiting_for ->> 'kind' AS kind FROM app.run")
        if wanted in {row["state"], row["kind"]} and row["lease_until"] is None:
            return row
        await sweep(engine.worker, 3, 0)
        await asyncio.sleep(0.01)
    raise AssertionError(f"{row['state']}, waiting for {row['waiting_for']}: {await kinds(engine, world)}")


async def effect(engine: Engine, world: World) -> Any:
    """The one row of the ledger; None."""
    async with engine.app.tenant(world.tenant_id) as connection:
        rows = await connection.fetch("SELECT *, sent::text AS shown, answer::text AS told FROM app.effect")
    assert len(rows) <= 1
    return rows[0] if rows else None


async def kinds(engine: Engine, world: World) -> list[str]:
    async with engine.app.tenant(world.tenant_id) as connection:
        rows = await connection.fetch("SELECT seq, kind FROM app.journal ORDER BY seq")
    assert [row["seq"] for row in rows] == list(range(len(rows)))
    return [row["kind"] for row in rows]


async def decide(engine: Engine, world: World, run: UUID, choice: Choice, output: Any = None) -> None:
    found = await effect(engine, world)
    decision = Decision(effect=found["key"], actor="acc_1", choice=choice, version=found["version"], output=output)
    async with engine.app.tenant(world.tenant_id) as connection:
        await deciding.decide(connection, world.tenant_id, run, decision)
    engine.loop.wake()
