"""Who sets a Vendure shop up, and who buys in it; past the connector."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from infra.egress import Client, Request
from tests.counterparts.calling import TENANT
from tests.counterparts.vendure.install import SUPERADMIN

_TOKEN: Final = "vendure-auth-token"  # noqa: S105 (a header's name)


class Person:
    """One session with one of the two interfaces."""

    def __init__(self, client: Client, url: str) -> None:
        self._client = client
        self._url = url
        self._token = ""

    async def __call__(self, query: str, **variables: Any) -> Any:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        body = msgspec.json.encode({"query": query, "variables": variables})
        request = Request(method="POST", url=self._url, headers=headers, body=body)
        answer = await self._client.send(TENANT, request)
        self._token = answer.headers.get(_TOKEN, self._token)
        told = msgspec.json.decode(answer.body)
        assert not told.get("errors"), told
        return told["data"]


def _named(name: str) -> list[dict[str, str]]:
    return [{"languageCode": "en", "name": name, "description": ""}]


async def furnished(client: Client, url: str) -> tuple[str, str]:
    """Set the empty shop up: keys of two roles, one that may read and fulfil orders, one that may see products."""
    ask = Person(client, f"{url}/admin-api")
    login = 'mutation($p: String!) { login(username: "superadmin", password: $p) { __typename } }'
    await ask(login, p=SUPERADMIN)
    zone = (await ask('mutation { createZone(input: { name: "US", memberIds: [] }) { id } }'))["createZone"]["id"]
    made = await ask(
        "mutation($i: CreateCountryInput!) { createCountry(input: $i) { id } }",
        i={"code": "US", "enabled": True, "translations": [{"languageCode": "en", "name": "United States"}]},
    )
    member = "mutation($z: ID!, $c: [ID!]!) { addMembersToZone(zoneId: $z, memberIds: $c) { id } }"
    await ask(member, z=zone, c=[made["createCountry"]["id"]])
    made = await ask('mutation { createTaxCategory(input: { name: "Standard", isDefault: true }) { id } }')
    category = made["createTaxCategory"]["id"]
    rate = {"name": "US standard", "enabled": True, "value": 7.25, "categoryId": category, "zoneId": zone}
    await ask("mutation($i: CreateTaxRateInput!) { createTaxRate(input: $i) { id } }", i=rate)
    channel = (await ask("{ activeChannel { id } }"))["activeChannel"]["id"]
    money = {"defaultCurrencyCode": "USD", "availableCurrencyCodes": ["USD"], "pricesIncludeTax": False}
    given = {"id": channel, "defaultTaxZoneId": zone, "defaultShippingZoneId": zone, **money}
    await ask("mutation($i: UpdateChannelInput!) { updateChannel(input: $i) { __typename } }", i=given)
    await _sold(ask, category)
    return await _key(ask, "connector", ["ReadOrder", "UpdateOrder", "ReadCustomer"]), await _key(
        ask, "reader", ["ReadProduct"]
    )


async def wide_key(client: Client, url: str) -> str:
    """A key whose role sees administrators and settings, too."""
    ask = Person(client, f"{url}/admin-api")
    login = 'mutation($p: String!) { login(username: "superadmin", password: $p) { __typename } }'
    await ask(login, p=SUPERADMIN)
    return await _key(ask, "wide", ["ReadOrder", "UpdateOrder", "ReadCustomer", "ReadAdministrator", "ReadSettings"])


async def _sold(ask: Person, category: str) -> None:
    """What is sold, how it is shipped and paid."""

    def arguments(**values: str) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in values.items()]

    checker = {"code": "default-shipping-eligibility-checker", "arguments": arguments(orderMinimum="0")}
    cost = arguments(rate="500", includesTax="auto", taxRate="0")
    shipping = {
        "code": "standard",
        "fulfillmentHandler": "manual-fulfillment",
        "checker": checker,
        "calculator": {"code": "default-shipping-calculator", "arguments": cost},
        "translations": _named("Standard"),
    }
    await ask("mutation($i: CreateShippingMethodInput!) { createShippingMethod(input: $i) { id } }", i=shipping)
    handler = {"code": "dummy-payment-handler", "arguments": arguments(automaticSettle="true")}
    payment = {"code": "terms", "enabled": True, "handler": handler, "translations": _named("Net 30")}
    await ask("mutation($i: CreatePaymentMethodInput!) { createPaymentMethod(input: $i) { id } }", i=payment)
    words = [{"languageCode": "en", "name": "Part", "slug": "part", "description": ""}]
    made = await ask(
        "mutation($i: CreateProductInput!) { createProduct(input: $i) { id } }",
        i={"enabled": True, "translations": words},
    )
    part = {
        "productId": made["createProduct"]["id"],
        "sku": "SKU-1",
        "price": 1999,
        "stockOnHand": 5000,
        "taxCategoryId": category,
        "translations": [{"languageCode": "en", "name": "Part SKU-1"}],
    }
    await ask("mutation($i: [CreateProductVariantInput!]!) { createProductVariants(input: $i) { id } }", i=[part])


async def _key(ask: Person, name: str, permissions: list[str]) -> str:
    role = {"code": name, "description": name, "permissions": permissions}
    made = await ask("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", i=role)
    given = {"roleIds": [made["createRole"]["id"]], "translations": [{"languageCode": "en", "name": name}]}
    made = await ask("mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) { apiKey } }", i=given)
    key: str = made["createApiKey"]["apiKey"]
    return key


async def bought(client: Client, url: str, quantity: int) -> str:
    """Somebody buys so many of the part; the order's id."""
    ask = Person(client, f"{url}/shop-api")
    await ask(
        "mutation($q: Int!) { addItemToOrder(productVariantId: 1, quantity: $q) { __typename } }",
        q=quantity,
    )
    who = '{ firstName: "Ann", lastName: "Buyer", emailAddress: "ann@buyer.example" }'
    await ask(f"mutation {{ setCustomerForOrder(input: {who}) {{ __typename }} }}")
    where = '{ streetLine1: "5 Example Street", city: "Springfield", postalCode: "00001", countryCode: "US" }'
    await ask(f"mutation {{ setOrderShippingAddress(input: {where}) {{ __typename }} }}")
    methods = (await ask("{ eligibleShippingMethods { id } }"))["eligibleShippingMethods"]
    choose = "mutation($i: [ID!]!) { setOrderShippingMethod(shippingMethodId: $i) { __typename } }"
    await ask(choose, i=[methods[0]["id"]])
    await ask('mutation { transitionOrderToState(state: "ArrangingPayment") { __typename } }')
    pay = 'mutation { addPaymentToOrder(input: { method: "terms", metadata: {} }) { ... on Order { id state } } }'
    order = (await ask(pay))["addPaymentToOrder"]
    assert order["state"] == "PaymentSettled", order
    found: str = order["id"]
    return found
