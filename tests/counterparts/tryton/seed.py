"""Fills a new Tryton database: `venv/bin/python seed.py CONFIG DATABASE`, in Tryton's own environment.

Codes match `docs/examples/order.json`, so that one order fits the simulator and Tryton alike. No sales tax: an ERP's
taxes are its own business, and without them both give the same total.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any

from proteus import Model  # type: ignore[import-not-found]
from proteus import config as proteus_config
from trytond.modules.account.tests.tools import (  # type: ignore[import-not-found]
    create_chart,
    create_fiscalyear,
    get_accounts,
)
from trytond.modules.account_invoice.tests.tools import (  # type: ignore[import-not-found]
    create_payment_term,
    set_fiscalyear_invoice_sequences,
)
from trytond.modules.company.tests.tools import create_company, get_company  # type: ignore[import-not-found]

USER = "connector"
PASSWORD = "connector-pass-for-tests"  # noqa: S105 (a database made for tests, on loopback)
ITEMS = (
    ("SKU-1", "Bearing, sealed, 20 mm", "12.99", 5000),
    ("SKU-2", "Hose clamp, stainless, box of 50", "24.50", 1000),
    ("SKU-3", "Gasket set", "4.20", 0),
    ("BULK-1", "Washer, plain", "0.10", 1_000_000_000),
)
CUSTOMERS = (
    ("ACME-001", "Acme Wholesale", "50000"),
    ("TIGHT-001", "Tight Trading", "100"),
    ("OPEN-001", "Open Account", None),
    ("LOAD-001", "Load Test", None),
)


def company() -> Any:
    """A company in USD with a chart of accounts and an open fiscal year; returns its accounts by kind."""
    party = Model.get("party.party")(name="Example Distribution")
    party.addresses[0].street = "1 Dock Road"
    party.save()
    create_company(party=party)
    create_chart(get_company())
    set_fiscalyear_invoice_sequences(create_fiscalyear(get_company())).click("create_period")
    return get_accounts(get_company())


def items(accounts: Any) -> None:
    category = Model.get("product.category")(name="Goods", accounting=True)
    category.account_expense = accounts["expense"]
    category.account_revenue = accounts["revenue"]
    category.save()
    (unit,) = Model.get("product.uom").find([("name", "=", "Unit")])
    (storage,) = Model.get("stock.location").find([("code", "=", "STO")])
    inventory = Model.get("stock.inventory")(location=storage)
    for code, name, price, quantity in ITEMS:
        template = Model.get("product.template")(name=name, default_uom=unit, type="goods", salable=True)
        template.list_price = Decimal(price)
        template.account_category = category
        template.products[0].suffix_code = code
        template.save()
        if quantity:
            line = inventory.lines.new(product=template.products[0])
            line.quantity, line.expected_quantity = quantity, 0
    inventory.click("confirm")


def elsewhere() -> None:
    """A second warehouse, which has what the first has not."""
    location = Model.get("stock.location")
    places = {}
    for kind in ("input", "output", "storage"):
        place = location(name=f"West {kind}", type="storage")
        place.save()
        places[f"{kind}_location"] = place
    west = location(name="West", code="WEST", type="warehouse")
    for name, place in places.items():
        setattr(west, name, place)
    (west.lost_found_location,) = location.find([("type", "=", "lost_found")])
    west.save()
    for place in places.values():
        place.parent = west
        place.save()
    inventory = Model.get("stock.inventory")(location=places["storage_location"])
    (gaskets,) = Model.get("product.product").find([("code", "=", "SKU-3")])
    line = inventory.lines.new(product=gaskets)
    line.quantity, line.expected_quantity = 500, 0
    inventory.click("confirm")


def customers() -> None:
    term = create_payment_term()
    term.save()
    for code, name, limit in CUSTOMERS:
        party = Model.get("party.party")(name=name, code=code)
        party.addresses[0].street, party.addresses[0].city = "17 Example Street", "Springfield"
        party.customer_payment_term = term
        party.save()
        if limit is not None:  # a value per company: it needs the saved party
            party.credit_limit_amount = Decimal(limit)
            party.save()


def user() -> None:
    """The connector's own user. Not an administrator, who would get a skippable warning at the credit limit."""
    person = Model.get("res.user")(name="Connector", login=USER)
    person.password = PASSWORD
    for name in ("Sales", "Stock", "Accounting", "Party Administration", "Account Credit Limit"):
        person.groups.append(Model.get("res.group").find([("name", "=", name)])[0])
    person.companies.append(get_company())
    person.company = get_company()
    person.save()


if __name__ == "__main__":
    proteus_config.set_trytond(sys.argv[2], user="admin", config_file=sys.argv[1])
    items(company())
    elsewhere()
    customers()
    user()
