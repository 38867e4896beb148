"""What of Tryton becomes events: shipments that left and arrived, each once; invoices and sales with each change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from services.connectors.capabilities.contracts import INVOICES, SALES, SHIPMENTS
from services.connectors.sdk.manifest import Trigger
from services.connectors.sdk.watching import Item, News, Position, Unfit, news

SECONDS: Final = 60.0


class Watched(msgspec.Struct, frozen=True):
    """Fills `Polled`. `member`: of the operation's output, the list of records; `only`: those of this status."""

    operation: str
    event: str
    member: str
    only: str | None = None
    seconds: float = SECONDS

    async def asks(self, position: Position, settings: dict[str, Any], tenant: UUID) -> dict[str, Any]:
        """What was there before it was watched is no news."""
        del settings, tenant
        return {"cursor": position.cursor or position.began}

    async def reads(self, output: Any, position: Position, settings: dict[str, Any], tenant: UUID) -> News:
        """See `Polled.reads`."""
        del settings, tenant
        versions = output.get("versions", {})
        listed = [one for one in output[self.member] if self.only in {None, one.get("status")}]
        items: list[Item | Unfit] = (
            [_sale(one) for one in listed]
            if self.member == "sales"
            else [_item(one, versions.get(one["number"], ""), f"{self.only or 'dispatched'}_at") for one in listed]
        )
        return news(items, output, position, output["cursor"] or None)


POLLS: Final[Mapping[str, Watched]] = {
    "shipments": Watched(SHIPMENTS, "shipment.dispatched", "shipments"),
    "deliveries": Watched(SHIPMENTS, "shipment.delivered", "shipments", "delivered"),
    "invoices": Watched(INVOICES, "invoice.posted", "invoices"),
    "orders": Watched(SALES, "tryton.order", "sales"),
}
TRIGGERS: Final = tuple(
    Trigger(name=name, title=title, kind="poll", events=(POLLS[name].event,), every="PT1M")
    for name, title in (
        ("shipments", "What has left for customers"),
        ("deliveries", "What has arrived: shipped first, and done later"),
        ("invoices", "What customers were charged"),
        ("orders", "How far sales are"),
    )
)


def _sale(one: dict[str, Any]) -> Item:
    """The whole record goes along, for a mapping."""
    order = one["order"]
    data = {"number": order["number"], "state": order["state"], "at": one["at"], "record": order}
    return Item(id=one["sale"], version=one["version"], data=data, subject=order["number"], time=one["at"])


def _item(record: dict[str, Any], version: str, moment: str) -> Item:
    """The whole record goes along, for a mapping; beside it what the catalogue's schema names. `moment`: its member."""
    order = next((one["number"] for one in record.get("orders", ())), None)
    data: dict[str, Any] = {"number": record["number"], "record": record}
    if order is not None:
        data["order"] = order
    if "totals" in record:
        data["total"] = record["totals"]["total"]
    data |= {"delivered_at": record["delivered_at"]} if "delivered_at" in record else {}
    lines = [{"line": one["line"], **_goods(one)} for one in record["lines"] if "item" in one]
    return Item(
        id=record["number"],
        version=version,
        data={**data, "lines": lines},
        subject=order,
        time=record.get(moment),
    )


def _goods(line: dict[str, Any]) -> dict[str, str]:
    return {"item": line["item"]["id"], "quantity": line["quantity"]["value"], "unit": line["quantity"]["unit"]}
