from __future__ import annotations

from pathlib import Path

import pytest

from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from tests.services.archives.olden import Olden


@pytest.fixture
async def olden(
    app_database: Database, worker_database: Database, stack: Stack, endpoints: Endpoints, tmp_path: Path
) -> Olden:
    return await Olden(app_database, worker_database, (stack, endpoints), tmp_path / "archives").open()
