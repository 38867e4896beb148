"""A connection as a secret (S-53, S-72)."""

from __future__ import annotations

from typing import cast
from uuid import UUID, uuid4

from infra.encryption.secret import Secret
from services.connectors.secrets import BoundSecrets
from tenants.connections.opening import OpenConnection, OpenConnections

CANARY = "c4n4ry-token"


class Connections:
    """Two of them, opened: one with a base URL and one without."""

    def __init__(self) -> None:
        self.with_base, self.without = uuid4(), uuid4()

    async def get(self, _tenant: UUID, connection: UUID) -> OpenConnection:
        settings = {"base_url": "https://erp.example/api"} if connection == self.with_base else {}
        secrets = {"token": Secret(CANARY)}
        return OpenConnection(
            connection_id=connection, connector="http", settings=settings, secrets=secrets, revision=1
        )


async def test_S_53_a_secret_belongs_to_the_base_url_of_its_connection() -> None:
    connections = Connections()
    bindings = {"erp": connections.with_base, "crm": connections.without}
    opened = await BoundSecrets(cast("OpenConnections", connections)).open(uuid4(), bindings, ("erp", "crm"))
    assert opened.origins == {"erp": "https://erp.example/api"}
    assert opened.members["erp"] == {"base_url": "https://erp.example/api", "token": CANARY}
    assert CANARY not in repr(opened.hide({"said": f"it was {CANARY}"}))
