"""What the connector of Tryton offers, what its user needs for it, and what surprises there."""

from __future__ import annotations

from typing import Final

import msgspec

from services.connectors.builtin.tryton import watched
from services.connectors.builtin.tryton.opening import ADD_SHIP_TO, CREATE, SET_TERMS
from services.connectors.capabilities.contracts import (
    ACCOUNT,
    AVAILABILITY,
    BILLING,
    CREATE_ORDER,
    CREDIT,
    INVOICES,
    MATCH,
    SHIPMENTS,
    operations,
)
from services.connectors.sdk.manifest import Manifest, Operation, SecretField
from services.connectors.sdk.settings import base_url_settings, watch_setting

_USER: Final = ("Sales", "Stock", "Accounting")
_ACCOUNTS: Final = ("Party Administration", "Account Credit Limit")
"""Groups of the connection's user."""
_BOOKS: Final = (CREDIT, AVAILABILITY, CREATE_ORDER, *BILLING, SHIPMENTS, INVOICES, ACCOUNT, MATCH)
_TRAPS: Final = (
    "Its user must not be an administrator: at the credit limit those get a warning where others are refused.",
    "A sale's reference ends with a mark of the call, ` #` and sixteen signs; of a refused one, with ` refused`.",
    "An account is opened with name, numbers, addresses and contacts; prices, parent and class are for a person.",
    "That an invoice is disputed stands in its notes; reminders go out all the same.",
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
    + _needing((*_USER, *_ACCOUNTS), ADD_SHIP_TO, evens_out=False),
    triggers=watched.TRIGGERS,
    traps=_TRAPS,
)
