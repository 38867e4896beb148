"""Private networks are the operator's to open, to one environment of a client (ADR 0058, S-50)."""

from __future__ import annotations

from uuid import UUID

import pytest

from infra import ids
from infra.database import Database, Scope
from tenants.organizations.opened_networks import OpenedNetworks
from tests.services.api.parties import Parties

AT = "/v1/operator/private-networks"


def wish(parties: Parties, network: str = "10.20.0.0/16") -> dict[str, str]:
    return {
        "client": parties.ids["acme"], "environment": "live", "network": network, "reason": "The ERP in their house",
    }  # fmt: skip


async def seen(database: Database, parties: Parties) -> dict[str, list[str]]:
    """What the guards of a process know, by environment."""
    known = OpenedNetworks(database)
    await known.refresh()
    tenants = {name: ids.read("ten", one) for name, one in parties.ids.items() if ":" in name}
    return {name: [str(one) for one in known(UUID(str(tenant)))] for name, tenant in tenants.items() if known(tenant)}


async def test_S_50_the_operator_opens_and_closes_a_network_for_one_environment(
    parties: Parties, worker_database: Database, app_database: Database
) -> None:
    opened = await parties.operator.post(AT, wish(parties))
    assert opened.status == 200, opened.body
    assert (opened.json["tenant"], opened.json["network"]) == (parties.ids["acme:live"], "10.20.0.0/16")
    assert (await parties.operator.post(AT, wish(parties))).json == opened.json, "safe to repeat"
    for database in (worker_database, app_database):
        assert await seen(database, parties) == {"acme:live": ["10.20.0.0/16"]}
    assert (await parties.operator.get(AT)).json == {"items": [opened.json]}
    body = {name: value for name, value in wish(parties).items() if name != "reason"}
    assert (await parties.operator.post(f"{AT}/close", body)).status == 204
    assert (await parties.operator.post(f"{AT}/close", body)).status == 404
    assert await seen(worker_database, parties) == {}
    async with app_database.session(Scope.operator()) as session:
        connection = await session.connection()
        found = await connection.exec_driver_sql("SELECT action, after ->> 'network' FROM app.organization_audit")
        rows = [tuple(row) for row in found if row[0].startswith("network.")]
    assert rows == [("network.opened", "10.20.0.0/16"), ("network.closed", "10.20.0.0/16")]


@pytest.mark.parametrize(
    "network",
    [
        "93.184.216.0/24",
        "0.0.0.0/0",
        "::/0",
        "10.0.0.1/8",
        "127.0.0.0/8",
        "169.254.169.254/32",
        "fe80::/10",
        "8.0.0.0/5",
        "not a network",
        "erp.acme.example",
    ],
)
async def test_S_50_only_private_networks_are_opened(parties: Parties, network: str) -> None:
    refused = await parties.operator.post(AT, wish(parties, network))
    assert (refused.status, refused.problem) == (422, "network-not-private")


async def test_S_50_nobody_but_the_operator_opens_one(parties: Parties, app_database: Database) -> None:
    for caller in (parties.north, parties.acme):
        assert (await caller.post(AT, wish(parties))).status == 403
        assert (await caller.get(AT)).status == 403
    with pytest.raises(Exception, match="row-level security"):
        async with app_database.tenant(ids.read("ten", parties.ids["acme:live"])) as connection:
            await connection.execute(
                "INSERT INTO app.private_network (tenant_id, network, reason, opened_by) "
                "VALUES ($1, '10.0.0.0/8', 'x', 'x')",
                ids.read("ten", parties.ids["acme:live"]),
            )


async def test_an_unknown_client_or_environment_has_none(parties: Parties) -> None:
    for other in ({"client": ids.show("cli", ids.new())}, {"client": "acme"}, {"environment": "nowhere"}):
        assert (await parties.operator.post(AT, {**wish(parties), **other})).status == 404
