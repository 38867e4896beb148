"""Holds are let go by the matrix in force, by people with real accounts and roles (ADR 0115)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest

from infra import clock, ids
from infra.database import Database, Scope
from services.api import deciders
from services.api.hold_judge import hold_judge
from services.holds import bulk, kinds
from services.holds.authority import Decider
from services.holds.errors import AlreadyAgreed, HoldChanged, HoldNotYours
from services.holds.kinds import SHIPPED
from services.human_tasks import absences
from services.human_tasks.absences import Away
from tenants.audit import digests
from tenants.authority import service
from tenants.authority.rows import Row
from tenants.authority.service import Wish
from tests.services.api.test_matrix_judge import key_of
from tests.services.holds.holding import Desk, wanted
from tests.services.human_tasks.office import ROLE, make_person
from tests.world import World, make_tenant

VALUE: Final[dict[str, Any]] = {"value": 720_000, "currency": "USD"}


class House(Desk):
    """A tenant with people, whose holds its matrix decides."""

    def __init__(self, app: Database, world: World) -> None:
        super().__init__(app, world.tenant_id, hold_judge)
        self.app, self.world = app, world

    async def hire(self, name: str, role: str = ROLE) -> Decider:
        place = (self.world.partner_id, self.tenant)
        account = await make_person(self.app, place, role, f"{name}@acme.example")
        return Decider(actor=f"account:{ids.show('acc', account)}", account=account, network="192.0.2.7")

    async def decree(self, *rows: dict[str, Any], by: str = "key:key_1") -> None:
        """One row for each amount in dollars, unless others are given."""
        all_of = {"name": "all", "decision": "credit.release", "amount": {"currency": "USD"}, "approver_role": ROLE}
        made = [msgspec.convert(all_of | row, Row) for row in rows or ({},)]
        async with self.app.session(Scope.tenant(self.tenant)) as session:
            await service.put(session, self.tenant, Wish(made), await deciders.known(session, self.tenant), actor=by)
            await session.commit()

    async def credit(self, actor: str = "run:run_x", **more: Any) -> UUID:
        return (await self.hold(wanted("credit", **(VALUE | more)), actor=actor)).hold_id

    async def refused(self, hold: UUID, by: Decider) -> str:
        with pytest.raises(HoldNotYours) as caught:
            await self.act(hold, by)
        return str(caught.value.detail)

    async def told(self, action: str) -> dict[str, Any]:
        query = "SELECT after::text AS after FROM app.audit WHERE tenant_id = $1 AND action = $2"
        (row,) = await self.rows(query, action)
        found: dict[str, Any] = msgspec.json.decode(row["after"])
        return found


@pytest.fixture
async def house(app_database: Database) -> House:
    return House(app_database, await make_tenant(app_database))


async def test_S_68_a_hold_is_let_go_by_as_many_as_the_matrix_says_and_never_by_who_raised_it(house: House) -> None:
    ann, ben, jo = [await house.hire(name) for name in ("ann", "ben", "jo")]
    hold = await house.credit(jo.actor)
    assert await house.refused(hold, ann) == "No matrix of authority is in force"
    await house.decree({"approvals": 2})
    assert await house.refused(hold, jo) == "Who asked for it does not decide it"
    assert await house.act(hold, ann) == "agreed"
    with pytest.raises(AlreadyAgreed, match="1 more"):
        await house.act(hold, ann)
    assert await house.act(hold, ben) == "cleared"
    (row,) = await house.rows("SELECT salt, why, consents::text AS consents FROM app.hold WHERE tenant_id = $1")
    assert [one["by"] for one in msgspec.json.decode(row["consents"])] == [ann.actor, ben.actor]
    told = await house.told("hold.cleared")
    assert (told["rule"]["row"], told["from"]) == ("all", "192.0.2.7")
    assert told["digests"] == {"why": digests.of(row["salt"], row["why"])}, "the words stand with the hold alone"
    assert "why" not in told


async def test_S_68_nobody_lets_go_what_they_raised_by_a_key_of_their_own(house: House) -> None:
    ann, ben = [await house.hire(name) for name in ("ann", "ben")]
    await house.decree()
    hold = await house.credit(await key_of(house, ann.actor))
    assert await house.refused(hold, ann) == "Who asked for it does not decide it"
    assert await house.act(hold, ben) == "cleared"


async def test_who_changed_the_order_last_or_asked_for_it_is_stated_and_kept_out(house: House) -> None:
    ann, ben, jo = [await house.hire(name) for name in ("ann", "ben", "jo")]
    await house.decree({"duties": ["not_requester", "not_last_editor"]})
    silent = await house.credit("run:run_x")
    assert "State last_editor" in await house.refused(silent, ann)
    facts = {"requester": ["jo+x@ACME.example"], "last_editor": [ann.actor.removeprefix("account:")]}
    stated = await house.credit("run:run_x", on="SO-2", facts=facts)
    assert await house.refused(stated, jo) == "Who asked for it does not decide it"
    assert await house.refused(stated, ann) == "Who changed it last does not decide it"
    assert await house.act(stated, ben) == "cleared"


async def test_a_substitute_lends_the_role_while_somebody_is_away_and_duties_hold_for_both(house: House) -> None:
    ann, ben, jo = await house.hire("ann"), await house.hire("ben", "clerk"), await house.hire("jo")
    await house.decree()
    hold, of_jo = await house.credit(), await house.credit(jo.actor, on="SO-2")
    assert await house.refused(hold, ben) == f"The role {ROLE} decides this"
    for one in (ann, jo):
        away = Away(since=clock.now() - timedelta(hours=1), until=clock.now() + timedelta(hours=1))
        away = msgspec.structs.replace(away, substitute=ben.account)
        async with house.app.tenant(house.tenant) as connection:
            assert one.account is not None
            await absences.set_away(connection, house.tenant, one.account, away, actor=one.actor)
    assert await house.act(hold, ben) == "cleared"
    assert await house.act(of_jo, ben) == "cleared", "for ann, who did not raise it"
    (row,) = await house.rows(
        "SELECT after->>'on_behalf_of' AS whose FROM app.audit WHERE tenant_id = $1 "
        "AND action = 'hold.cleared' ORDER BY audit_id DESC LIMIT 1"
    )
    assert ann.actor.endswith(row["whose"])


async def test_a_consent_by_another_rule_counts_no_more_and_is_given_anew(house: House) -> None:
    ann, ben = [await house.hire(name) for name in ("ann", "ben")]
    await house.decree({"approvals": 2})
    hold = await house.credit()
    assert await house.act(hold, ann) == "agreed"
    await house.decree({"approvals": 2, "duties": []})
    assert await house.act(hold, ben) == "agreed", "ann's was for another rule"
    assert await house.act(hold, ann) == "cleared"


async def test_S_68_a_hold_that_is_raised_again_is_judged_by_the_most_that_was_said(house: House) -> None:
    """Nobody makes a large hold small by being the first to raise it, nor by raising it once more."""
    clerk, ann, jo = await house.hire("kim", "junior"), await house.hire("ann"), await house.hire("jo")
    small = {"name": "small", "amount": {"currency": "USD", "to": 500_000}, "approver_role": "junior"}
    large = {"name": "large", "amount": {"currency": "USD", "above": 500_000}}
    await house.decree(small, large)
    hold = await house.credit(clerk.actor, value=1)
    assert await house.credit("run:run_x", run=UUID(int=5)) == hold
    with pytest.raises(HoldChanged):
        await house.act(hold, ann, seen=1)
    assert await house.credit(jo.actor, value=1) == hold
    assert await house.refused(hold, clerk) == f"The role {ROLE} decides this"
    assert await house.refused(hold, jo) == "Who asked for it does not decide it"
    assert await house.act(hold, ann, seen=3) == "cleared"


async def test_who_decided_about_another_hold_of_the_run_does_not_where_the_row_says_so(house: House) -> None:
    ann, ben = [await house.hire(name) for name in ("ann", "ben")]
    await house.decree({"duties": ["not_same_person"]})
    run = ids.new()
    first = await house.credit("run:run_x", run=run)
    second = await house.credit("run:run_x", run=run, on="SO-2")
    assert await house.act(first, ann) == "cleared"
    assert await house.refused(second, ann) == "Who decided an earlier step does not decide this one"
    assert await house.act(second, ben) == "cleared"


async def test_S_68_many_are_let_go_by_the_authority_that_each_takes_alone(house: House) -> None:
    ann, jo = await house.hire("ann"), await house.hire("jo")
    await house.decree()
    holds = [await house.credit(), await house.credit(ann.actor, on="SO-2")]
    batch = bulk.unpack(bulk.pack("month's end", [{"hold_id": one, "version": 1} for one in holds]))
    assert [done for _, done in await bulk.drive(house.app, house.tenant, batch, ann, hold_judge)] == [
        "cleared",
        "refused",
    ]
    assert [done for _, done in await bulk.drive(house.app, house.tenant, batch, jo, hold_judge)] == [
        "changed",
        "cleared",
    ]


async def test_S_68_who_set_the_types_of_holds_since_it_was_raised_does_not_let_it_go(house: House) -> None:
    ann, ben = [await house.hire(name) for name in ("ann", "ben")]
    await house.decree()
    hold = await house.credit()
    lax = [msgspec.structs.replace(one, decision=None) for one in SHIPPED]
    for types in (lax, SHIPPED):
        async with house.app.tenant(house.tenant) as connection:
            await kinds.put(connection, house.tenant, types, actor=await key_of(house, ann.actor))
    assert await house.refused(hold, ann) == "Who changed the rules while it was open does not decide it"
    assert await house.act(hold, ben) == "cleared"


async def test_whom_somebody_named_stands_in_the_audit_by_digests_alone(house: House) -> None:
    jo = await house.hire("jo")
    hold = await house.credit(jo.actor, facts={"requester": ["ann@acme.example"]})
    again = {"requester": ["ben@acme.example"], "customer_class": "key"}
    assert await house.credit("run:run_x", facts=again) == hold
    (row,) = await house.rows("SELECT salt FROM app.hold WHERE tenant_id = $1")
    first, joined = await house.told("hold.raised"), await house.told("hold.joined")
    assert first["digests"] == {"requester": [digests.of(row["salt"], "ann@acme.example")]}
    assert joined["digests"]["requester"] == [digests.of(row["salt"], "ben@acme.example")]
    assert joined["digests"]["customer_class"] == digests.of(row["salt"], "key")
    assert (first["amount"], first["currency"]) == (720_000, "USD")
