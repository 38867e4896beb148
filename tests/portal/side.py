"""One partner's client on that partner's own hosts, as a crawl goes there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from infra import ids
from infra.ids import TenantId
from tests.asgi import Answer
from tests.portal.leaks import Crawl
from tests.services.portal.visitors import CLERK, House, Visitor

PRODUCT, OPERATOR = "waybill", "gantryworks"
CAST = (
    ("harborline", "people.harborline.example", "acme", (CLERK,)),
    ("summitry", "desk.summitry.example", "acme", (CLERK,)),
)


class Side:
    """One partner's client, on that partner's own hosts."""

    def __init__(self, crawl: Crawl, house: House, place: int) -> None:
        self.crawl = crawl
        self.partner, self.host, self.client, _ = CAST[place]
        self.visitor: Visitor = (house.north, house.south)[place]
        self.tenant = TenantId(house.ids[f"{self.partner}:tenant"])
        self.key = house.keys[f"{self.partner}:client"]
        self.partners_key = house.keys[self.partner]
        self._nobody = house.operator.having(None)
        self.known = {"client": "acme", "environment": "live", "partner": self.partner, "name": "not-found"}

    async def call(
        self,
        method: str,
        path: str,
        key: str | None = None,
        body: Any = None,
        *,
        raw: bytes | None = None,
        address: str = "127.0.0.1",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """On the partner's host for the API."""
        sent = {"host": f"api.{self.partner}.example", **(headers or {})}
        return await self._nobody.having(key).by(address).send(method, path, body, raw=raw, headers=sent)

    def path(self, template: str) -> str:
        nobodys = ids.show("run", ids.new())
        return re.sub(r"{(\w+)(?::\w+)?}", lambda match: self.known.get(match[1], nobodys), template)
