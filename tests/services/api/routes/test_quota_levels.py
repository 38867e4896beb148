"""Quotas above an environment: its client's, its partner's, the installation's (ADR 0033; S-90, A13)."""

from __future__ import annotations

import pytest

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.worker import load
from tests.asgi import Answer, Caller
from tests.services.api.parties import first_key, make_key
from tests.services.api.routes.conftest import PREFIX, Cast
from tests.services.api.routes.test_quotas import go_live, limit, one_minute, quotas_of, send

__all__ = ["one_minute"]

CLIENT, PARTNER, INSTALLATION = "/v1/clients/acme/quotas", "/v1/partners/north/quotas", "/v1/operator/quotas"


@pytest.fixture
async def live(cast: Cast) -> Cast:
    await go_live(cast.client)
    await go_live(cast.rival)
    return cast


@pytest.fixture
async def tester(live: Cast, operator: Caller) -> Caller:
    """Of acme's environment `test`, where the same is deployed."""
    found = live.partner.having(await first_key(operator, "north/acme/test"))
    await go_live(found)
    return found


async def south(operator: Caller) -> Caller:
    """Of a client of another partner's, with the same workflow."""
    await operator.post("/v1/partners", {"slug": "south", "name": "South"})
    partner = operator.having(await make_key(operator, partner="south"))
    await partner.post("/v1/clients", {"slug": "away", "name": "Away"})
    found = partner.having(await first_key(operator, "south/away/live"))
    await go_live(found)
    return found


def items(answer: Answer, quota: str = "runs-per-minute") -> dict[str, object]:
    assert answer.status == 200, answer.body
    found: dict[str, object] = next(one for one in answer.json["items"] if one["quota"] == quota)
    return {name: found[name] for name in ("limit", "source", "used")}


@pytest.mark.usefixtures("one_minute")
async def test_S_90_a_client_s_environments_have_one_total_and_each_is_told_its_limit_alone(
    live: Cast, tester: Caller
) -> None:
    made = await live.partner.post(CLIENT, {"runs_per_minute": 4})
    assert items(made) == {"limit": 4, "source": "client", "used": 0}
    assert [(await send(live.client, number)).status for number in range(3)] == [202] * 3
    assert (await send(tester, 1)).status == 202
    for caller in (live.client, tester):
        told = (await send(caller, 50)).json
        assert (told["quota"], told["level"], told["limit"], told["used"]) == ("runs-per-minute", "client", 4, None)
        assert 1 <= told["retry_after"] <= 60
        assert items(await caller.get("/v1/quotas"))["source"] == "client"
    assert items(await tester.get("/v1/quotas"))["used"] == 1, "by itself, and nothing of the others"
    await quotas_of(live).exchange()
    assert items(await live.partner.get(CLIENT)) == {"limit": 4, "source": "client", "used": 4}
    assert (await send(live.rival, 1)).status == 202, "another client has nothing to do with it"
    assert items(await live.rival.get("/v1/quotas"))["limit"] is None


@pytest.mark.usefixtures("one_minute")
async def test_S_90_the_installation_takes_so_much_of_all_and_tells_nobody_how_much(
    live: Cast, operator: Caller
) -> None:
    others = await south(operator)
    assert items(await operator.post(INSTALLATION, {"runs_per_minute": 3})) == {
        "limit": 3, "source": "operator", "used": 0,
    }  # fmt: skip
    assert [(await send(caller, 1)).status for caller in (live.client, live.rival, others)] == [202] * 3
    for caller in (live.client, others):
        refused = await send(caller, 2)
        told = refused.json
        assert (refused.status, told["level"], told["limit"], told["used"]) == (429, "operator", None, None)
        assert "3" not in told["detail"].split("again")[0]
        assert items(await caller.get("/v1/quotas"))["limit"] is None
    assert items(await live.partner.get(f"{PREFIX}/quotas"))["limit"] is None
    assert items(await live.partner.get(PARTNER))["limit"] is None
    await quotas_of(live).exchange()
    assert items(await operator.get(INSTALLATION))["used"] == 3


