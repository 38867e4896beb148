"""A15: the API seals and does not open; F-27, S-76: what it answers while the key service is away; S-74, S-70."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra import ids, settings
from infra.database import Database
from infra.encryption.errors import KeyServiceUnavailable
from infra.encryption.key_file import create_kek_file, read_kek_file
from infra.encryption.key_provider import FileKeyProvider
from infra.encryption.public_file import write_public_file
from services.api.app import create_app
from tenants.connections.opening import open_connection
from tenants.connections.sealing import Sealer
from tests.asgi import Caller, running
from tests.services.api.parties import Parties, make_parties

ERP: dict[str, Any] = {
    "name": "sealed",
    "connector": "erp-simulator",
    "settings": {"base_url": "https://erp.example"},
    "secrets": {"token": "canary-that-only-workers-open"},
}


@pytest.fixture
def api_settings(api_settings: settings.Settings, tmp_path: Path) -> settings.Settings:
    """An API that never had the key-encryption key: its public half, and a key of the API's own."""
    create_kek_file(tmp_path / "elsewhere" / "kek")
    write_public_file(tmp_path / "elsewhere" / "kek", tmp_path / "kek.pub")
    create_kek_file(tmp_path / "service")
    return msgspec.structs.replace(
        api_settings,
        kek_file=tmp_path / "there-is-none",
        kek_public_file=tmp_path / "kek.pub",
        service_key_file=tmp_path / "service",
    )


@pytest.fixture
async def api(api_settings: settings.Settings) -> AsyncIterator[Caller]:
    app = create_app(api_settings)
    async with running(app):
        yield Caller(app)


@pytest.fixture
def estate() -> None:
    """These make their parties themselves."""


@pytest.fixture
async def parties(api: Caller, operator_key: str) -> Parties:
    return await make_parties(api.having(operator_key))


async def test_A15_it_seals_without_the_key_and_a_worker_opens(
    parties: Parties, worker_database: Database, tmp_path: Path
) -> None:
    created = await parties.acme.post("/v1/connections", ERP)
    assert created.status == 201, created.body
    changed = {"secrets": {"token": "canary-that-was-changed"}}
    assert (await parties.acme.send("PATCH", f"/v1/connections/{created.json['id']}", changed)).status == 200
    tenant = ids.read("ten", parties.ids["acme:live"])
    connection_id = ids.read("con", created.json["id"])
    sealer = Sealer(FileKeyProvider(tmp_path / "elsewhere" / "kek"))
    async with worker_database.tenant(tenant) as connection:
        found = await open_connection(sealer, connection, tenant, connection_id)
    assert found.secrets["token"].reveal() == "canary-that-was-changed"


async def test_A15_S_70_nothing_in_its_process_unwraps_a_tenants_key(
    parties: Parties, worker_database: Database, tmp_path: Path
) -> None:
    """Of all that lives in it, what unwraps anything at all is its own key, which wrapped no tenant's."""
    assert (await parties.acme.post("/v1/connections", ERP)).status == 201
    async with worker_database.doors() as connection:
        stored = {row["id"] for row in await connection.fetch("SELECT id FROM app.stored_kek_ids() AS id")}
    kek = read_kek_file(tmp_path / "elsewhere" / "kek")
    assert stored == {FileKeyProvider(tmp_path / "elsewhere" / "kek").id}
    gc.collect()
    held = [one for one in gc.get_objects() if isinstance(one, FileKeyProvider)]
    assert held, "its own key is among them"
    assert not [one for one in held if one.ids & stored]
    assert not [one for one in gc.get_objects() if isinstance(one, bytes) and kek in one and one is not kek]


@pytest.mark.parametrize("value", ["", "1234", "admin", "1234567"])
async def test_S_74_a_short_secret_is_refused_at_entry_and_not_repeated(parties: Parties, value: str) -> None:
    refused = await parties.acme.post("/v1/connections", ERP | {"secrets": {"token": value}})
    assert (refused.status, refused.problem) == (422, "invalid-connection")
    assert "8 to" in str(refused.json["errors"])
    assert not value or value not in refused.body.decode().replace("admin@", "")


async def test_F_27_S_76_a_first_secret_is_answered_503_while_the_key_service_is_away(
    parties: Parties, api: Caller, app_database: Database
) -> None:
    wrapper = Away()
    api.app.app.state.resources.desk.sealer._provider = wrapper
    refused = await parties.acme.post("/v1/connections", ERP)
    assert (refused.status, refused.problem) == (503, "kms-unavailable")
    assert "canary" not in refused.body.decode()
    async with app_database.tenant(ids.read("ten", parties.ids["acme:live"])) as connection:
        assert await connection.fetchval("SELECT count(*) FROM app.connection") == 0
    wrapper.is_away = False
    assert (await parties.acme.post("/v1/connections", ERP)).status == 201
    wrapper.is_away = True
    second = await parties.acme.post("/v1/connections", ERP | {"name": "second"})
    assert second.status == 201, "there is a key to seal to, and nobody is asked"


class Away:
    """A key service that is away until it is told to be back."""

    name = "file"
    id = bytes(8)
    is_away = True

    async def wrap(self, key: bytes, context: bytes) -> bytes:
        del context
        if self.is_away:
            raise KeyServiceUnavailable
        return bytes(8) + key

    async def close(self) -> None:
        """Nothing is held open."""
