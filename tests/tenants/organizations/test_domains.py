"""S-99: what becomes of claims."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from infra.database import Scope
from services.worker import domains as checking
from tenants.organizations import domain_proofs
from tenants.organizations.domain_proofs import proof_of
from tenants.organizations.errors import DomainClaimed, UnknownDomain
from tests.tenants.organizations.claiming import NAME, RULES, House, Side, question_of


async def test_S_99_a_claim_is_used_only_after_its_proof_and_its_quarantine(house: House, north: Side) -> None:
    made = await north.claim()
    assert len(made.token) >= 43
    assert await north.check() == "pending"
    await north.publish()
    assert await north.check() == "quarantined"
    assert await house.host() is None
    # The wait is not over, however often somebody looks.
    assert await north.check() == "quarantined"
    await north.set_back("usable_at", "1 second")
    assert await north.check() == "active"
    assert await house.host() == north.partner
    async with house.app.session(Scope.operator()) as session:
        rows = await session.execute(
            text("SELECT action FROM app.organization_audit WHERE target = :n ORDER BY at"), {"n": NAME}
        )
        assert [row[0] for row in rows] == ["domain.claimed", "domain.quarantined", "domain.active"]


async def test_S_99_a_proof_that_goes_in_quarantine_was_none(house: House, north: Side) -> None:
    await north.claim()
    await north.publish()
    assert await north.check() == "quarantined"
    house.resolvers.publish(f"_portal-claim.{NAME}")
    await north.set_back("usable_at", "1 second")
    assert await north.check() == "pending"
    assert await house.host() is None


async def test_S_99_most_resolvers_must_see_the_proof_and_an_answer_that_does_not_come_is_none(
    house: House, north: Side
) -> None:
    await north.claim()
    proof = [f'TXT "{proof_of((await north.read()).token)}"']
    first, second, third = house.resolvers.each
    first.records[f"_portal-claim.{NAME}"] = proof
    assert await north.check() == "pending"
    second.mood, third.mood = "silent", "broken"
    assert await north.check() == "pending"
    assert (await north.read()).found == "unknown"
    second.mood, second.records[f"_portal-claim.{NAME}"] = "forging", proof
    assert await north.check() == "pending"
    second.mood = "well"
    assert await north.check() == "quarantined"


async def test_S_99_resolvers_that_are_away_take_nothing_away(house: House, north: Side) -> None:
    await north.hold()
    for one in house.resolvers.each:
        one.mood = "silent"
    assert await north.check() == "active"
    await north.set_back("failing_since", "100 days")
    assert await north.check() == "active"
    assert await house.host() == north.partner


async def test_S_99_a_domain_that_is_not_proven_any_more_is_taken_away_after_a_notice_and_a_grace_time(
    house: House, north: Side
) -> None:
    await north.hold()
    house.resolvers.publish(f"_portal-claim.{NAME}")
    assert await north.check() == "failing"
    assert await house.host() == north.partner
    await north.publish()
    assert await north.check() == "active"
    assert (await north.read()).failing_since is None
    house.resolvers.publish(f"_portal-claim.{NAME}", 'TXT "portal-claim=somebody-elses"', 'TXT "v=spf1 -all"')
    assert await north.check() == "failing"
    await north.set_back("failing_since", "71 hours")
    assert await north.check() == "failing"
    await north.set_back("failing_since", "72 hours")
    assert await north.check() == "released"
    assert await house.host() is None


async def test_S_99_it_is_looked_at_each_day_and_not_more_often(house: House, north: Side) -> None:
    await north.hold()
    asked = len(house.resolvers.each[0].asked)
    assert await checking.look(house.worker, house.resolvers.lookups, RULES) == 0
    found = await north.read()
    assert found.checked_at is not None
    assert (found.check_at - found.checked_at).total_seconds() == 86_400
    assert len(house.resolvers.each[0].asked) == asked


async def test_S_99_of_two_who_prove_at_once_one_has_it(house: House, north: Side, south: Side) -> None:
    both = [await north.claim(), await south.claim()]
    assert both[0].token != both[1].token
    assert both[0].target != both[1].target
    lines = [f'TXT "{proof_of(one.token)}"' for one in both]
    house.resolvers.publish(f"_portal-claim.{NAME}", *lines)
    states = await asyncio.gather(
        *(domain_proofs.judge(house.worker, question_of(one), "proven", RULES, "test") for one in both)
    )
    assert sorted(map(str, states)) == ["pending", "quarantined"]
    loser = north if states[0] == "pending" else south
    assert (await loser.read()).found == "taken"
    # Whoever lost does not get it by asking again, and is not told by whom.
    assert await loser.check() == "pending"


async def test_S_99_a_claimed_domain_is_not_taken_by_another_who_only_says_so(
    house: House, north: Side, south: Side
) -> None:
    await north.hold()
    await south.claim()
    assert await south.check() == "pending"
    assert (await south.read()).found == "missing"
    assert await house.host() == north.partner


async def test_S_99_a_released_name_rests_before_another_uses_it(house: House, north: Side, south: Side) -> None:
    await north.hold()
    await north.release()
    assert await house.host() is None
    await north.release()
    await south.claim()
    await south.publish()
    assert await south.check() == "quarantined"
    usable = (await south.read()).usable_at
    left = (await north.read()).released_at
    assert usable is not None
    assert left is not None
    assert (usable - left).total_seconds() == 30 * 86_400
    # Who had it has it back after the ordinary wait.
    await south.release()
    await north.claim()
    await north.publish()
    assert await north.check() == "quarantined"
    again = (await north.read()).usable_at
    assert again is not None
    assert again < usable


async def test_S_99_a_dangling_cname_proves_nothing_and_leads_to_nobody(house: House, north: Side, south: Side) -> None:
    """The client left north and its CNAME stands: south claims the name and owns what an old alias leads to."""
    await north.hold()
    old = (await north.read()).target
    await north.release()
    made = await south.claim()
    proof = f'TXT "{proof_of(made.token)}"'
    house.resolvers.publish(f"_portal-claim.{NAME}", "CNAME proofs.gone.example.")
    house.resolvers.publish("proofs.gone.example", proof)
    assert await south.check() == "pending"
    house.resolvers.publish(f"_portal-claim.{NAME}", proof)
    house.resolvers.publish(NAME, f"CNAME {old}.edge.platform.example.")
    assert await south.check() == "pending"
    assert (await south.read()).found == "points-elsewhere"
    house.resolvers.publish(NAME, f"CNAME {made.target}.edge.platform.example.")
    assert await south.check() == "quarantined"


async def test_S_99_a_partner_can_neither_prove_nor_change_a_claim_by_writing_it(
    house: House, north: Side, south: Side
) -> None:
    await north.claim()
    with pytest.raises(UnknownDomain):
        await south.read()
    with pytest.raises(DomainClaimed):
        await north.claim()
    for statement in (
        "UPDATE app.domain_claim SET state = 'active'",
        "INSERT INTO app.domain_claim (partner_id, claim_id, domain, use, token, target, state, made_by) "  # noqa: ISC004
        "SELECT partner_id, app.new_id(), 'other.example', use, token, target, 'active', 'x' FROM app.domain_claim",
        "INSERT INTO app.portal_host (host, partner_id) SELECT domain, partner_id FROM app.domain_claim",
        "SELECT app.due_domains(10)",
    ):
        async with house.app.session(Scope.partner(north.partner)) as session:
            with pytest.raises(DBAPIError):
                await session.execute(text(statement))
