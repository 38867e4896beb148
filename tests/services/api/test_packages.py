"""Each package of the library deploys as it is, where a partner has set no rules and those that are shipped hold."""

from __future__ import annotations

from typing import Any, Final

from template_library import catalog
from template_library.policies import shipped
from tests.services.api.parties import Parties

PLACE: Final = {"base_url": "http://127.0.0.1:9", "allow_http": True}
SYSTEMS: Final[dict[str, tuple[str, str]]] = {
    "erp": ("erp-simulator", "token"),
    "crm": ("crm-simulator", "token"),
    "credit": ("bureau-simulator", "password"),
    "tax": ("tax-simulator", "key"),
    "desk": ("desk-simulator", "key"),
    "carrier": ("carrier-simulator", "client_secret"),
}
"""By the names that the packages give them: a connector that offers it, and its secret."""
PACKAGES: Final = (
    "order-release",
    "customer-onboarding",
    "backorder-resolution",
    "proof-of-delivery",
    "invoice-dispute",
)


async def test_row_94_the_packages_deploy_under_the_rules_that_are_shipped(parties: Parties) -> None:
    (held,) = [one for one in (await parties.acme.get("/v1/policy")).json["inherited"] if one["level"] == "partner"]
    assert (held["shipped"], held["version"]) == (shipped.VERSION, 0)
    bound: dict[str, Any] = {}
    for name, (connector, secret) in SYSTEMS.items():
        body = {"name": name, "connector": connector, "settings": PLACE, "secrets": {secret: "simulated"}}
        made = await parties.acme.post("/v1/connections", body)
        assert made.status == 201, made.body
        bound[name] = made.json["id"]
    for package in PACKAGES:
        needed = catalog.builtin().find(package).manifest.connections
        body = {"name": package, "template": {"name": package}, "bindings": {name: bound[name] for name in needed}}
        answer = await parties.acme.post("/v1/deployments", body)
        assert answer.status == 201, (package, answer.body)
