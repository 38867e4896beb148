"""The last good call of a connection is the last one that was done, whether a check or a run asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.connectors.breakers import SharedBreakers
from services.connectors.function import NAME, ConnectorFunction
from services.connectors.good_calls import GoodCalls
from services.connectors.registry import Registry
from services.engine.functions import Answer, Call, Done
from tests.services.connectors.declared.other import declared, said
from tests.services.connectors.health.clinic import SYSTEM, Clinic

OLD = (
    "UPDATE app.connection_health SET good_at = clock_timestamp() + $2::interval WHERE tenant_id = $1 RETURNING good_at"
)


class Caller:
    """Who calls the clinic's connection as a run does."""

    def __init__(self, clinic: Clinic) -> None:
        clinic.connection = msgspec.structs.replace(clinic.connection, revision=1)
        self.good_calls = GoodCalls(clinic.worker)
        breakers = SharedBreakers(clinic.worker, self.good_calls)
        self._clinic = clinic
        self._function = ConnectorFunction(Registry([declared(SYSTEM)]), clinic, clinic._client, breakers)

    async def call(self, answer: Any = None) -> Answer:
        self._clinic.other._answers = [said({"total": 1}) if answer is None else answer]
        tenant, connection = self._clinic.world.tenant_id, self._clinic.connection.id
        return await self._function(
            Call(
                function=NAME,
                arguments={"connection": "it", "operation": "thing.read", "input": {}},
                reference="/do/0/a",
                key="k",
                tenant=tenant,
                run=connection,
                bindings={"it": connection},
            )
        )


@pytest.fixture
def caller(clinic: Clinic) -> Caller:
    return Caller(clinic)


async def test_a_call_that_was_done_counts_and_many_are_one_writing(clinic: Clinic, caller: Caller) -> None:
    for _ in range(3):
        assert isinstance(await caller.call(), Done)
    assert (await clinic.health()).good_at is None, "nothing is written with a call"
    assert len(caller.good_calls._noted) == 1
    await caller.good_calls.write()
    found = await clinic.health()
    assert (found.good_at is not None, found.checked_at) == (True, None)


async def test_what_was_refused_or_lost_is_no_good_call(clinic: Clinic, caller: Caller) -> None:
    for status in (401, 409, 503):
        assert not isinstance(await caller.call(said({}, status)), Done)
    await caller.good_calls.write()
    assert (await clinic.health()).good_at is None


async def test_a_time_never_goes_back(clinic: Clinic, caller: Caller) -> None:
    await caller.call()
    (later,) = await clinic.do(OLD, timedelta(hours=1))
    await caller.good_calls.write()
    assert (await clinic.health()).good_at == later["good_at"]
    (earlier,) = await clinic.do(OLD, timedelta(hours=-1))
    await caller.call()
    await caller.good_calls.write()
    found = (await clinic.health()).good_at
    assert found is not None
    assert found > earlier["good_at"]


async def test_a_call_with_other_settings_says_nothing_of_these(clinic: Clinic, caller: Caller) -> None:
    await caller.call()
    await clinic.do("UPDATE app.connection SET revision = revision + 1 WHERE tenant_id = $1")
    await caller.good_calls.write()
    assert (await clinic.health()).good_at is None
