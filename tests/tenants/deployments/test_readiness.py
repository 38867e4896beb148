"""Green, amber or red, and why: what is bound must work, and of what is not bound yet one is enough (ADR 0084)."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from tenants.deployments import readiness
from tenants.deployments.readiness import Cause, Known, Offer, Standing, Thing

ASKED = ("erp.customers.credit", "erp.sales-orders.create")
WHOLE = frozenset(ASKED)
OFFERS = {
    "proven": Offer(title="Proven", operations=WHOLE | {"more"}, level="certified"),
    "new": Offer(title="New", operations=WHOLE, level="not certified"),
    "older": Offer(title="Older", operations=WHOLE, level="certified before"),
    "played": Offer(title="Played", operations=WHOLE, level="simulated"),
    "half": Offer(title="Half", operations=frozenset(ASKED[:1]), level="certified"),
    "other": Offer(title="Other", operations=frozenset({"wms.orders.get"}), level="certified"),
}
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def known(connector: str, *, active: bool = True, away: datetime | None = None, fails: str | None = None) -> Known:
    return Known(id=UUID(int=1), name=f"my-{connector}", connector=connector, active=active, away=away, fails=fails)


def of(*members: Known, bound: str | None = None) -> Thing:
    deployments = () if bound is None else (bound,)
    kind = "connection" if len(members) == 1 else "group"
    return Thing(kind=kind, id=UUID(int=2), name=members[0].name, members=members, deployments=deployments)  # type: ignore[arg-type]  # of two


@pytest.mark.parametrize(
    ("one", "cause", "standing"),
    [
        (known("proven"), "ready", "green"),
        (known("older"), "older", "green"),
        (known("played"), "simulated", "amber"),
        (known("new"), "unproven", "amber"),
        (known("proven", away=NOON), "away", "amber"),
        (known("proven", fails="communication"), "failing", "amber"),
        (known("proven", fails="communication", away=NOON), "away", "amber"),
        (known("proven", fails="authentication", away=NOON), "failing", "red"),
        (known("played", fails="authorization"), "failing", "red"),
        (known("proven", fails="configuration"), "failing", "red"),
        (known("proven", active=False, away=NOON), "disabled", "red"),
        (known("half"), "lacks", "red"),
        (known("gone"), "lacks", "red"),
    ],
)
def test_a_connection_stands_by_what_is_worst_about_it(one: Known, cause: Cause, standing: Standing) -> None:
    found = readiness.connection(one, ASKED, OFFERS)
    assert (found.cause, found.standing, found.about) == (cause, standing, one)


def test_what_a_connector_lacks_is_named_and_of_one_that_is_not_there_it_is_all() -> None:
    assert readiness.connection(known("half"), ASKED, OFFERS).lacks == ASKED[1:]
    assert readiness.connection(known("gone"), ASKED, OFFERS).lacks == ASKED


def test_of_what_is_not_bound_one_good_connection_is_enough_and_what_offers_nothing_is_left_out() -> None:
    things = [of(known("half")), of(known("new")), of(known("proven")), of(known("other"))]
    verdict, found = readiness.need(things, ASKED, OFFERS)
    assert verdict.cause == "ready"
    assert [one.thing.name for one in found] == ["my-proven", "my-new", "my-half"]


def test_what_is_bound_must_work_though_something_better_is_there() -> None:
    things = [of(known("proven")), of(known("proven", active=False), bound="orders"), of(known("new"), bound="more")]
    verdict, found = readiness.need(things, ASKED, OFFERS)
    assert (verdict.cause, verdict.standing) == ("disabled", "red")
    assert [(one.thing.deployments, one.verdict.cause) for one in found] == [
        (("more",), "unproven"),
        (("orders",), "disabled"),
        ((), "ready"),
    ]


def test_a_group_stands_as_the_worst_that_its_rules_lead_to() -> None:
    good, away = known("proven"), known("played", away=NOON)
    verdict, _ = readiness.need([of(good, away)], ASKED, OFFERS)
    assert (verdict.cause, verdict.about) == ("away", away)
    locked = known("proven", fails="authentication")
    verdict, _ = readiness.need([of(away, locked)], ASKED, OFFERS)
    assert (verdict.cause, verdict.standing, verdict.about) == ("failing", "red", locked)


def test_where_nothing_offers_any_it_is_missing_and_a_template_is_as_ready_as_its_worst_need() -> None:
    missing, found = readiness.need([of(known("other"))], ASKED, OFFERS)
    assert (missing.cause, missing.standing, missing.lacks, missing.about, found) == ("missing", "red", ASKED, None, [])
    good = readiness.connection(known("proven"), ASKED, OFFERS)
    assert readiness.worst([good.standing, missing.standing]) == "red"
    assert readiness.worst([]) == "green"


def test_connectors_that_would_do_are_named_the_proven_ones_first() -> None:
    assert readiness.choice(ASKED, OFFERS) == ["proven", "older", "new", "played"]
    assert readiness.choice(["nobody.offers"], OFFERS) == []
