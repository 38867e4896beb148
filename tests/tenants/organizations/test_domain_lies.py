"""S-99: what resolvers, other partners and the operator say of a claimed name, and what comes of it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from infra.database import Scope
from infra.egress import Found
from tenants.organizations import branding, domain_proofs
from tests.tenants.organizations.claiming import NAME, RULES, House, Side


async def test_S_99_what_the_operator_gave_stays_where_it_is(house: House, north: Side, south: Side) -> None:
    await house.give("north")
    await south.claim()
    await south.publish()
    assert await south.check() == "pending"
    assert (await south.read()).found == "taken"
    assert await house.host() == north.partner


@pytest.mark.parametrize("ends", ["released", "not-proven"])
async def test_S_99_what_the_operator_gave_outlives_its_own_partners_claim(
    house: House, north: Side, ends: str
) -> None:
    await house.give("north")
    await north.claim()
    assert await north.wait() == "active"
    if ends == "released":
        await north.release()
    else:
        house.resolvers.publish(f"_portal-claim.{NAME}")
        assert await north.check() == "failing"
        await north.set_back("failing_since", "72 hours")
        assert await north.check() == "released"
    assert await house.host() == north.partner


async def test_S_99_a_claim_turns_no_host_of_the_operators_to_another_use(house: House, north: Side) -> None:
    await house.give("north")
    await north.claim("api")
    assert await north.wait() == "pending"
    assert (await north.read()).found == "taken"
    found = await branding.of_host(house.app, NAME)
    assert found is not None
    assert found.use == "portal"


async def test_S_99_what_the_operator_gave_to_who_had_claimed_it_stays(house: House, north: Side) -> None:
    await north.hold()
    await house.give("north")
    await north.release()
    assert await house.host() == north.partner


async def test_S_99_a_host_that_the_operator_takes_takes_its_claim_along(house: House, north: Side) -> None:
    await north.hold()
    await house.take()
    assert await house.host() is None
    assert (await north.read()).state == "released"
    # Nothing gives it back but a claim of its own, with another record.
    assert await north.check() == "released"
    assert await house.host() is None


async def test_S_99_one_resolver_that_lies_of_the_alias_takes_nothing_and_keeps_a_name_from_being_given(
    house: House, north: Side
) -> None:
    await north.hold()
    first, second, _ = house.resolvers.each
    first.records[NAME] = ["CNAME another.edge.platform.example."]
    assert await north.check() == "active"
    await north.set_back("failing_since", "100 days")
    assert await north.check() == "active"
    assert (await north.read()).found == "unknown"
    # Most of them: then it is so.
    second.records[NAME] = ["CNAME another.edge.platform.example."]
    assert await north.check() == "failing"
    second.records[NAME] = []
    assert await north.check() == "failing"
    await north.set_back("failing_since", "72 hours")
    assert await north.check() == "failing"
    await north.release()
    await north.claim()
    await north.publish()
    assert await north.check() == "pending"
    assert (await north.read()).found == "unknown"


async def test_S_99_resolvers_that_do_not_say_where_a_name_leads_give_it_to_nobody(north: Side) -> None:
    made = await north.claim()
    answers = [Found(), None, None]
    assert domain_proofs.led(answers, f"{made.target}.{RULES.edge}", RULES.edge) == "unknown"
    assert domain_proofs.led([Found(), Found(), None], f"{made.target}.{RULES.edge}", RULES.edge) == "proven"


async def test_S_16_S_99_no_statement_of_another_partners_proves_or_releases_a_claim(
    house: House, north: Side, south: Side
) -> None:
    await north.claim()
    await north.publish()
    assert await north.check() == "quarantined"
    made = await north.read()
    judge = text("SELECT app.judge_domain(:c, :seen, 'x', interval '0', interval '0', interval '0')")
    release = text("SELECT app.release_domain(:p, :c, 'x')")
    async with house.app.session(Scope.partner(south.partner)) as session:
        for seen in ("proven", "missing"):
            assert await session.scalar(judge, {"c": made.claim_id, "seen": seen}) is None
        for partner in (north.partner, south.partner):
            assert await session.scalar(release, {"p": partner, "c": made.claim_id}) is None
        await session.commit()
    async with house.app.doors() as connection:
        assert await connection.fetchval("SELECT app.release_domain($1, $2, 'x')", north.partner, made.claim_id) is None
    now = await north.read()
    assert (now.state, now.usable_at, now.found) == ("quarantined", made.usable_at, "proven")
