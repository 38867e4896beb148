"""A second client beside the demo's, with a simulated ERP of its own."""

from __future__ import annotations

from typing import Any

import msgspec

from services.cli.demo_cast import CAST
from tests.faults.plant import Plant
from tests.first_keys import first_keys


async def move_in(plant: Plant, slug: str = "neighbour") -> tuple[str, str]:
    """Make the client through the API, with the template deployed on its own ERP; its API key and the ERP's address."""
    url = await plant.start_erp()
    partner = (plant.home / "secrets" / "partner-key").read_text(encoding="ascii").strip()
    await _make(plant, partner, "/v1/clients", {"slug": slug, "name": slug})
    (key,) = await first_keys(plant.stack.endpoints.database_url, f"{CAST[0].partner[0]}/{slug}/live")
    connection = {
        "name": "erp",
        "connector": "erp-simulator",
        "settings": {"base_url": url, "allow_http": True},
        "secrets": {"token": plant.erp_token},
    }
    erp = await _make(plant, key, "/v1/connections", connection)
    bound = {"name": "orders", "template": {"name": "order-release"}, "bindings": {"erp": erp["id"]}}
    await _make(plant, key, "/v1/deployments", bound)
    return key, url


async def _make(plant: Plant, key: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await plant.request("POST", path, body, key=key)
    assert answer.status == 201, answer.body
    made: dict[str, Any] = msgspec.json.decode(answer.body)
    return made