async def test_A13_open_runs_are_counted_once_for_every_level(
    live: Cast, tester: Caller, operator: Caller, worker_database: Database
) -> None:
    await operator.post(INSTALLATION, {"open_runs": 100})
    await operator.post(PARTNER, {"open_runs": 50})
    await live.partner.post(CLIENT, {"open_runs": 4})
    await limit(live.partner, open_runs=3)
    for number in range(2):
        assert (await send(live.client, number)).status == 202
        assert (await send(live.rival, number)).status == 202
    assert (await send(tester, 1)).status == 202
    async with worker_database.doors() as connection:
        assert await connection.fetchval("SELECT app.count_loads(0)") == 4
    await quotas_of(live).exchange()
    used = [items(await caller.get(path), "open-runs")["used"] for caller, path in (
        (live.client, "/v1/quotas"), (live.partner, CLIENT), (live.partner, PARTNER), (operator, INSTALLATION),
    )]  # fmt: skip
    assert used == [2, 3, 5, 5]
    assert (await send(tester, 2)).status == 202
    refused = (await send(tester, 3)).json
    assert (refused["quota"], refused["level"], refused["retry_after"]) == ("open-runs", "client", 5)


async def test_A13_the_installation_s_open_runs_are_counted_a_fifth_as_often(
    live: Cast, operator: Caller, worker_database: Database
) -> None:
    """Every tenant's are read for it: that is not done every two seconds."""
    await operator.post(INSTALLATION, {"open_runs": 1})
    await limit(live.partner, open_runs=1)
    await load.count(worker_database)
    ages = "UPDATE app.quota SET counted_at = clock_timestamp() - interval '3 seconds'"
    async with worker_database.doors() as connection:
        assert await connection.fetchval("SELECT app.count_loads(2)") == 0
        await as_owner(live, ages)
        assert await connection.fetchval("SELECT app.count_loads(2)") == 1
    assert (await send(live.rival, 1)).status == 202
    refused = (await send(live.rival, 2)).json
    assert (refused["level"], refused["retry_after"]) == ("operator", 12)


async def as_owner(live: Cast, statement: str) -> None:
    """Time passes; in the scope of each who may write its own."""
    database: Database = live.client.app.app.state.resources.database
    async with database.tenant(await tenant(live)) as connection:
        partner = await connection.fetchval("SELECT partner_id FROM app.tenant")
        for setting, value in (("app.tenant_id", ""), ("app.partner_id", str(partner))):
            await connection.execute("SELECT set_config($1, $2, true)", setting, value)
        await connection.execute(statement)
        for setting, value in (("app.partner_id", ""), ("app.operator", "on")):
            await connection.execute("SELECT set_config($1, $2, true)", setting, value)
        await connection.execute(statement)


async def tenant(live: Cast) -> TenantId:
    client = (await live.partner.get("/v1/clients/acme")).json
    (found,) = [one["id"] for one in client["tenants"] if one["environment"] == "live"]
    return TenantId(ids.read("ten", found))


async def test_S_90_bytes_count_for_every_level_that_has_a_limit(live: Cast, tester: Caller) -> None:
    await live.partner.post(CLIENT, {"payload_bytes_per_day": 2_000})
    assert (await send(live.client, 1, text="x" * 1_500)).status == 202
    refused = await send(tester, 1, text="x" * 1_500)
    assert (refused.status, refused.json["level"], refused.json["limit"]) == (429, "client", 2_000)
    await quotas_of(live).exchange()
    used = items(await live.partner.get(CLIENT), "payload-bytes-per-day")["used"]
    assert isinstance(used, int)
    assert 1_500 < used < 2_000


