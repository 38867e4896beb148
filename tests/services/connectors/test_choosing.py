"""Several connections of one capability: rules choose, a run keeps what it chose (ADR 0083)."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from infra import ids
from infra.database import Database, Scope
from services.connectors import choices
from services.connectors.choices import Choices
from services.connectors.choosing import Choosing
from services.connectors.sdk.errors import Refusal
from services.engine.functions import Call, Done, Failed, Terms, Unknown
from services.records import entities
from services.records.keys import Key
from template_library.policies.capabilities import READS
from tenants.connections.rules import Rule, When
from tenants.deployments import grouping
from tests.services.engine.running import Engine, Once, at_work, order
from tests.world import World, deploy, make_tenant

WHO = "key:tests"
OFFERS = {"wms": {"read": READS, "write": READS}}
DOCUMENT = """
document: {dsl: '1.0.3', namespace: tests, name: pick, version: 1.0.0}
input: {from: '${ .[0].data.value }'}
do:
  - look:
      call: connector:1.0.0@default
      with: {connection: wms, operation: read, input: {value: 1}, for: "${ . }"}
      output: {as: '${ $input }'}
  - wait: {wait: {milliseconds: 1}}
  - pick:
      call: connector:1.0.0@default
      with: {connection: wms, operation: write, input: {value: 1}, for: "${ . }"}
