from __future__ import annotations

import msgspec
import pytest

from tests.asgi import Caller
from tests.services.api.parties import first_key

PREFIX = "/v1/clients/acme/live"


class Cast(msgspec.Struct, frozen=True):
    """A partner with two clients, and a key for each."""

    partner: Caller
    client: Caller
    rival: Caller


@pytest.fixture
async def cast(operator: Caller) -> Cast:
    await operator.post("/v1/partners", {"slug": "north", "name": "North"})
    made = await operator.post("/v1/keys", {"name": "north", "partner": "north"})
    partner = operator.having(made.json["key"])
    keys = []
    for slug in ("acme", "rival"):
        await partner.post("/v1/clients", {"slug": slug, "name": slug})
        keys.append(await first_key(operator, f"north/{slug}/live"))
    return Cast(partner, partner.having(keys[0]), partner.having(keys[1]))
