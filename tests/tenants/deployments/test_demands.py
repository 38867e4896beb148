"""What a template demands beside connections: where each value would come from, and who is there (ADR 0134)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from template_library import catalog
from tenants.deployments import demands
from tenants.deployments.demands import ParameterCause, RoleCause, Staffed
from tenants.deployments.models import DeploymentRevision
from tenants.deployments.readiness import Standing
from tenants.organizations.parameters import Inherited

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["warehouse"],
    "properties": {
        "warehouse": {"title": "Warehouse", "type": "string", "minLength": 2},
        "days": {"title": "Days", "type": "integer", "minimum": 0, "default": 3},
        "note": {"type": "string"},
    },
}
MANIFEST = catalog.builtin().find("order-release", "1.2.0").manifest


def above(level: str = "client", **values: Any) -> dict[str, Inherited]:
    """What is inherited from this level."""
    at = datetime(2026, 1, 2, 12, tzinfo=UTC)
    return {
        name: Inherited(name=name, value=value, level=level, owner="cli_1", set_at=at, above=[])  # type: ignore[arg-type]  # of five
        for name, value in values.items()
    }


def ran(**values: tuple[Any, str]) -> DeploymentRevision:
    """Values with their sources, as a deployment keeps them."""
    parameters = {name: value for name, (value, _) in values.items()}
    return DeploymentRevision(parameters=parameters, sources={name: source for name, (_, source) in values.items()})


def causes(*uses: tuple[DeploymentRevision | None, dict[str, Inherited]]) -> list[str]:
    return [one.cause for one in demands.parameters(SCHEMA, uses)]


def test_a_value_that_nobody_gave_is_missing_where_it_is_needed_and_there_is_no_default() -> None:
    warehouse, days, note = demands.parameters(SCHEMA, [(None, {})])
    assert (warehouse.cause, warehouse.standing, warehouse.is_required) == ("missing", "red", True)
    assert (days.cause, days.standing, days.title) == ("default", "green", "Days")
    assert (note.cause, note.standing, note.title) == ("optional", "green", "note")


def test_what_is_inherited_names_its_level_and_what_breaks_the_rules_is_refused_with_the_rule() -> None:
    warehouse, days, note = demands.parameters(SCHEMA, [(None, above(warehouse="reno", days=-1, other="else"))])
    assert (warehouse.cause, warehouse.standing, warehouse.level) == ("inherited", "green", "client")
    assert (days.cause, days.standing, days.level) == ("refused", "red", "client")
    assert days.detail is not None
    assert "-1" in days.detail
    assert (note.cause, note.level, warehouse.detail) == ("optional", None, None)


def test_what_a_deployment_has_set_stands_in_front_of_what_is_inherited() -> None:
    own = ran(warehouse=("reno", "deployment"), days=(3, "default"))
    assert causes((own, above(warehouse="x"))) == ["set", "default", "optional"]
    assert causes((own, above(days=9))) == ["set", "inherited", "optional"], "the next revision reads it anew"


def test_what_a_deployment_inherited_and_is_inherited_no_more_is_missing_for_its_next_revision() -> None:
    before = ran(warehouse=("reno", "site"))
    assert causes((before, above("site", warehouse="reno"))) == ["inherited", "default", "optional"]
    assert causes((before, {})) == ["missing", "default", "optional"]


def test_of_several_deployments_the_worst_counts() -> None:
    own = ran(warehouse=("reno", "deployment"))
    assert causes((own, {}), (own, {})) == ["set", "default", "optional"]
    assert causes((own, {}), (ran(), above("site", warehouse="reno"))) == ["inherited", "default", "optional"]
    assert causes((own, {}), (ran(), above("site", warehouse="r"))) == ["refused", "default", "optional"]


def test_each_cause_has_a_place_and_what_is_red_comes_last() -> None:
    order: tuple[ParameterCause, ...] = ("set", "inherited", "default", "optional", "refused", "missing")
    assert tuple(demands._PARAMETERS) == order
    assert [demands._PARAMETERS[one] for one in order] == ["green"] * 4 + ["red"] * 2


@pytest.mark.parametrize(("environment", "worst"), [("live", "red"), ("test", "amber"), ("dev", "amber")])
@pytest.mark.parametrize(
    ("there", "cause"),
    [
        (Staffed("active", 2), "staffed"),
        (Staffed("active", 0), "empty"),
        (Staffed("disabled", 0), "disabled"),
        (Staffed(None, 0), "absent"),
    ],
)
def test_a_role_needs_somebody_and_in_live_nothing_goes_without(
    there: Staffed, cause: RoleCause, environment: str, worst: Standing
) -> None:
    staffed = dict.fromkeys(MANIFEST.roles, there)
    found = demands.roles(MANIFEST, staffed, environment)[0]
    assert (found.cause, found.people) == (cause, there.people)
    assert found.standing == ("green" if cause == "staffed" else worst)


def test_the_process_owner_comes_first_and_the_others_as_they_are_written() -> None:
    found = demands.roles(MANIFEST, dict.fromkeys(MANIFEST.roles, Staffed("active", 1)), "live")
    others = [slug for slug in MANIFEST.roles if slug != MANIFEST.process_owner]
    assert [one.slug for one in found] == [MANIFEST.process_owner, *others]
    assert [one.is_process_owner for one in found] == [True] + [False] * len(others)
    moved = dict(reversed(list(MANIFEST.roles.items())))
    turned = type(MANIFEST)(
        **{**{name: getattr(MANIFEST, name) for name in MANIFEST.__struct_fields__}, "roles": moved}
    )
    assert demands.roles(turned, dict.fromkeys(moved, Staffed(None, 0)), "live")[0].slug == MANIFEST.process_owner
