"""S-07, S-45: an endpoint answers on its partner's API host and on the installation's own, and nowhere else."""

from __future__ import annotations

from infra.database import Database, Scope
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tests.asgi import Answer
from tests.services.api.senders import BODY, Sender, make_sender
from tests.services.portal.visitors import House

HOSTS = {"api.north.example": "north", "api.south.example": "south"}


async def _deliver(sender: Sender, host: str, sent_id: str) -> Answer:
    return await sender.raw(BODY, sender.signed(sent_id) | {"host": host})


async def test_S_07_S_45_an_endpoint_is_nobodys_on_another_partners_host(house: House, app_database: Database) -> None:
    async with app_database.session(Scope.operator()) as session:
        for host, partner in HOSTS.items():
            row = await organizations.find_partner(session, partner)
            await branding.add_host(session, row, host, actor="test", use="api")
        await session.commit()
    owner = house.operator.having(house.keys["acme"])
    sender = await make_sender(owner, house.operator.having(None))
    assert (await _deliver(sender, "api.north.example", "a")).status == 202
    assert (await _deliver(sender, "127.0.0.1:8420", "b")).status == 202
    for host in ("api.south.example", "nobody.example"):
        refused = await _deliver(sender, host, "c")
        assert (refused.status, refused.problem) == (404, "not-found"), host
    # Nor do pages of the partner take any.
    assert (await _deliver(sender, house.north.host, "c")).status in {403, 404, 405}
    assert len((await owner.get("/v1/events")).json["items"]) == 2
