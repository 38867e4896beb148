"""Whose data a record is: the entity of data under which owners are named (ADR 0051)."""

from __future__ import annotations

from typing import Final

_OF: Final = {
    "claim": "claim",
    "customer": "customer payment-terms tax-status",
    "inventory": "inventory-position item-instance location warehouse",
    "invoice": "credit-note invoice",
    "item": "item unit-of-measure",
    "order": "order-response sales-order",
    "payment": "payment",
    "po": "purchase-order",
    "price": "price-condition",
    "receipt": "receipt",
    "return": "return-authorisation",
    "shipment": "carrier-service proof-of-delivery route shipment",
    "supplier": "supplier",
}
ENTITY: Final[dict[str, str]] = {record: entity for entity, records in _OF.items() for record in records.split()}
"""By record the entity whose data steward answers for it."""
