"""What the matrix of routes knocks at: one of each kind of thing."""

from __future__ import annotations

import re

import msgspec

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.engine import findings
from tests.services.api.entry_side import by_hand
from tests.services.api.parties import Parties, id_of
from tests.services.archives.olden import Olden

CANARY = "canary-5521-payload"
ORDER = {
    "specversion": "1.0",
    "id": "order-1",
    "source": "/shop",
    "type": "order.captured",
    "subject": "SO-1",
    "datacontenttype": "application/json",
    "data": {"note": CANARY},
}


class Things(msgspec.Struct, frozen=True):
    """What a path's parameters stand for: things of acme in `live`."""

    values: dict[str, str]

    def path(self, template: str, **other: str) -> str:
        """`template` with every parameter filled in; fails for one without a value: no route slips through."""
        known = {"effect": "0" * 64, **self.values, **other}
        return re.sub(r"{(\w+)}", lambda match: known[match[1]], template)


async def make_things(parties: Parties, app_database: Database, worker: Database, olden: Olden) -> Things:
    """One of each kind, made through the API by acme; but what is the engine's to make."""
    acme = parties.acme
    erp = {
        "name": "erp",
        "connector": "erp-simulator",
        "settings": {"base_url": "http://127.0.0.1:9", "allow_http": True},
        "secrets": {"token": "simulator-token"},
    }
    connection = (await acme.post("/v1/connections", erp)).json["id"]
    bound = {"name": "orders", "template": {"name": "order-release"}, "bindings": {"erp": connection}}
    deployment = (await acme.post("/v1/deployments", bound)).json["id"]
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    archived = await olden.archived(tenant, ids.read("dep", deployment))
    sent = await acme.post("/v1/events", ORDER, headers={"content-type": "application/cloudevents+json"})
    assert sent.status == 202, sent.body
    async with app_database.tenant(tenant) as transaction:
        await findings.tell(
            transaction, tenant, ids.read("dep", deployment), "deployment.filter-failed", {"detail": "x"}
        )
    return Things(
        {
            "entry": await by_hand(acme, worker, tenant, connection, sent.json["runs"][0], CANARY),
            "exception": (await acme.get("/v1/exceptions")).json["items"][0]["id"],
            "client": "acme",
            "environment": "live",
            "partner": "north",
            "template": "order-release",
            "name": "not-found",
            "connection": connection,
            "deployment": deployment,
            "workflow": (await acme.get("/v1/workflows")).json["items"][0]["id"],
            "event": sent.json["id"],
            "run": sent.json["runs"][0],
            "archived": ids.show("run", archived),
            "key": await id_of(acme),
        }
    )
