"""What people do in the real Tryton, and what is to be seen there; past the connector."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from infra.egress import Client
from infra.encryption.secret import Secret
from services.connectors.builtin.tryton.place import instant
from services.connectors.builtin.tryton.session import Rpc, Sessions
from services.connectors.sdk.context import Context, OpenConnection
from tests.counterparts.tryton.install import DATABASE, PASSWORD, USER
from tests.counterparts.tryton.test_kills import SOLD

_FIELDS: Final = ["reference", "number", "state", "total_amount", "shipments", "invoices"]


class People:
    """By the reference of a sale, which is the shop's number."""

    def __init__(self, client: Client, port: int) -> None:
        settings = {"base_url": f"http://127.0.0.1:{port}", "database": DATABASE, "user": USER}
        secrets = {"password": Secret(PASSWORD)}
        self._connection = OpenConnection(id=UUID(int=2), connector="tryton", settings=settings, secrets=secrets)
        self._rpc = Rpc(Context(client, UUID(int=1), self._connection, "k"), Sessions())

    async def sales(self, number: str) -> list[dict[str, Any]]:
        """Those that are sold."""
        domain = [["reference", "like", f"{number}%"]]
        found = await self._rpc.model("sale.sale.search_read", domain, 0, None, [["id", "ASC"]], _FIELDS)
        return [one for one in found if one["state"] in SOLD]

    async def ship(self, number: str) -> str:
        """Pick, pack and send off what was sold; the shipment's number."""
        ((shipment,),) = [one["shipments"] for one in await self.sales(number)]
        for step in ("assign_try", "pick", "pack", "do"):
            await self._rpc.model(f"stock.shipment.out.{step}", [shipment])
        (read,) = await self._rpc.model("stock.shipment.out.read", [shipment], ["number", "state"])
        assert read["state"] == "done", read
        return str(read["number"])

    async def charge(self, number: str) -> str:
        """Post the invoice; its number."""
        ((invoice,),) = [one["invoices"] for one in await self.sales(number)]
        await self._rpc.model("account.invoice.post", [invoice])
        (read,) = await self._rpc.model("account.invoice.read", [invoice], ["number"])
        return str(read["number"])

    async def refer(self, number: str, to: str) -> None:
        """Give what was sold another reference."""
        sold = [one["id"] for one in await self.sales(number)]
        await self._rpc.model("sale.sale.write", sold, {"reference": to})

    async def note(self, shipments: list[str]) -> None:
        """Write something on them, all at once."""
        ids = await self._rpc.model("stock.shipment.out.search", [["number", "in", shipments]], 0, None, None)
        await self._rpc.model("stock.shipment.out.write", ids, {"reference": "as agreed"})

    async def changed(self, shipment: str) -> datetime:
        """When it was written last."""
        domain = [["number", "=", shipment]]
        (found,) = await self._rpc.model("stock.shipment.out.search_read", domain, 0, 1, None, ["write_date"])
        return instant(found["write_date"])
