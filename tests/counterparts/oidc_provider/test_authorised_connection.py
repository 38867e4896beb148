"""A connection that a person authorises at a real server, whose refresh tokens rotate (S-59, S-77)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.database import Database
from infra.egress import Client, Guard
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from services.engine.functions import Done, Later
from tenants.connections.sealing import Sealer
from tests.counterparts.oidc_provider.person import sign_in
from tests.counterparts.oidc_provider.serving import SECRET, Serving
from tests.services.connectors.authorizing.side import RETURN, Side
from tests.services.connectors.authorizing.system import SYSTEM
from tests.services.connectors.declared.other import operation

DOCUMENT = {
    **SYSTEM,
    "authentication": {
        "kind": "oauth2-code",
        "authorize_url": "auth",
        "token_url": "token",
        "client_id": "client_id",
        "secret": "client_secret",
        "scopes": ["openid", "offline_access"],
        "issuer": {"setting": "issuer"},
        "parameters": {"prompt": "consent"},
    },
    "settings": {"properties": {name: {"title": name, "type": "string"} for name in ("client_id", "issuer")}},
    "operations": {"thing.read": operation(request={"path": "me"}, answer="${ .sub }")},
}


@pytest.fixture
async def side(
    provider: Serving, app_database: Database, worker_database: Database, tmp_path: Path
) -> AsyncIterator[Side]:
    provider.begin([RETURN])
    create_kek_file(tmp_path / "kek")
    sealer = Sealer(FileKeyProvider(tmp_path / "kek"))
    settings = {"base_url": provider.issuer, "allow_http": True, "client_id": "system", "issuer": provider.issuer}
    async with Client(Guard(allow_loopback=True)) as client:
        side = Side(client, app_database, worker_database, sealer, settings, SECRET, DOCUMENT)
        await side.begin()
        yield side


async def _authorize(side: Side, issuer: str) -> None:
    left = await side.leave()
    back = (await sign_in(left.location, "alice", RETURN)).query
    assert back["iss"] == issuer
    await side.bring(left, back["state"], back["code"])
    assert await side.process().exchanger.round() == 1


async def test_S_77_a_real_server_is_asked_once_by_all_workers_and_a_reused_token_ends_the_grant(
    side: Side, provider: Serving
) -> None:
    await _authorize(side, provider.issuer)
    first = await side.process().call()
    assert isinstance(first, Done)
    assert first.output == "alice"
    stolen = await side.do("SELECT version, sealed, key_version FROM app.connection_grant")
    for _ in range(2):
        await side.age()
        answers = await asyncio.gather(*(one.call() for one in [side.process() for _ in range(3)]))
        assert {type(one) for one in answers} == {Done}, "a second renewal with one token would have ended them all"
    versions = await side.do("SELECT version FROM app.connection_grant")
    assert versions[0]["version"] == stolen[0]["version"] + 2
    # As if the newer pairs had been lost: the server takes the old token for a thief's, and ends everything.
    async with side.worker.tenant(side.tenant) as transaction:
        await transaction.execute(
            "UPDATE app.connection_grant SET version = $1, sealed = $2, key_version = $3", *stolen[0].values()
        )
    await side.age()
    lost = await side.process().call()
    assert isinstance(lost, Later)
    assert "authorization-link" in lost.reason
    assert await side.state() == ("ended", "invalid_grant")
    await _authorize(side, provider.issuer)
    assert isinstance(await side.process().call(), Done)
