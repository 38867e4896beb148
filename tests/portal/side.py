"""One partner's client on that partner's own hosts, as a crawl goes there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from infra import ids
from infra.ids import TenantId
from tests.asgi import Answer, Caller
from tests.portal.leaks import Crawl
from tests.services.portal.visitors import CLERK, House, Visitor

PRODUCT, OPERATOR = "waybill", "gantryworks"
CAST = (
    ("harborline", "people.harborline.example", "acme", (CLERK,)),
    ("summitry", "desk.summitry.example", "acme", (CLERK,)),
)


class Heard(Caller):
    """Calls the partner's host for the API, and has every answer crawled."""

    crawl: Crawl
    kind: str
    host: str

    def having(self, key: str | None) -> Heard:
        made = Heard(self.app, key, self.address)
        made.crawl, made.kind, made.host = self.crawl, self.kind, self.host
        return made

    async def send(self, method: str, target: str, body: Any = None, **more: Any) -> Answer:
        headers = {"host": self.host, **(more.pop("headers", None) or {})}
        answer = await super().send(method, target, body, headers=headers, **more)
        return self.crawl.answer(self.kind, f"{method} {target}", answer)


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

    def caller(self, kind: str) -> Heard:
        """Of the client's key; what it is answered is of that `kind`."""
        made = Heard(self._nobody.app, self.key)
        made.crawl, made.kind, made.host = self.crawl, kind, f"api.{self.partner}.example"
        return made

    def path(self, template: str) -> str:
        nobodys = ids.show("run", ids.new())
        return re.sub(r"{(\w+)(?::\w+)?}", lambda match: self.known.get(match[1], nobodys), template)
