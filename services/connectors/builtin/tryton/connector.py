from __future__ import annotations

from typing import Any

from services.connectors.builtin.tryton import invoices, reads, sales_order, shipments, watched
from services.connectors.builtin.tryton.session import Changed, Rpc, Sessions
from services.connectors.builtin.tryton.watched import Watched
from services.connectors.capabilities.contracts import (
    AVAILABILITY,
    CREATE_ORDER,
    CREDIT,
    INVOICES,
    SHIPMENTS,
    operations,
)
from services.connectors.sdk.connector import ReadBack
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away
from services.connectors.sdk.manifest import Manifest, SecretField
from services.connectors.sdk.settings import base_url_settings, watch_setting


class Tryton:
    """The ERP Tryton.

    Its user needs the groups Sales, Stock and Accounting, and is no administrator: at the credit limit administrators
    get a warning where others are refused.
    """

    manifest = Manifest(
        name="tryton",
        version="1.0.0",
        title="Tryton 8.2",
        settings=base_url_settings(
            "database",
            "user",
            database={"type": "string", "pattern": "^[A-Za-z0-9_-]{1,63}$", "title": "Database"},
            user={"type": "string", "minLength": 1, "maxLength": 200, "title": "User"},
            warehouse={"type": "string", "maxLength": 100, "title": "Code of the warehouse; without it, the first"},
            process={"type": "boolean", "default": True, "title": "Process a sale that stays confirmed"},
            watch=watch_setting(list(watched.POLLS)),
        ),
        secrets=(SecretField(name="password", title="Password"),),
        operations=operations(
            (CREDIT, AVAILABILITY, CREATE_ORDER, SHIPMENTS, INVOICES), write="check-then-write", evens_out=True
        ),
        triggers=watched.TRIGGERS,
    )

    def __init__(self) -> None:
        self._sessions = Sessions()

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        rpc = Rpc(context, self._sessions)
        try:
            if operation == CREDIT:
                return await reads.credit(values, rpc)
            if operation == AVAILABILITY:
                return await reads.availability(values, rpc)
            if operation == SHIPMENTS:
                return await shipments.watch(values, rpc)
            if operation == INVOICES:
                return await invoices.watch(values, rpc)
            return await sales_order.create(values, rpc)
        except Changed as changed:
            raise Away("somebody else is changing the same record") from changed

    def polled(self, trigger: str) -> Watched | None:
        """Fills `Watches`."""
        return watched.POLLS.get(trigger)

    async def read_back(self, operation: str, values: Any, context: Context) -> ReadBack:
        """`erp.sales-orders.create` is the one that writes."""
        del operation
        return await sales_order.read_back(values, Rpc(context, self._sessions))
