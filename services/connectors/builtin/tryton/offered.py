"""What the connector of Tryton offers, what its user needs for it, and what surprises there."""

from __future__ import annotations

from typing import Final

import msgspec

from services.connectors.builtin.tryton import rights, watched
from services.connectors.builtin.tryton.opening import ADD_SHIP_TO, CREATE, SET_TERMS
from services.connectors.capabilities.contracts import (
    ACCOUNT,
    AVAILABILITY,
    BILLING,
    CREATE_ORDER,
    CREDIT,
    INVOICES,
    MATCH,
    SALES,
    SHIPMENTS,
    SHORT,
    operations,
)
from services.connectors.sdk.manifest import Manifest, Operation, Question, SecretField
from services.connectors.sdk.settings import base_url_settings, watch_setting

_USER: Final = ("Sales", "Stock", "Accounting")
_ACCOUNTS: Final = ("Party Administration", "Account Credit Limit")
"""Groups of the connection's user."""
_BOOKS: Final = (CREDIT, AVAILABILITY, CREATE_ORDER, *BILLING, SHIPMENTS, INVOICES, SALES, ACCOUNT, MATCH)
_TRAPS: Final = (
    "Its user must not be an administrator: at the credit limit those get a warning where others are refused.",
    "A sale's reference ends with a mark of the call, ` #` and sixteen signs; of a refused one, with ` refused`.",
    "An account is opened with name, numbers, addresses and contacts; prices, parent and class are for a person.",
    "That goods are assigned, picked or packed is no change of their sale: it is told with the sale's next change.",
    "A shipment that is done counts as delivered where it was shipped first, by the log; done at once, it has left.",
    "A draft is told once it has a number; a sale that goes back to draft when it was confirmed is an exception.",
    "That an invoice is disputed stands in its notes; reminders go out all the same.",
    "A check compares the user's groups; what an administrator gave a group besides cannot be told.",
    "Of a line that is short a program has stock moved, promises the day and sets stock aside, for its whole shipment.",
    "Lines are split, replaced, cancelled and bought for by a person; suppliers and substitutes of items are not told.",
    "What a customer deducted is claimed by the invoice that is open for so much; what was written off, by a person.",
)


def _needing(groups: tuple[str, ...], *names: str, evens_out: bool = True) -> tuple[Operation, ...]:
    """Those capabilities, with the groups that its user needs for them."""
    made = operations(names, write="check-then-write", evens_out=evens_out)
    return tuple(msgspec.structs.replace(one, scopes=groups) for one in made)


MANIFEST: Final = Manifest(
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
    operations=_needing(_USER, *_BOOKS)
    + _needing((*_USER, *_ACCOUNTS), CREATE, SET_TERMS)
    + _needing((*_USER, *_ACCOUNTS), ADD_SHIP_TO, evens_out=False)
    + _needing(("Sales", "Stock"), *SHORT, evens_out=False)
    + (rights.OPERATION,),
    triggers=watched.TRIGGERS,
    traps=_TRAPS,
    health=Question(CREDIT, {"customer": "nobody"}, rights.RIGHTS),
)
