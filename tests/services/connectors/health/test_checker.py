"""Connections are checked as they are made or changed, and now and then, by one worker each, and never pressed."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from sqlalchemy import text

from infra.database import Scope
from services.connectors.declared.connector import Declared
from services.connectors.health import checks
from services.connectors.health.checker import LEAST_SECONDS
from services.connectors.simulators.http import Answered
from services.engine import outages
from tenants.connections.limits import Limits, Rate
from tests.services.connectors.declared.other import said
from tests.services.connectors.health.clinic import PAYLOAD, SYSTEM, Clinic

LEFT = {"RateLimit_Limit": "100", "RateLimit_Remaining": "7", "RateLimit_Reset": "30"}


async def test_a_connection_is_checked_as_it_is_made_and_then_now_and_then(clinic: Clinic) -> None:
    clinic.other._answers = [said({"total": 1}, 200, **LEFT)]
    found = await clinic.round(now=False)
    assert (found.error, found.failures, found.checked_at) == (None, 0, found.good_at)
    assert found.checked_at is not None
    assert found.took is not None
    assert (found.quota_left, found.quota_most) == (7, 100)
    assert found.quota_until is not None
    assert 890 < await clinic.seconds() <= 900 * 1.2
    await clinic.round(now=False)
    assert len(clinic.other.asked) == 1, "its time has not come"
    assert clinic.other.last.headers["authorization"].startswith("Bearer ")


async def test_a_change_begins_anew_and_a_disabled_one_is_left_alone(clinic: Clinic) -> None:
    clinic.other._answers = [said({}, 401), said({"total": 1})]
    assert (await clinic.round()).error == "authentication"
    change = "UPDATE app.connection SET revision = revision + 1, status = $2 WHERE tenant_id = $1"
    await clinic.do(change, "active")
    assert await clinic.health() == msgspec.structs.replace(checks.Health(), due_at=(await clinic.health()).due_at)
    assert (await clinic.round(now=False)).error is None
    await clinic.do(change, "disabled")
    assert await clinic.checker.begin() == 0
    assert (await clinic.health()).due_at is None


async def test_credentials_that_are_refused_are_shown_less_often_each_time(clinic: Clinic) -> None:
    clinic.other._answers = [said({}, 401)]
    waited = []
    for _ in range(3):
        await clinic.round()
        waited.append(await clinic.seconds())
    assert waited[0] < 900 * 1.2 < 900 * 1.99 < waited[1] < 900 * 2.4 < 900 * 3.9 < waited[2]
    assert (await clinic.health()).failures == 3
    told = "SELECT state, cause, title FROM app.exception WHERE tenant_id = $1"
    (open_one,) = await clinic.do(told)
    assert (open_one["state"], open_one["cause"], "the secret `token`" in open_one["title"]) == ("open", "health", True)
    clinic.other._answers = [said({}, 503)]
    await clinic.round()
    assert LEAST_SECONDS - 60 < await clinic.seconds() < 900, "who is away is asked sooner, and no sooner than this"
    clinic.other._answers = [said({"total": 1})]
    await clinic.round()
    assert [one["state"] for one in await clinic.do(told)] == ["resolved"]


async def test_F_02_of_two_who_check_the_later_ones_answer_counts(clinic: Clinic) -> None:
    (first,) = await checks.take(clinic.worker, 5, 60)
    assert await checks.take(clinic.worker, 5, 60) == [], "as long as the lease lasts it is nobody else's"
    await clinic.come_due()
    (second,) = await checks.take(clinic.worker, 5, 60)
    await checks.put(clinic.worker, first, checks.Found(error="timeout"), 900)
    await checks.put_off(clinic.worker, first, 5_000)
    assert (await clinic.health()).error is None
    assert await clinic.seconds() < 61
    await checks.put(clinic.worker, second, checks.Found(), 900)
    assert (await clinic.health()).good_at is not None


async def test_F_01_one_that_dies_while_it_asks_leaves_a_lease_that_ends(clinic: Clinic) -> None:
    clinic.other._answers = [Answered(200, mute=True)]
    dying = clinic.another()
    assert await dying.begin() == 1
    while not clinic.other.asked:
        await asyncio.sleep(0.01)
    await dying._checking.end()
    clinic.other._answers = [said({"total": 1})]
    assert await clinic.checker.begin() == 0, "it may still be asking"
    found = await clinic.round()
    assert (found.error, found.failures) == (None, 0)


async def test_F_21_a_check_is_a_call_of_the_connections_rate(clinic: Clinic) -> None:
    rate = Limits(at_once=2, rate=Rate(calls=1, seconds=3600))
    clinic.connection = msgspec.structs.replace(clinic.connection, limits=rate)
    before = await clinic.round()
    assert before.good_at is not None
    assert await clinic.round() == msgspec.structs.replace(before, due_at=(await clinic.health()).due_at)
    assert len(clinic.other.asked) == 1
    assert await clinic.seconds() < 120, "its turn has not come"


async def test_while_the_breaker_is_open_a_check_is_its_probe_or_none(clinic: Clinic) -> None:
    tenant, connection = clinic.world.tenant_id, clinic.connection.id
    await outages.begin(clinic.worker, tenant, connection, "it does not answer", 3600, revision=0)
    assert (await clinic.round(clinic.another())).checked_at is None
    assert clinic.other.asked == []
    async with clinic.worker.tenant(tenant) as transaction:
        await transaction.execute("UPDATE app.outage SET probe_at = clock_timestamp() WHERE tenant_id = $1", tenant)
    assert (await clinic.round(clinic.another())).good_at is not None
    (row,) = await clinic.do("SELECT ended_at FROM app.outage WHERE tenant_id = $1")
    assert row["ended_at"] is not None


async def test_nothing_of_a_suspended_client_is_asked(clinic: Clinic) -> None:
    async with clinic.app.session(Scope.operator()) as session:
        await session.execute(
            text("UPDATE app.tenant SET hold = 1 WHERE tenant_id = :id"), {"id": clinic.world.tenant_id}
        )
        await session.commit()
    assert await clinic.checker.begin() == 0


async def test_S_72_an_error_that_nobody_foresaw_is_a_failure_and_not_what_was_found_before(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await clinic.round()).error is None

    async def call(*_: object) -> None:
        raise TypeError(PAYLOAD)

    monkeypatch.setattr(Declared, "call", call)
    found = await clinic.round()
    assert (found.error, found.failures) == ("runtime", 1)
    assert "(TypeError)" in (found.detail or "")
    assert "`base_url`" in (found.detail or "")
    assert PAYLOAD not in repr(found)
    assert found.good_at is not None
    assert await clinic.seconds() > 800, "it will not be another one in a minute"
    monkeypatch.undo()
    assert (await clinic.round()).error is None


async def test_F_11_an_outage_of_our_own_database_is_nothing_of_the_connection(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def call(*_: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(Declared, "call", call)
    assert (await clinic.round()).checked_at is None


async def test_whose_connector_names_nothing_to_ask_stays_unknown(clinic: Clinic) -> None:
    found = await clinic.round(clinic.another({name: part for name, part in SYSTEM.items() if name != "health"}))
    assert (found.checked_at, clinic.other.asked) == (None, [])
    assert await clinic.seconds() > 800
