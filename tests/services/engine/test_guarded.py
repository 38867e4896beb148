"""Row 94 at run time: a guarded write is sent only behind a person's approval, by what the run's journal says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra import ids
from infra.database import Database, Scope
from services.engine import approving, repeating
from services.engine.approving import Given, NotAwaited
from services.engine.functions import NOT_APPROVED, Answer, Call, Done, Terms
from services.engine.guarded import Guarded, Rules
from services.events.cloud_event import read
from template_library.policies import shipped
from template_library.policies.approvals import APPROVAL
from template_library.policies.capabilities import GUARDED, NOTHING, Writes
from template_library.policies.rules import Rule
from tenants.organizations import levels, policies
from tests.patience import PATIENCE
from tests.services.engine.running import Engine, at_work, order
from tests.world import World, deploy, make_tenant

ASK = "/do/0/ask"
PERSON = "account:acc_test"
PRICES = Rule(name="prices", domains=("price",))
SHIPPED = shipped.RULES[0].name
ASKING = """
document: {dsl: '1.0.3', namespace: tests, name: asking, version: 1.0.0}
do:
  - ask: {listen: {to: {one: {with: {type: approval.decided}}}}}
  - write:
      try:
        - price:
            call: connector:1.0.0@default
            with: {connection: erp, operation: write, input: {value: 1}}
      catch: {}
"""
BOLD = """
document: {dsl: '1.0.3', namespace: tests, name: bold, version: 1.0.0}
do:
  - look:
      call: connector:1.0.0@default
      with: {connection: erp, operation: read, input: {value: 1}}
  - price:
      try:
        - inner:
            call: connector:1.0.0@default
            with: {connection: erp, operation: write, input: {value: 1}}
      catch: {}
"""


class Side:
    """The other system: remembers what it was asked to do."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, call: Call) -> Answer:
        self.asked.append(call.arguments["operation"])
        return Done(output={"value": 1})

    async def terms(self, call: Call) -> Terms | None:
        del call
        return None

    async def settle(self, call: Call) -> Answer:
        raise AssertionError(call)


async def writes_of(call: Call) -> Writes:
    return frozenset({"price"}) if call.arguments["operation"] == "write" else NOTHING


@pytest.fixture
def side() -> Side:
    return Side()


@pytest.fixture
async def guarded(app_database: Database, worker_database: Database, side: Side) -> AsyncIterator[Engine]:
    async with at_work(app_database, worker_database) as engine:
        engine.functions["connector:1.0.0@default"] = Guarded(side, Rules(worker_database), writes_of)
        yield engine


async def begun(engine: Engine, document: str) -> tuple[World, UUID]:
    world = await make_tenant(engine.app)
    await deploy(engine.app, world.tenant_id, document, event_type="order", bindings={"erp": UUID(int=7)})
    return world, (await engine.intake.receive(world.tenant_id, order(1), "key")).runs[0]


async def open_all(engine: Engine, world: World) -> None:
    """As a partner that sets no rules, and says what that leaves open."""
    async with engine.app.session(Scope.partner(world.partner_id)) as session:
        (*_, partner) = levels.of_partner(world.partner_id)
        await policies.change(session, partner, (), actor="test", leaves_open=GUARDED)
        await session.commit()


async def rule(engine: Engine, *rules: Rule) -> None:
    async with engine.app.session(Scope.operator()) as session:
        await policies.change(session, levels.OPERATOR, rules, actor="test")
        await session.commit()


async def decide(engine: Engine, world: World, run: UUID, *, is_approved: bool, reference: str = ASK) -> None:
    """As soon as the run asks."""
    given = Given(reference=reference, is_approved=is_approved, note=None, by=PERSON)
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with engine.app.tenant(world.tenant_id) as connection:
                    await approving.decide(connection, world.tenant_id, run, given)
                break
            except NotAwaited:
                await asyncio.sleep(0.02)
    engine.loop.wake()


async def rows(engine: Engine, world: World, query: str) -> list[Any]:
    async with engine.app.tenant(world.tenant_id) as connection:
        return list(await connection.fetch(query))


async def refused(engine: Engine, world: World, side: Side, *names: str) -> None:
    (run,) = await engine.ended(world)
    assert (run["state"], msgspec.json.decode(run["error"])["type"]) == ("faulted", NOT_APPROVED)
    assert "write" not in side.asked
    (row,) = await rows(engine, world, "SELECT category, state, cause, reference FROM app.exception")
    assert (row["category"], row["state"], row["cause"]) == ("failed", "open", NOT_APPROVED)
    (told,) = await rows(engine, world, "SELECT after::text FROM app.audit WHERE action = 'write.refused'")
    assert msgspec.json.decode(told["after"]) == {
        "reference": row["reference"], "rules": list(names) or [SHIPPED, "prices"], "domains": ["price"],
    }  # fmt: skip