"""


class Yard:
    """A client with connections and a group of them; `names` tells which is which."""

    def __init__(self, app: Database, worker: Database, world: World) -> None:
        self.app, self.worker, self.world = app, worker, world
        self.names: dict[UUID, str] = {}
        self.group = ids.new()

    async def connect(self, *names: str) -> None:
        async with self.app.tenant(self.world.tenant_id) as connection:
            for name in names:
                made = ids.new()
                self.names[made] = name
                await connection.execute(
                    "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
                    "VALUES ($1, $2, $3, 'wms', '{}')",
                    self.world.tenant_id,
                    made,
                    name,
                )

    def rules(self, *given: tuple[str, When]) -> list[Rule]:
        by_name = {name: one for one, name in self.names.items()}
        return [Rule(by_name[name], when) for name, when in given]

    async def make(self, *given: tuple[str, When]) -> None:
        tenant = self.world.tenant_id
        async with self.app.session(Scope.tenant(tenant)) as session:
            made = await grouping.create(session, tenant, "sites", self.rules(*given), offers=OFFERS, actor=WHO)
            self.group = made.group_id
            await session.commit()

    async def change(self, *given: tuple[str, When]) -> None:
        tenant = self.world.tenant_id
        async with self.app.session(Scope.tenant(tenant)) as session:
            await grouping.change(session, tenant, self.group, self.rules(*given), offers=OFFERS, actor=WHO)
            await session.commit()

    async def know(self, kind: str, *keys: Key) -> None:
        async with self.app.session(Scope.tenant(self.world.tenant_id)) as session:
            await entities.create(session, self.world.tenant_id, kind, keys, actor=WHO)
            await session.commit()

    async def deploy(self) -> UUID:
        return await deploy(self.app, self.world.tenant_id, DOCUMENT, event_type="order", groups={"wms": self.group})

    async def run(self, engine: Engine, number: int, facts: Any) -> None:
        await engine.intake.receive(self.world.tenant_id, order(number, facts), WHO)

    def called(self, engine: Engine) -> list[str]:
        """The connections that were called, by name."""
        return [self.names[one.bindings["wms"]] for one in engine.outside.calls]


@pytest.fixture
async def yard(app_database: Database, worker_database: Database) -> Yard:
    return Yard(app_database, worker_database, await make_tenant(app_database))


def choose(engine: Engine, worker: Database) -> None:
    engine.functions["connector:1.0.0@default"] = Choosing(_Repeatable(engine.outside), Choices(worker))


class _Repeatable:
    """Calls that all may be repeated."""

    def __init__(self, outside: Any) -> None:
        self._outside = outside

    async def __call__(self, call: Call) -> Any:
        return await self._outside(call)

    async def terms(self, call: Call) -> Terms | None:
        del call
        return None

    async def settle(self, call: Call) -> Any:
        raise AssertionError(call)


async def test_three_warehouses_and_a_3pl_and_a_fourth_that_is_only_configuration(yard: Yard) -> None:
    await yard.connect("reno", "dallas", "newark", "3pl", "austin")
    known = [(name, When(site=(name,))) for name in ("reno", "dallas", "newark")]
    outside = ("3pl", When(channel=("marketplace",)))
    await yard.make(outside, *known)
    await yard.deploy()
    async with at_work(yard.app, yard.worker) as engine:
        choose(engine, yard.worker)
        marketplace, nothing = {"site": "reno", "channel": "marketplace"}, {"site": "newark", "channel": None}
        for number, facts in enumerate([{"site": "dallas"}, marketplace, nothing]):
            await yard.run(engine, number, facts)
            await engine.ended(yard.world, number + 1)
        assert yard.called(engine) == [*["dallas"] * 2, *["3pl"] * 2, *["newark"] * 2]
        await yard.run(engine, 7, {"site": "austin"})
        (*_, failed) = await engine.ended(yard.world, 4)
        error = msgspec.json.decode(failed["error"])
        assert (failed["state"], error["type"].rpartition("/")[2], error["status"]) == ("faulted", "configuration", 422)
        assert error["title"] == "The connection group `sites` has no rule for this call"
        assert "is for site `austin`; the call says no channel. Add a rule" in error["detail"]
        assert len(engine.outside.calls) == 6, "nothing was sent anywhere"
        async with yard.app.tenant(yard.world.tenant_id) as connection:
            (told,) = await connection.fetch("SELECT category, title FROM app.exception")
        assert (told["category"], told["title"]) == ("failed", error["title"])
        await yard.change(outside, *known, ("austin", When(site=("austin",))))
        await yard.run(engine, 8, {"site": "austin"})
        await engine.ended(yard.world, 5)
        assert yard.called(engine)[6:] == ["austin", "austin"]


async def test_two_erps_after_an_acquisition_by_company_and_by_who_knows_the_customer(yard: Yard) -> None:
    await yard.connect("erp-west", "erp-east")
    await yard.make(
        ("erp-west", When(company=("100", "110"))),
        ("erp-east", When(owner=("erp-east",))),
        ("erp-west", When(owner=("erp-west",))),
    )
    await yard.know("customer", Key("shop", "77"), Key("erp-east", "C-1"))
    await yard.know("customer", Key("erp-west", "C-1"))
    call = await a_call(yard)
    found = Choices(yard.worker)

    async def chosen(facts: dict[str, Any]) -> str:
        one = choices.wanted(replace(call, arguments={**call.arguments, "for": facts}))
        assert one is not None
        return yard.names[await found.choose(call, one)]

    assert await chosen({"company": 110}) == "erp-west", "a number is its digits"
    shop = {"record": {"kind": "customer", "system": "shop", "id": "77"}}
    assert await chosen(shop) == "erp-east"
    assert await chosen({"record": {"kind": "customer", "system": "erp-west", "id": "C-1"}}) == "erp-west"
    with pytest.raises(Refusal, match="is another one in each of several systems"):
        await chosen({"record": {"kind": "customer", "id": "C-1"}})
    with pytest.raises(Refusal, match="a customer that no system of the cross-reference knows"):
        await chosen({"record": {"kind": "customer", "system": "shop", "id": "78"}})


async def test_an_old_erp_beside_the_one_that_replaces_it_keeps_what_it_began(yard: Yard) -> None:
    """A run in flight goes on where it began, whatever the rules say since; what begins now goes by the new ones."""
    await yard.connect("erp-old", "erp-new")
    await yard.make(("erp-old", When()))
    await yard.deploy()
    async with at_work(yard.app, yard.worker) as engine:
        choose(engine, yard.worker)
        began, go = asyncio.Event(), asyncio.Event()

        class Slow(_Repeatable):
            async def __call__(self, call: Call) -> Any:
                answer = await super().__call__(call)
                if call.arguments["operation"] == "read" and not began.is_set():
                    began.set()
                    await go.wait()
                return answer

        engine.functions["connector:1.0.0@default"] = Choosing(Slow(engine.outside), Choices(yard.worker))
        mine = {"record": {"kind": "sales-order", "system": "shop", "id": "SO-1"}}
        await yard.run(engine, 1, mine)
        await asyncio.wait_for(began.wait(), 60)
        await yard.know("sales-order", Key("shop", "SO-0"), Key("erp-old", "9"))
        await yard.change(("erp-old", When(owner=("erp-old",))), ("erp-new", When()))
        go.set()
        await engine.ended(yard.world, 1)
        assert yard.called(engine) == ["erp-old", "erp-old"], "it kept what it chose"
        for number, which in ((2, "SO-0"), (3, "SO-1")):
            await yard.run(engine, number, {"record": {**mine["record"], "id": which}})
            await engine.ended(yard.world, number)
        assert yard.called(engine)[2:] == [*["erp-old"] * 2, *["erp-new"] * 2]


async def test_of_two_workers_at_once_the_first_choice_counts_for_both(yard: Yard) -> None:
    await yard.connect("a", "b")
    await yard.make(("a", When()))
    call = await a_call(yard)
    one = choices.wanted(call)
    assert one is not None
    async with yard.worker.tenant(yard.world.tenant_id) as first:
        key = (call.tenant, call.run, one.name, one.digest, "{}", one.group, 1, 1)
        await first.execute(choices._KEEP, *key, next(iter(yard.names)))
        await yard.change(("b", When()))
        other = asyncio.create_task(Choices(yard.worker).choose(call, one))
        await asyncio.sleep(0)
    assert yard.names[await other] == "a"


async def test_a_connection_that_is_disabled_is_no_choice_and_another_tenant_s_group_is_none(yard: Yard) -> None:
    await yard.connect("a", "b")
    await yard.make(("a", When(site=("x",))), ("b", When()))
    call = await a_call(yard)
    async with yard.app.tenant(yard.world.tenant_id) as connection:
        await connection.execute("UPDATE app.connection SET status = 'disabled' WHERE name = 'b'")
    side = _Repeatable(None)
    found = await Choosing(side, Choices(yard.worker))(call)
    assert isinstance(found, Failed)
    assert found.error.title == (
        "Rule 2 of the connection group `sites` leads to a connection that is disabled: enable it or change the rule"
    )
    async with yard.app.tenant(yard.world.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM app.connection_choice") == 0
    foreign = await make_tenant(yard.app, "other")
    answer = await Choosing(side, Choices(yard.worker))(replace(call, tenant=foreign.tenant_id))
    assert isinstance(answer, Failed)
    assert answer.error.detail == "There is no such connection group"


async def test_a_call_without_terms_is_not_sent_even_if_its_rule_came_a_moment_later(yard: Yard) -> None:
    """What is not in the ledger must not go out: the next claim asks anew."""
    await yard.connect("a")
    await yard.make(("a", When(site=("x",))))
    call, choosing = await a_call(yard), Choosing(Once(), Choices(yard.worker))
    call = replace(call, arguments={**call.arguments, "operation": "write", "for": {"site": "y"}})
    assert await choosing.terms(call) is None
    await yard.change(("a", When(site=("x", "y"))))
    assert isinstance(await choosing(call), Failed)
    terms = await choosing.terms(call)
    assert terms is not None
    assert terms.needs_row


async def test_what_was_sent_is_looked_for_where_it_was_sent_to_and_nowhere_else(yard: Yard) -> None:
    await yard.connect("a", "b")
    await yard.make(("a", When()))
    call = await a_call(yard)

    class Looking(_Repeatable):
        async def settle(self, call: Call) -> Any:
            return Done(output=yard.names[call.bindings["wms"]])

    choosing = Choosing(Looking(None), Choices(yard.worker))
    lost = await choosing.settle(call)
    assert isinstance(lost, Unknown), "nothing is chosen by looking"
    await choosing.terms(call)
    await yard.change(("b", When()))
    found = await Choosing(Looking(None), Choices(yard.worker)).settle(call)
    assert found == Done(output="a")


async def a_call(yard: Yard) -> Call:
    """Of a run of a deployment that has the group."""
    deployment, run = await yard.deploy(), ids.new()
    async with yard.app.tenant(yard.world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.run (tenant_id, run_id, deployment_id, revision, state, turn) "
            "VALUES ($1, $2, $3, 1, 'running', 0)",
            yard.world.tenant_id,
            run,
            deployment,
        )
    return Call(
        function="connector:1.0.0@default",
        arguments={"connection": "wms", "operation": "read", "input": {"value": 1}},
        reference="/do/0/look",
        key="key",
        tenant=yard.world.tenant_id,
        run=run,
        groups={"wms": yard.group},
    )
