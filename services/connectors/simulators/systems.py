"""Which simulators there are. The module of one is imported when that one is started."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from services.connectors.simulators.system import System


class Kind(msgspec.Struct, frozen=True):
    """A simulator.

    Attributes:
        title: what it is, in a few words.
        about: what it has.
        connector: that speaks with it.
        made: `module:Class` of its system, called with the file of its data, its token, and when its time stands still.
        has_files: it is spoken with by files; HTTP is for its control alone.
    """

    title: str
    about: str
    connector: str
    made: str
    has_files: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    "bureau": Kind(
        "credit bureau", "reports, each of which costs; it speaks XML", "bureau-simulator", "bureau.routes:Bureau"
    ),
    "carrier": Kind(
        "carrier", "labels, tracking, webhooks, proofs of delivery", "carrier-simulator", "carrier.routes:Carrier"
    ),
    "odata": Kind(
        "OData ERP", "the same books with tags and tokens that end", "erp-odata-simulator", "odata.routes:OData"
    ),
    "rpc": Kind("JSON-RPC ERP", "the same books in another shape, without keys", "erp-rpc-simulator", "rpc.routes:Rpc"),
    "marketplace": Kind(
        "marketplace",
        "orders to acknowledge, feeds that are worked off later",
        "marketplace-simulator",
        "marketplace.routes:Marketplace",
    ),
    "shop": Kind("shop", "orders that are placed as hours pass, what has left", "shop-simulator", "shop.routes:Shop"),
    "tax": Kind(
        "tax service", "certificates, tax numbers, what is due; sessions that end", "tax-simulator", "tax.routes:Tax"
    ),
    "threepl": Kind(
        "3PL", "messages in XML, acknowledged later; hourly inventory", "threepl-simulator", "threepl.routes:ThreePl"
    ),
    "tms": Kind("TMS", "rates, tenders that are accepted or declined, milestones", "tms-simulator", "tms.routes:Tms"),
    "warehouse": Kind(
        "warehouse", "orders to ship, shipments, stock, counts", "warehouse-simulator", "warehouse.routes:Warehouse"
    ),
    "crm": Kind("CRM", "accounts with versions, activities, deals that are won", "crm-simulator", "crm.routes:Crm"),
    "file-warehouse": Kind(
        "legacy warehouse",
        "orders, confirmations and counts as files over SFTP, at each full hour",
        "file-warehouse-simulator",
        "file_warehouse.system:FileWarehouse",
        has_files=True,
    ),
    "desk": Kind("service desk", "tickets in queues, comments, versions", "desk-simulator", "desk.routes:Desk"),
    "erp": Kind("ERP", "credit, stock and orders; orders are known by a key", "erp-simulator", "erp.routes:Erp"),
}
"""By name, as a manifest's `simulator` has it."""


def start(name: str, data: Path, token: str | None, stands: datetime | None = None) -> System:
    """A new system of that kind, with what is in `data`; a file that is missing is made and filled.

    `stands`: when its time stands still; None: it goes on.
    """
    module, _, made = KINDS[name].made.partition(":")
    of = getattr(importlib.import_module(f"services.connectors.simulators.{module}"), made)
    found: System = of(data, token, stands)
    return found
