from __future__ import annotations

from pathlib import Path

import pytest

from infra import settings
from infra.database import Database
from infra.egress.rules import guard
from infra.embedded.stack import Endpoints
from infra.encryption.key_file import create_kek_file
from infra.telemetry.process import Process
from services.worker.composition import Composition


def test_S_51_the_operators_networks_reach_the_way_out_and_denied_ones_are_closed() -> None:
    given = {"WAYBILL_EGRESS_NETWORKS": "10.0.0.0/8", "WAYBILL_EGRESS_DENIED": "10.9.0.0/16, 93.184.216.0/24"}
    rules = guard(settings.load(given))
    assert rules.allows_text("10.1.2.3")
    assert rules.allows_text("93.184.217.1")
    assert not rules.allows_text("10.9.0.1")
    assert not rules.allows_text("93.184.216.34")
    assert not rules.allows_text("127.0.0.1")


@pytest.mark.parametrize(("process", "parts"), [("worker", 1), ("suspects", 0)])
async def test_F_20_only_a_worker_takes_part_of_the_slots_of_connections(
    process: Process, parts: int, tmp_path: Path, endpoints: Endpoints, worker_database: Database
) -> None:
    """A process that runs one suspect at a time would hold them idle."""
    given = {
        "WAYBILL_DATABASE_URL": endpoints.database_url,
        "WAYBILL_WORKER_DATABASE_URL": endpoints.worker_database_url,
        "WAYBILL_REDIS_URL": endpoints.redis_url,
        "WAYBILL_KEK_FILE": str(tmp_path / "kek"),
    }
    create_kek_file(tmp_path / "kek")
    living = "SELECT count(*) FROM app.beat_worker('another', 5) b WHERE b.workers = 2"
    async with Composition(settings.load(given), process), worker_database.doors() as connection:
        assert await connection.fetchval(living) == parts
    async with worker_database.doors() as connection:
        assert await connection.fetchval(living) == 0
