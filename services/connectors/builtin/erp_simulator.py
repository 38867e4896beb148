"""The ERP that ships with the product (`services.connectors.simulators.erp`). It recognises idempotency keys."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from infra.encryption.secret import Secret
from services.connectors.manifests import erp
from services.connectors.sdk.answers import expect_success, read_json
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Refusal
from services.connectors.sdk.manifest import Manifest, SecretField
from services.connectors.sdk.settings import base_url_settings

_NOT_FOUND: Final = 404


class ErpSimulator:
    """Speaks the simulator's REST API with a bearer token."""

    manifest = Manifest(
        name="erp-simulator",
        version="1.0.0",
        title="ERP simulator",
        settings=base_url_settings(),
        secrets=(SecretField(name="token", title="API token"),),
        operations=erp.operations(write="keyed"),
    )

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        if operation == erp.CREDIT:
            return await _credit(values, context)
        if operation == erp.AVAILABILITY:
            return await _availability(values, context)
        return await _create(values, context)


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
    order = {"reference": values["reference"], "customer": values["customer"], "currency": values["currency"]}
    answer = await context.send(
        "POST",
        "orders",
        headers={"Content-Type": "application/json", "Idempotency-Key": context.key},
        credentials=_credentials(context),
        body=msgspec.json.encode({**order, "lines": lines}),
    )
    made = read_json(expect_success(answer, context))
    return {
        "number": made["number"],
        "state": "confirmed",
        "reference": made["reference"],
        "total": {"amount": made["total"], "currency": made["currency"]},
        "duplicates_cancelled": 0,
    }


def _credentials(context: Context) -> dict[str, Secret]:
    token = context.secrets.get("token")
    return {} if token is None else {"Authorization": Secret(f"Bearer {token.reveal()}")}