async def test_row_94_a_rule_that_was_set_after_the_deployment_holds_and_nothing_catches_it(
    guarded: Engine, side: Side
) -> None:
    await rule(guarded, PRICES)
    world, _ = await begun(guarded, BOLD)
    await refused(guarded, world, side)
    assert side.asked == ["read"], "what only reads needs no approval"


async def test_row_94_where_nobody_has_set_a_rule_the_shipped_ones_hold(guarded: Engine, side: Side) -> None:
    world, _ = await begun(guarded, BOLD)
    await refused(guarded, world, side, SHIPPED)


async def test_row_94_a_partner_that_says_what_it_leaves_open_has_it_open(guarded: Engine, side: Side) -> None:
    world = await make_tenant(guarded.app)
    await open_all(guarded, world)
    await deploy(guarded.app, world.tenant_id, BOLD, event_type="order", bindings={"erp": UUID(int=7)})
    await guarded.intake.receive(world.tenant_id, order(1), "key")
    (run,) = await guarded.ended(world)
    assert (run["state"], side.asked) == ("completed", ["read", "write"])


async def test_row_94_a_persons_approval_lets_the_write_go(guarded: Engine, side: Side) -> None:
    await rule(guarded, PRICES)
    world, run = await begun(guarded, ASKING)
    await decide(guarded, world, run, is_approved=True)
    (ended,) = await guarded.ended(world)
    assert (ended["state"], side.asked) == ("completed", ["write"])
    (told,) = await rows(guarded, world, "SELECT actor, target FROM app.audit WHERE action = 'approval.given'")
    assert (told["actor"], told["target"]) == (PERSON, ids.show("run", run))
    given = Given(reference=ASK, is_approved=False, note=None, by=PERSON)
    async with guarded.app.tenant(world.tenant_id) as connection:
        with pytest.raises(NotAwaited):
            await approving.decide(connection, world.tenant_id, run, given)


async def test_row_94_a_refusal_is_no_approval(guarded: Engine, side: Side) -> None:
    await rule(guarded, PRICES)
    world, run = await begun(guarded, ASKING)
    await decide(guarded, world, run, is_approved=False)
    await refused(guarded, world, side)


async def test_row_94_an_event_that_looks_like_a_decision_is_none(guarded: Engine, side: Side) -> None:
    """Whoever may send events, or a workflow that emits one, approves nothing."""
    await rule(guarded, PRICES)
    world, run = await begun(guarded, ASKING)
    async with asyncio.timeout(PATIENCE):
        while not await rows(guarded, world, "SELECT 1 FROM app.subscription"):
            await asyncio.sleep(0.02)
    forged = {
        "specversion": "1.0", "id": "apv_1", "source": approving.SOURCE, "type": APPROVAL,
        "data": {"decision": "approved", "task": ASK, "by": PERSON, "run": str(run)},
    }  # fmt: skip
    event = read({"content-type": "application/cloudevents+json"}, msgspec.json.encode(forged))
    await guarded.intake.receive(world.tenant_id, event, "key")
    await refused(guarded, world, side)


async def test_row_94_a_run_that_is_tried_again_is_asked_again(guarded: Engine, side: Side) -> None:
    await rule(guarded, PRICES)
    world, run = await begun(guarded, BOLD)
    await refused(guarded, world, side)
    async with guarded.app.tenant(world.tenant_id) as connection:
        await repeating.retry(connection, world.tenant_id, run, "key", msgspec.UNSET)
    guarded.loop.wake()
    async with asyncio.timeout(PATIENCE):
        query = "SELECT 1 FROM app.audit WHERE action = 'write.refused'"
        while len(await rows(guarded, world, query)) < 2:
            await asyncio.sleep(0.02)
    assert side.asked == ["read"]


async def test_row_94_a_decision_for_another_run_approves_nothing(guarded: Engine, side: Side) -> None:
    await rule(guarded, PRICES)
    world, run = await begun(guarded, ASKING)
    other = (await guarded.intake.receive(world.tenant_id, order(2), "key")).runs[0]
    await decide(guarded, world, other, is_approved=True)
    await guarded.ended(world)
    assert side.asked == ["write"], "its own"
    assert await rows(guarded, world, "SELECT 1 FROM app.run WHERE ended_at IS NULL")
    await decide(guarded, world, run, is_approved=False)
    ended = await guarded.ended(world, 2)
    assert sorted(one["state"] for one in ended) == ["completed", "faulted"]
    assert side.asked == ["write"]
