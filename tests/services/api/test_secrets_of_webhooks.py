"""`waybill check --secrets` looks for what signs and proves webhooks, too (I7, S-70)."""

from __future__ import annotations

from infra import ids
from infra.database import Database
from infra.encryption.installed import InstalledKeys
from infra.encryption.key_provider import FileKeyProvider
from infra.ids import TenantId
from infra.settings import Settings
from services.cli.leak_secrets import of_endpoints, of_one_by_one
from tenants.connections.sealing import Sealer
from tests.services.api.parties import Parties
from tests.services.api.senders import make_sender


async def test_S_70_the_secrets_of_webhooks_both_ways_are_looked_for_and_those_before_them_too(
    parties: Parties, api_settings: Settings, worker_database: Database
) -> None:
    made = (await parties.acme.post("/v1/webhook-endpoints", {"url": "https://shop.example/x", "types": ["*"]})).json
    rotated = (await parties.acme.post(f"/v1/webhook-endpoints/{made['id']}/rotate", {})).json
    sender = (await make_sender(parties.acme, parties.nobody)).made
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    sealer = Sealer(FileKeyProvider(api_settings.kek_file))
    own = InstalledKeys(FileKeyProvider(api_settings.service_key), worker_database)
    leaving = await of_endpoints(worker_database, sealer, tenant)
    assert {value for _, value in leaving} == {made["secret"], rotated["secret"]}
    assert all(whose.endswith(made["id"]) for whose, _ in leaving)
    [(whose, coming)] = await of_one_by_one(worker_database, own, "service")
    assert (whose, coming) == (f"secret of {sender['id']}", sender["secret"])
    beside = TenantId(ids.read("ten", parties.ids["sibling:live"]))
    assert await of_endpoints(worker_database, sealer, beside) == []
