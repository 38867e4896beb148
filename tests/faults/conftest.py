from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.plant import Plant


@pytest.fixture
async def plant(tmp_path: Path) -> AsyncIterator[Plant]:
    """A fresh installation with API and ERP, and no worker yet."""
    async with Plant(tmp_path / "home") as plant:
        yield plant
