"""What a credential may do beside what its connector needs: asked where the system tells, else said to be unknown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import msgspec
import pytest

from infra.egress import Client
from services.connectors.builtin import all_connectors
from services.connectors.builtin.tryton import rights
from services.connectors.builtin.tryton.offered import MANIFEST
from services.connectors.builtin.tryton.session import Rpc
from services.connectors.health import findings
from services.connectors.sdk.context import Context
from services.connectors.simulators.http import Answered, Asked
from services.connectors.simulators.systems import KINDS
from services.connectors.trying.playing import listening
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Done
from tests.counterparts.calling import CONNECTION, TENANT, Caller

SYSTEMS = {
    "vendure": ({}, {"key": "test-key"}),
    "request-tracker": ({"user": "connector", "queue": "Disputes"}, {"password": "test-password"}),
    "django-oscar": ({"user": "staff@shop.example"}, {"password": "test-password"}),
}
PROBES = ("ReadAdministrator", "ReadAsset", "ReadChannel", "ReadPaymentMethod", "ReadPromotion", "ReadShippingMethod")


@pytest.fixture(scope="module")
async def evaluator() -> AsyncIterator[Expressions]:
    async with ExpressionPool(size=1) as pool:
        yield Expressions(pool)


def seen(*refused: str, code: str = "FORBIDDEN") -> dict[str, Any]:
    """Of Vendure 3.7: each field that is refused is null, with an error; what is not there is null without one."""
    errors = [{"path": [one], "message": "Not authorized", "extensions": {"code": code}} for one in refused]
    return {"data": dict.fromkeys(PROBES), **({"errors": errors} if errors else {})}


def desk(own: list[str], *, administers: bool, plugins: list[str] | None) -> dict[str, Any]:
    """Of Request Tracker 5.0, by path."""
    return {
        "rt": {"Version": "5.0.5", **({} if plugins is None else {"Plugins": plugins})},
        "Nobody": {"Name": "Nobody", **({"Disabled": 0, "Memberships": []} if administers else {})},
        "connector": {"Name": "connector", "_hyperlinks": [{"ref": one, "_url": "x"} for one in ["self", *own]]},
    }


@pytest.mark.parametrize(
    ("name", "told", "excess"),
    [
        ("vendure", seen(*PROBES), []),
        ("vendure", seen(*PROBES[1:]), ["ReadAdministrator"]),
        ("vendure", seen(), list(PROBES)),
        ("request-tracker", desk([], administers=False, plugins=None), []),
        ("request-tracker", desk(["memberships"], administers=False, plugins=None), ["AdminGroupMembership"]),
        (
            "request-tracker",
            desk(["memberships"], administers=True, plugins=[]),
            ["AdminGroupMembership", "AdminUsers", "SuperUser"],
        ),
        ("django-oscar", {"": {"count": 1, "results": [{"name": "Warehouse"}]}}, ["partner.view_partner"]),
        ("django-oscar", {}, []),
    ],
)
async def test_rights_that_nothing_needs_are_found_where_the_system_tells(
    name: str, told: dict[str, Any], excess: list[str], client: Client, evaluator: Expressions
) -> None:
    async def tells(asked: Asked) -> Answered:
        if name == "vendure":
            return Answered(200, msgspec.json.encode(told))
        one = told.get("" if name == "django-oscar" else asked.target.rpartition("/")[2])
        body = {"detail": "You do not have permission to perform this action."} if one is None else one
        return Answered(403 if one is None else 200, msgspec.json.encode(body))

    async with listening(tells) as url:
        settings, secrets = SYSTEMS[name]
        caller = Caller(name, url, client, evaluator, settings=settings, secrets=secrets)
        manifest = caller.connector.manifest
        assert manifest.health is not None
        listed = frozenset(await caller.done(manifest.health.rights, {}))
        context = Context(client, TENANT, await caller.open(TENANT, CONNECTION), "key")
        found = findings.of(Done(output=None), context, manifest, None, listed)
    assert (found.rights_told, found.excess) == (True, excess)


async def test_another_error_of_a_shop_says_nothing_of_rights(client: Client, evaluator: Expressions) -> None:
    async def fails(_asked: Asked) -> Answered:
        return Answered(200, msgspec.json.encode(seen(PROBES[0], code="INTERNAL_SERVER_ERROR")))

    async with listening(fails) as url:
        caller = Caller("vendure", url, client, evaluator, settings={}, secrets={"key": "test-key"})
        assert not isinstance(await caller.call("vendure.rights.list", {}), Done)


class Told:
    """An Rpc of Tryton 8.2 whose user has these groups."""

    def __init__(self, *groups: str, administrator: bool = False) -> None:
        self._groups = dict(enumerate(groups, 1))
        self._administrator = administrator

    async def model(self, name: str, *given: Any, **_: Any) -> Any:
        if name == "res.user.get_preferences":
            return {"language": "de", "administrator": self._administrator, "groups": list(self._groups)}
        assert name == "res.group.read"
        return [{"id": one, "name": self._groups[one]} for one in given[0]]


@pytest.mark.parametrize(
    ("told", "excess"),
    [
        (Told("Sales", "Stock", "Accounting", "Party Administration", "Account Credit Limit"), []),
        (Told("Sales", "Sales Administrator", administrator=True), ["Sales Administrator", "administrator"]),
        (Told(), []),
    ],
)
async def test_groups_that_nothing_needs_are_found(told: Told, excess: list[str], client: Client) -> None:
    listed = frozenset(await rights.listed({}, cast("Rpc", told)))
    context = Context(client, TENANT, cast("Any", None), "key")
    found = findings.of(Done(output=None), context, MANIFEST, None, listed)
    assert (found.rights_told, found.excess) == (True, excess)


def test_each_connector_asks_is_told_or_says_that_it_cannot_be_told() -> None:
    simulated = {kind.connector for kind in KINDS.values()}
    silent = []
    for one in all_connectors():
        manifest = one.manifest
        asks = manifest.health is not None and manifest.health.rights
        # Business Central's token names its roles.
        says = any("cannot be told" in trap for trap in manifest.traps) or manifest.name == "business-central"
        if manifest.name not in simulated and not asks and not says:
            silent.append(manifest.name)
    assert silent == []


def test_each_connector_says_what_surprises_who_uses_it() -> None:
    assert [one.manifest.name for one in all_connectors() if not one.manifest.traps] == []
