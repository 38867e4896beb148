"""The ERP that ships with the product (`services.connectors.simulators.erp`).

It recognises idempotency keys. A connection may have it behave as one that does not (`orders`): then each order goes
out under a key of its own, and what an earlier request did is found by a mark in the order's reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from infra import ids
from infra.encryption.secret import Secret
from services.connectors.manifests import erp
from services.connectors.sdk.answers import expect_success, read_json
from services.connectors.sdk.connector import Absent, CannotTell, Found, ReadBack
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Refusal
from services.connectors.sdk.manifest import Care, Manifest, SecretField, age
from services.connectors.sdk.settings import base_url_settings

_NOT_FOUND: Final = 404
_CARE: Final[dict[str, Care]] = {
    "keyed": Care("keyed"),
    "check-then-write": Care("check-then-write"),
    "once-or-ask": Care("once-or-ask"),
}


class ErpSimulator:
    """Speaks the simulator's REST API with a bearer token."""

    manifest = Manifest(
        name="erp-simulator",
        version="1.0.0",
        title="ERP simulator",
        settings=base_url_settings(
            orders={
                "enum": ["keyed", "check-then-write", "once-or-ask"],
                "default": "keyed",
                "title": "How it stands the same order once more",
            },
            key_valid_for={
                "type": "string",
                "pattern": "^P([1-9][0-9]{0,2}D|T[1-9][0-9]{0,3}[HMS])$",
                "title": "For how long it knows a key, such as PT24H",
            },
        ),
        secrets=(SecretField(name="token", title="API token"),),
        operations=erp.operations(write="by-call"),
    )

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        if operation == erp.CREDIT:
            return await _credit(values, context)
        if operation == erp.AVAILABILITY:
            return await _availability(values, context)
        return await _create(values, context)

    def care(self, operation: str, values: Any, settings: Mapping[str, Any]) -> Care:
        """As the connection says."""
        del operation, values
        found = _CARE[settings.get("orders", "keyed")]
        known = settings.get("key_valid_for")
        return found if known is None or found.mode != "keyed" else Care("keyed", age(known))

    async def read_back(self, operation: str, values: Any, context: Context) -> ReadBack:
        """By the reference that the order went out under."""
        del operation
        query = urlencode({"reference": _reference(values, context)})
        answer = await context.send("GET", f"orders?{query}", credentials=_credentials(context))
        made = read_json(expect_success(answer, context))["orders"]
        if len(made) > 1:
            return CannotTell(f"It has {len(made)} orders of this reference", made)
        return Found(_output(values, made[0])) if made else Absent()


async def _credit(values: Any, context: Context) -> Any:
    answer = await context.send(
        "GET", f"customers/{quote(values['customer'], safe='')}", credentials=_credentials(context)
    )
    if answer.status == _NOT_FOUND:
        return {"customer": values["customer"], "found": False, "limit": None, "exposure": None, "available": None}
    found = read_json(expect_success(answer, context))
    limit, exposure, currency = found["credit_limit"], found["exposure"], found["currency"]
    return {
        "customer": found["code"],
        "found": True,
        "limit": None if limit is None else {"amount": limit, "currency": currency},
        "exposure": {"amount": exposure, "currency": currency},
        "available": None if limit is None else {"amount": limit - exposure, "currency": currency},
    }


async def _availability(values: Any, context: Context) -> Any:
    query = urlencode([("code", code) for code in dict.fromkeys(line["item"] for line in values["items"])])
    answer = await context.send("GET", f"items?{query}", credentials=_credentials(context))
    stock = {item["code"]: Decimal(item["available"]) for item in read_json(expect_success(answer, context))["items"]}
    return erp.stock_answer(values["items"], stock)


async def _create(values: Any, context: Context) -> Any:
    if any(line["unit_price"]["currency"] != values["currency"] for line in values["lines"]):
        raise Refusal("Every unit price must be in the order's currency", name="validation")
    lines = [
        {"item": line["item"], "quantity": str(line["quantity"]), "unit_price": line["unit_price"]["amount"]}
        for line in values["lines"]
    ]
    order = {"customer": values["customer"], "currency": values["currency"], "reference": _reference(values, context)}
    key = context.key if _is_keyed(context) else ids.new().hex
    answer = await context.send(
        "POST",
        "orders",
        headers={"Content-Type": "application/json", "Idempotency-Key": key},
        credentials=_credentials(context),
        body=msgspec.json.encode({**order, "lines": lines}),
    )
    return _output(values, read_json(expect_success(answer, context)))


def _output(values: Any, made: Any) -> dict[str, Any]:
    return {
        "number": made["number"],
        "state": "confirmed",
        "reference": values["reference"],
        "total": {"amount": made["total"], "currency": made["currency"]},
        "duplicates_cancelled": 0,
    }


def _is_keyed(context: Context) -> bool:
    return bool(context.settings.get("orders", "keyed") == "keyed")


def _reference(values: Any, context: Context) -> str:
    """The order's own; with a mark made of the effect's key where the other side knows no keys, or forgets them."""
    own: str = values["reference"]
    return own if _is_keyed(context) and "key_valid_for" not in context.settings else f"{own} #{context.key[:16]}"


def _credentials(context: Context) -> dict[str, Secret]:
    token = context.secrets.get("token")
    return {} if token is None else {"Authorization": Secret(f"Bearer {token.reveal()}")}
