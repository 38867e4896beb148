"""What `waybill doctor` says of the audit's seals and heads (A17)."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra import settings
from infra.database import Database
from infra.embedded.stack import Endpoints
from infra.encryption.signing_key import SigningKey
from services.cli import server_checks
from tenants.audit import sealer, watching
from tenants.audit.heads import FolderHeads
from tenants.audit.publishing import Publisher
from tenants.audit.watching import Standing
from tests.tenants.audit.chains import signing_key, write
from tests.world import make_tenant


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return signing_key(tmp_path)


async def test_A17_the_doctor_says_what_became_of_seals_and_heads(
    app_database: Database,
    worker_database: Database,
    endpoints: Endpoints,
    key: SigningKey,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def said(**more: str) -> list[tuple[bool, str]]:
        given = {"WAYBILL_HOME": str(tmp_path), "WAYBILL_DATABASE_URL": endpoints.database_url, **more}
        return [(one.ok, one.found) for one in await server_checks.audit(settings.load(given))]

    world = await make_tenant(app_database)
    await write(app_database, world.tenant_id, 1)
    assert await said() == [
        (True, "every record has one, or will soon"),
        (True, f"none yet; they go to {tmp_path / 'audit-heads'}"),
    ]
    assert (await said(WAYBILL_AUDIT_HEADS="none"))[1] == (False, "go nowhere")
    monkeypatch.setattr(watching, "PUBLISH_SECONDS", 0.0)
    (is_fine, words), _ = await said()
    assert (is_fine, words.startswith("the oldest record waits for")) == (False, True)
    await sealer.seal(worker_database, key)
    seals, (is_fine, words) = await said()
    assert (seals[0], is_fine, words.startswith("the oldest has not gone out for")) == (True, False, True)
    await Publisher(FolderHeads(tmp_path / "audit-heads"), key).publish(worker_database)
    seals, (is_fine, words) = await said()
    assert (seals[0], is_fine, words.startswith(f"go to {tmp_path / 'audit-heads'}, last at")) == (True, True, True)


def test_a_log_that_is_rolled_back_is_the_doctors_first_word() -> None:
    found = server_checks._seals(Standing(rolled_back=2, unsealed=10_000))
    assert (found.ok, found.found) == (False, "2 logs are behind what was published of them")