async def test_the_nearest_of_the_tightest_is_told_and_nobody_has_more_than_is_above(
    live: Cast, operator: Caller
) -> None:
    await operator.post(INSTALLATION, {"runs_per_minute": 100})
    above = await operator.post(PARTNER, {"runs_per_minute": 101})
    assert (above.status, above.problem) == (409, "quota-above-own")
    await operator.post(PARTNER, {"runs_per_minute": 50})
    above = await live.partner.post(CLIENT, {"runs_per_minute": 51})
    assert (above.status, "50 of all your environments" in above.json["detail"]) == (409, True)
    await live.partner.post(CLIENT, {"runs_per_minute": 10})
    above = await limit(live.partner, runs_per_minute=11)
    assert (above.status, "10 of all of the client's" in above.json["detail"]) == (409, True)
    assert items(await limit(live.partner, runs_per_minute=10))["source"] == "environment"
    assert items(await limit(live.partner, runs_per_minute=None))["source"] == "client"
    await live.partner.post(CLIENT, {"runs_per_minute": None})
    assert items(await live.partner.get(f"{PREFIX}/quotas")) == {"limit": 50, "source": "partner", "used": 0}
    # What is above the installation's is as tight as that, whoever has set it: the operator alone sees both.
    await operator.post(INSTALLATION, {"runs_per_minute": 40})
    assert items(await operator.get(PARTNER))["source"] == "operator"
    assert items(await live.partner.get(PARTNER))["limit"] == 50


async def test_S_01_nobody_sets_or_reads_what_is_above(live: Cast, tester: Caller, operator: Caller) -> None:
    for caller, path in (
        (live.client, CLIENT), (tester, CLIENT), (operator, CLIENT), (live.client, INSTALLATION),
        (live.partner, INSTALLATION),
    ):  # fmt: skip
        assert (await caller.get(path)).status == 403, path
        assert (await caller.post(path, {"open_runs": 1})).status == 403, path
    await south(operator)
    assert (await live.partner.get("/v1/clients/away/quotas")).status == 404
    assert (await live.partner.post("/v1/clients/away/quotas", {"open_runs": 1})).status == 404


async def test_S_08_no_scope_writes_a_quota_that_is_above_it(live: Cast, operator: Caller) -> None:
    """By the database itself, whatever the code would do."""
    await operator.post(INSTALLATION, {"open_runs": 9})
    await operator.post(PARTNER, {"open_runs": 8})
    await live.partner.post(CLIENT, {"open_runs": 7})
    await limit(live.partner, open_runs=6)
    database: Database = live.client.app.app.state.resources.database
    own = await tenant(live)
    async with database.tenant(own) as connection:
        partner = await connection.fetchval("SELECT partner_id FROM app.tenant")
        seen = await connection.fetch("SELECT amount FROM app.quota ORDER BY 1")
        assert [row["amount"] for row in seen] == [6, 7]
        assert await connection.execute("DELETE FROM app.quota") == "DELETE 0"
        assert await connection.execute("UPDATE app.quota SET amount = 1") == "UPDATE 0"
        for setting, value in (("app.tenant_id", ""), ("app.partner_id", str(partner))):
            await connection.execute("SELECT set_config($1, $2, true)", setting, value)
        seen = await connection.fetch("SELECT amount FROM app.quota ORDER BY 1")
        assert [row["amount"] for row in seen] == [6, 7, 8]
        assert await connection.execute("DELETE FROM app.quota") == "DELETE 2"
        for setting, value in (("app.partner_id", ""), ("app.operator", "on")):
            await connection.execute("SELECT set_config($1, $2, true)", setting, value)
        seen = await connection.fetch("SELECT amount FROM app.quota ORDER BY 1")
        assert [row["amount"] for row in seen] == [8, 9]


async def test_whoever_set_a_total_is_told_before_and_when_it_is_reached(
    live: Cast, operator: Caller, worker_database: Database
) -> None:
    await operator.post(INSTALLATION, {"open_runs": 5})
    await live.partner.post(CLIENT, {"open_runs": 4})
    for number in range(4):
        assert (await send(live.client, number)).status == 202
    for _ in range(2):
        async with worker_database.doors() as connection:
            await connection.execute("SELECT app.count_loads(0)")
    client = (await live.partner.get("/v1/clients/acme")).json["id"]
    for caller, target, action, body in (
        (live.partner, client, "quota.reached", {"quota": "open-runs", "limit": 4, "used": 4}),
        (operator, "operator", "quota.near", {"quota": "open-runs", "limit": 5, "used": 4}),
    ):
        (told,) = (await caller.get(f"/v1/organization/audit?action={action}")).json["items"]
        assert (told["target"], told["actor"], told["after"]) == (target, "engine", body)
    assert (await live.client.get("/v1/notices")).json["items"] == [], "what others use is in it"
