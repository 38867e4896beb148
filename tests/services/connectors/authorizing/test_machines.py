"""Tokens for a connection's own credentials: one worker fetches, and all use what it stored."""

from __future__ import annotations

import asyncio

import pytest

from infra import clock, crash_points
from services.connectors.authorizing import keeper
from services.engine.functions import Done, Failed, Later
from tenants.connections import grants
from tenants.connections.rotation import SECRETS, rotate
from tests.services.connectors.authorizing.side import WHO, Side
from tests.services.connectors.declared.other import SECRET, said


async def test_S_77_of_many_workers_one_fetches_and_all_use_what_it_stored(machine: Side) -> None:
    workers = [machine.process() for _ in range(3)]
    answers = await asyncio.gather(*(one.call() for one in workers for _ in range(5)))
    assert {type(one) for one in answers} == {Done}
    assert machine.system.fetched == 1
    await machine.age()
    again = [machine.process() for _ in range(3)]
    answers = await asyncio.gather(*(one.call() for one in again for _ in range(5)))
    assert {type(one) for one in answers} == {Done}
    assert machine.system.fetched == 2
    # A system that takes it back before its time: the calls that saw the 401 have one fetched.
    machine.system.live.clear()
    answers = await asyncio.gather(*(again[0].call() for _ in range(10)))
    assert {type(one) for one in answers} == {Done}
    assert machine.system.fetched == 3
    assert isinstance(await again[1].call(), Done), "it finds what the other stored"
    assert machine.system.fetched == 3


async def test_S_70_what_is_stored_is_sealed_and_is_nobodys_authorisation(machine: Side) -> None:
    looked = "SELECT fence, due_at FROM app.connection_health"
    before = await machine.do(looked)
    assert isinstance(await machine.process().call(), Done)
    assert await machine.do(looked) == before, "a token that was fetched asks for no check"
    (row,) = await machine.do("SELECT * FROM app.connection_grant")
    assert (row["state"], row["by_machine"], row["reason"]) == ("held", True, None)
    assert "canary" not in repr(row)
    assert await machine.do("SELECT FROM app.audit WHERE action LIKE 'connection.authoriz%'") == []


async def test_S_56_a_token_of_other_settings_or_secrets_is_not_used(machine: Side) -> None:
    assert isinstance(await machine.process().call(), Done)
    await machine.change(secrets={"client_secret": "another-secret-of-the-client"})
    refused = await machine.process().call()
    assert isinstance(refused, Failed)
    assert "the secret `client_secret`" in refused.error.detail
    await machine.change(secrets={"client_secret": SECRET})
    assert isinstance(await machine.process().call(), Done)
    assert machine.system.fetched == 2


async def test_S_77_an_endpoint_that_is_away_is_asked_again_by_the_next_call(machine: Side) -> None:
    machine.system.answers = [said({}, 503)]
    worker = machine.process()
    away = await worker.call()
    assert isinstance(away, Later)
    assert (away.sent, away.uncertain) == (False, False)
    assert await machine.state() == ("asked", None)
    assert isinstance(await machine.process().call(), Done)


async def test_S_77_who_dies_between_answer_and_storing_keeps_the_others_waiting_for_a_lease(
    machine: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash_points.arm("!grant.answered")
    try:
        with pytest.raises(crash_points.Crashed):
            await machine.process().call()
    finally:
        crash_points.arm("")
    (row,) = await machine.do("SELECT leased_until > clock_timestamp() AS leased FROM app.connection_grant")
    assert row["leased"]
    monkeypatch.setattr(keeper, "_PATIENCE_SECONDS", 0.0)
    waits = await machine.process().call()
    assert isinstance(waits, Later)
    assert "another worker renews its access token" in waits.reason
    await machine.age()
    assert isinstance(await machine.process().call(), Done)


async def test_A15_it_is_sealed_to_the_tenants_new_key_and_fetched_under_it(machine: Side) -> None:
    assert isinstance(await machine.process().call(), Done)
    done = await rotate(
        machine.app, machine.worker, machine.sealer, machine.tenant, [SECRETS, grants.SECRETS], actor=WHO
    )
    assert (done.version, done.sealed, done.passed) == (2, 2, 0)
    await machine.age()
    assert isinstance(await machine.process().call(), Done)
    (row,) = await machine.do("SELECT key_version, version FROM app.connection_grant")
    assert tuple(row) == (2, 3)


async def test_what_others_fetched_anew_is_found_when_ones_own_is_two_seconds_old(
    machine: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = machine.process()
    assert isinstance(await worker.call(), Done)
    await machine.age()
    assert isinstance(await machine.process().call(), Done)
    machine.system.live.discard("canary-machine-0001")
    real = clock.monotonic
    monkeypatch.setattr(clock, "monotonic", lambda: real() + keeper.FRESH_SECONDS)
    assert isinstance(await worker.call(), Done)
    assert machine.system.asked[-1].headers["authorization"] == "Bearer canary-machine-0002"
    assert machine.system.fetched == 2
