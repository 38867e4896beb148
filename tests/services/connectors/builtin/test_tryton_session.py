"""Logins beside each other, without a Tryton."""

from __future__ import annotations

import asyncio
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest

from infra.egress import Request, Response
from infra.encryption.secret import Secret
from services.connectors.builtin.tryton import connector, session
from services.connectors.builtin.tryton.session import Sessions
from services.connectors.sdk.context import Context, OpenConnection
from services.connectors.sdk.errors import Misread, Refusal


class Tryton:
    """Answers logins; counts them, and waits for `go`."""

    def __init__(self, status: int = 200) -> None:
        self.logins = 0
        self.begun, self.go = asyncio.Event(), asyncio.Event()
        self._status = status

    async def send(self, _tenant: UUID, request: Request) -> Response:
        if b"get_preferences" in request.body:
            return Response(200, {}, b'{"result": {}}')
        self.logins += 1
        self.begun.set()
        await self.go.wait()
        return Response(self._status, {}, msgspec.json.encode({"result": [2, "key"]}))

    def context(self, number: int) -> Context:
        settings: dict[str, Any] = {"base_url": "https://erp.example", "database": "d", "user": "u"}
        secrets = {"password": Secret("long enough")}
        connection = OpenConnection(id=UUID(int=number), connector="tryton", settings=settings, secrets=secrets)
        return Context(self, UUID(int=1), connection, "k")


async def test_a_failed_login_leaves_nothing_behind() -> None:
    tryton, sessions = Tryton(status=401), Sessions()
    tryton.go.set()
    for number in range(3):
        with pytest.raises(Refusal):
            await sessions.open(tryton.context(number))
    assert (len(sessions._kept), len(sessions._locks)) == (0, 0)


@pytest.mark.parametrize(
    "answers",
    [
        {b"db.login": b'{"result": {"id": 2}}'},
        {b"get_preferences": b'{"result": [1]}'},
        {b"party.party": b'{"result": {"rows": []}}'},
        {b"party.party": b'{"result": [{"id": 1}]}'},
        {b"party.party": b'{"result": null}'},
    ],
)
async def test_S_72_an_answer_in_another_form_is_no_bare_error(answers: dict[bytes, bytes]) -> None:
    class Other(Tryton):
        async def send(self, tenant: UUID, request: Request) -> Response:
            told = [body for method, body in answers.items() if method in request.body]
            return Response(200, {}, told[0]) if told else await super().send(tenant, request)

    other = Other()
    other.go.set()
    with pytest.raises((Misread, Refusal)) as raised:
        await connector.Tryton().call("erp.customers.credit", {"customer": "ACME-001"}, other.context(1))
    assert "Tryton 8.2" in cast("Any", raised.value).detail


async def test_many_who_meet_the_same_end_of_a_session_log_in_once_although_others_push_it_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "_KEPT", 1)
    quick, slow, sessions = Tryton(), Tryton(), Sessions()
    quick.go.set()
    stale = await sessions.open(quick.context(1))
    first = asyncio.create_task(sessions.open(slow.context(1), stale))
    await slow.begun.wait()  # holds the lock of 1 ...
    await sessions.open(quick.context(2))  # ... whose session is pushed out
    second = asyncio.create_task(sessions.open(slow.context(1), stale))
    await asyncio.sleep(0)  # one turn, so that it is at the lock or past it
    slow.go.set()
    assert await first is await second
    assert slow.logins == 1
    assert len(sessions._kept) == 1
    del first, second
    assert len(sessions._locks) == 0
