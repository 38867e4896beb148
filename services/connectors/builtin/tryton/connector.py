from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from services.connectors.builtin.tryton import (
    accounts,
    billing,
    credit_notes,
    disputes,
    invoices,
    opening,
    reads,
    sales_order,
    shipments,
    watched,
)
from services.connectors.builtin.tryton.opening import ADD_SHIP_TO, CREATE, SET_TERMS
from services.connectors.builtin.tryton.session import Changed, Rpc, Sessions
from services.connectors.builtin.tryton.watched import Watched
from services.connectors.capabilities.contracts import (
    ACCOUNT,
    AVAILABILITY,
    BILLING,
    COLLECT,
    CREATE_ORDER,
    CREDIT,
    CREDIT_NOTE,
    DISPUTE,
    GET_INVOICE,
    INVOICES,
    MATCH,
    SHIPMENTS,
    TRIGGER_INVOICE,
    operations,
)
from services.connectors.sdk.connector import Absent, ReadBack
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away, Refusal
from services.connectors.sdk.manifest import Manifest, SecretField
from services.connectors.sdk.settings import base_url_settings, watch_setting


class Tryton:
    """The ERP Tryton.

    Its user needs the groups Sales, Stock and Accounting; to open accounts and give them terms also Party
    Administration and Account Credit Limit. It is no administrator: at the credit limit administrators get a warning
    where others are refused.
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
            (CREDIT, AVAILABILITY, CREATE_ORDER, *BILLING, SHIPMENTS, INVOICES, ACCOUNT, MATCH, CREATE, SET_TERMS),
            write="check-then-write",
            evens_out=True,
        )
        + operations((ADD_SHIP_TO,), write="check-then-write"),
        triggers=watched.TRIGGERS,
    )

    def __init__(self) -> None:
        self._sessions = Sessions()

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        rpc = Rpc(context, self._sessions)
        try:
            return await _CALLS[operation](values, rpc)
        except Changed as changed:
            raise Away("somebody else is changing the same record") from changed

    def polled(self, trigger: str) -> Watched | None:
        """Fills `Watches`."""
        return watched.POLLS.get(trigger)

    async def read_back(self, operation: str, values: Any, context: Context) -> ReadBack:
        return await _LOOKS[operation](values, Rpc(context, self._sessions))


async def _collect(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.deductions.collect`: what is open stays open here, and a payment is taken back by a person."""
    del rpc
    words = f"Tryton has no {values['method']} that a program may do: somebody of the accounting does it there"
    raise Refusal(words, status=409, title="By a person")


async def _nothing(values: Any, rpc: Rpc) -> ReadBack:
    del values, rpc
    return Absent()


_CALLS: Final[Mapping[str, Callable[[Any, Rpc], Awaitable[Any]]]] = {
    CREDIT: reads.credit,
    AVAILABILITY: reads.availability,
    CREATE_ORDER: sales_order.create,
    SHIPMENTS: shipments.watch,
    INVOICES: invoices.watch,
    GET_INVOICE: invoices.get,
    TRIGGER_INVOICE: billing.trigger,
    DISPUTE: disputes.dispute,
    CREDIT_NOTE: credit_notes.create,
    COLLECT: _collect,
    ACCOUNT: accounts.get,
    MATCH: accounts.match,
    CREATE: opening.create,
    ADD_SHIP_TO: opening.add_ship_to,
    SET_TERMS: opening.set_terms,
}
_LOOKS: Final[Mapping[str, Callable[[Any, Rpc], Awaitable[ReadBack]]]] = {
    CREATE_ORDER: sales_order.read_back,
    TRIGGER_INVOICE: billing.read_back,
    DISPUTE: disputes.read_back,
    CREDIT_NOTE: credit_notes.read_back,
    COLLECT: _nothing,
    CREATE: opening.created,
    ADD_SHIP_TO: opening.added,
    SET_TERMS: opening.set_before,
}
"""Of those that write, how what an earlier attempt did is found."""
