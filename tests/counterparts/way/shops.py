"""The two real shops, each bought in and looked into past the connector."""

from __future__ import annotations

import base64
from typing import Any, Final, Protocol

import msgspec

from infra.egress import Client, Request
from tests.counterparts.calling import TENANT
from tests.counterparts.oscar.conftest import Buyer
from tests.counterparts.oscar.install import PASSWORD, STAFF
from tests.counterparts.vendure.install import SUPERADMIN
from tests.counterparts.vendure.people import Person, bought

_SEEN: Final = """query ($id: ID!) { order(id: $id) { state fulfillments { state method lines { quantity } }
  history(options: { filter: { type: { eq: "ORDER_NOTE" } } }) { items { data } } } }"""


class Order:
    """What the shop knows an order by."""

    def __init__(self, ident: str, number: str) -> None:
        self.id = ident
        self.number = number


class Shop(Protocol):
    """`tells_…`: a part of the request by which it is told. `ships`: it is told apart that a shipment has left.

    `reads`, `writes`: regular expressions of its requests, one for each kind of call.
    """

    connector: str
    teller: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    tells_shipment: str
    tells_invoice: str
    ships: bool

    def settings(self) -> tuple[dict[str, Any], dict[str, str]]: ...
    async def buy(self, quantity: int) -> Order: ...
    async def shipments(self, order: Order) -> list[tuple[str, int]]:
        """The number of each, and how many pieces."""
        ...

    async def invoices(self, order: Order) -> list[str]:
        """What it was told of invoices."""
        ...


class Oscar:
    connector = "django-oscar"
    teller = "tell_shipment"
    reads: tuple[str, ...] = (
        r"^GET /api/admin/orders/ ",
        r"^GET /api/admin/orders/\d+/ ",
        r"^GET /api/admin/orders/\d+/lines/ ",
    )
    writes: tuple[str, ...] = (r"^POST /api/admin/orders/\d+/shipping-events/ ", r"^POST /api/admin/orders/\d+/notes/ ")
    tells_shipment = "POST /api/admin/orders/"
    tells_invoice = "POST /api/admin/orders/"
    ships = False

    def __init__(self, client: Client, port: int) -> None:
        self._client = client
        self._buyer = Buyer(client, port)
        self._base = f"http://127.0.0.1:{port}/api/admin/orders/"

    def settings(self) -> tuple[dict[str, Any], dict[str, str]]:
        return {"user": STAFF}, {"password": PASSWORD}

    async def buy(self, quantity: int) -> Order:
        number = await self._buyer.order(SKU_1=quantity)
        newest = (await self._ask(""))["results"][0]
        assert newest["number"] == number
        return Order(newest["url"].rstrip("/").rpartition("/")[2], number)

    async def shipments(self, order: Order) -> list[tuple[str, int]]:
        told = await self._ask(f"{order.id}/shipping-events/")
        return [(one["notes"].split("\n")[0], sum(line["quantity"] for line in one["lines"])) for one in told]

    async def invoices(self, order: Order) -> list[str]:
        return [one["message"] for one in await self._ask(f"{order.id}/notes/")]

    async def _ask(self, path: str) -> Any:
        token = base64.b64encode(f"{STAFF}:{PASSWORD}".encode()).decode()
        request = Request(method="GET", url=self._base + path, headers={"Authorization": f"Basic {token}"})
        answer = await self._client.send(TENANT, request)
        assert answer.status == 200, answer.body
        return msgspec.json.decode(answer.body)


class Vendure:
    connector = "vendure"
    teller = "tell_shipment_vendure"
    reads: tuple[str, ...] = (r"query \(\$since: ", r"query \(\$code: ", r"query \(\$id: ID!\) \{\\n  order")
    writes: tuple[str, ...] = (r"FulfillOrderInput!", r"transitionFulfillmentToState", r"AddNoteToOrderInput!")
    tells_shipment = "mutation ($input: FulfillOrderInput!)"
    tells_invoice = "mutation ($input: AddNoteToOrderInput!)"
    ships = True

    def __init__(self, client: Client, port: int, key: str) -> None:
        self._client = client
        self._url = f"http://127.0.0.1:{port}"
        self._key = key
        self._admin = Person(client, f"{self._url}/admin-api")

    def settings(self) -> tuple[dict[str, Any], dict[str, str]]:
        return {}, {"key": self._key}

    async def buy(self, quantity: int) -> Order:
        login = 'mutation($p: String!) { login(username: "superadmin", password: $p) { __typename } }'
        await self._admin(login, p=SUPERADMIN)
        ident = await bought(self._client, self._url, quantity)
        read = await self._admin("query ($id: ID!) { order(id: $id) { code } }", id=ident)
        return Order(ident, read["order"]["code"])

    async def shipments(self, order: Order) -> list[tuple[str, int]]:
        seen = (await self._admin(_SEEN, id=order.id))["order"]
        # It has left when the order says so, not before.
        left = [one for one in seen["fulfillments"] if one["state"] == "Shipped"]
        return [(one["method"].rpartition("#")[2], sum(line["quantity"] for line in one["lines"])) for one in left]

    async def invoices(self, order: Order) -> list[str]:
        seen = (await self._admin(_SEEN, id=order.id))["order"]
        return [one["data"]["note"] for one in seen["history"]["items"]]
