from __future__ import annotations

from pathlib import Path

import pytest

from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from tenants.connections.form import Form
from tenants.connections.sealing import Sealer
from tenants.connections.service import Desk
from tests.tenants.connections.keys_side import BELOW

assert BELOW == "tenant", "its model is known, without which no connection can be changed"

SETTINGS = {
    "type": "object",
    "required": ["url"],
    "additionalProperties": False,
    "properties": {
        "url": {"type": "string", "pattern": "^https?://"},
        "timeout": {"type": "integer", "minimum": 1, "default": 30},
    },
}


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    """A sealer with a key file of its own."""
    create_kek_file(tmp_path / "kek")
    return Sealer(FileKeyProvider(tmp_path / "kek"))


@pytest.fixture
def desk(sealer: Sealer) -> Desk:
    """Two ERPs and a connector that counts every setting as a destination."""
    erp = Form(
        settings=SETTINGS,
        secrets={"password": True, "pin": False},
        operations=frozenset({"erp.customers.credit"}),
        destination=frozenset({"url"}),
    )
    other = Form(settings=SETTINGS, secrets={"token": True}, operations=frozenset({"erp.customers.credit"}))
    return Desk({"erp": erp, "other": other}, sealer)
