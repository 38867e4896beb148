from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from services.connectors.builtin.tryton import (
    access,
    accounts,
    billing,
    credit_notes,
    deductions,
    disputes,
    filling,
    invoices,
    opening,
    reads,
    rights,
    sales,
    sales_order,
    shipments,
    watched,
)
from services.connectors.builtin.tryton.offered import MANIFEST
from services.connectors.builtin.tryton.opening import ADD_SHIP_TO, CREATE, SET_TERMS
from services.connectors.builtin.tryton.session import Changed, Denied, Lacking, Rpc, Sessions
from services.connectors.builtin.tryton.watched import Watched
from services.connectors.capabilities.contracts import (
    ACCOUNT,
    AVAILABILITY,
    CHANGE,
    COLLECT,
    CREATE_ORDER,
    CREDIT,
    CREDIT_NOTE,
    DISPUTE,
    GET_INVOICE,
    INVOICES,
    MATCH,
    ORDER,
    SALES,
    SHIPMENTS,
    SOURCES,
    TRANSFER,
    TRIGGER_INVOICE,
)
from services.connectors.sdk.connector import ReadBack
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Away, Misread


class Tryton:
    """The ERP Tryton."""

    manifest = MANIFEST

    def __init__(self) -> None:
        self._sessions = Sessions()

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        rpc = self._rpc(operation, context)
        try:
            if context.quiet and operation == _ASKED:
                await access.expect_reading(rpc)
            return await _CALLS[operation](values, rpc)
        except Changed as changed:
            raise Away("somebody else is changing the same record") from changed
        except Denied as denied:
            raise await access.explained(denied, rpc) from denied
        except Lacking as lacking:
            if operation in _LOOKS:
                raise
            raise access.lacking() from lacking
        except _OTHER_FORM as error:
            # What failed behind a write is looked for.
            if operation in _LOOKS:
                raise
            raise _misread(operation, error) from error

    def polled(self, trigger: str) -> Watched | None:
        """Fills `Watches`."""
        return watched.POLLS.get(trigger)

    async def read_back(self, operation: str, values: Any, context: Context) -> ReadBack:
        rpc = self._rpc(operation, context)
        try:
            return await _LOOKS[operation](values, rpc)
        except Denied as denied:
            raise await access.explained(denied, rpc) from denied
        except _OTHER_FORM as error:
            raise _misread(operation, error) from error

    def _rpc(self, operation: str, context: Context) -> Rpc:
        return Rpc(context, self._sessions, _SCOPES[operation])


def _misread(operation: str, error: Exception) -> Misread:
    _log.warning("what Tryton answered has another form", extra={"operation": operation}, exc_info=error)
    return Misread("its answer has another form than that of Tryton 8.2")


_CALLS: Final[Mapping[str, Callable[[Any, Rpc], Awaitable[Any]]]] = {
    CREDIT: reads.credit,
    AVAILABILITY: reads.availability,
    CREATE_ORDER: sales_order.create,
    SHIPMENTS: shipments.watch,
    INVOICES: invoices.watch,
    SALES: sales.watch,
    GET_INVOICE: invoices.get,
    TRIGGER_INVOICE: billing.trigger,
    DISPUTE: disputes.dispute,
    CREDIT_NOTE: credit_notes.create,
    COLLECT: deductions.collect,
    ACCOUNT: accounts.get,
    MATCH: accounts.match,
    CREATE: opening.create,
    ADD_SHIP_TO: opening.add_ship_to,
    SET_TERMS: opening.set_terms,
    rights.RIGHTS: rights.listed,
    ORDER: sales.get,
    SOURCES: filling.sources,
    TRANSFER: filling.transfer,
    CHANGE: filling.change,
}
_LOOKS: Final[Mapping[str, Callable[[Any, Rpc], Awaitable[ReadBack]]]] = {
    CREATE_ORDER: sales_order.read_back,
    TRIGGER_INVOICE: billing.read_back,
    DISPUTE: disputes.read_back,
    CREDIT_NOTE: credit_notes.read_back,
    COLLECT: deductions.read_back,
    CREATE: opening.created,
    ADD_SHIP_TO: opening.added,
    SET_TERMS: opening.set_before,
    TRANSFER: filling.transferred,
    CHANGE: filling.changed,
}
"""Of those that write, how what an earlier attempt did is found."""
_SCOPES: Final = {one.name: one.scopes for one in MANIFEST.operations}
_ASKED: Final = "" if MANIFEST.health is None else MANIFEST.health.operation
"""By a check."""
_OTHER_FORM: Final = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError)
"""What reading an answer ends in that is not as it was."""
_log: Final = logging.getLogger(__name__)
