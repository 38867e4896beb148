"""Archives and retention over the API: who sees what, and where an archived run is (ADR 0034; S-01, S-14, S-86)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from infra import ids
from infra.ids import TenantId
from services.archives import reading
from services.archives.archiver import archive_due
from tests.services.api.routes.conftest import PREFIX, Cast
from tests.services.archives.olden import LARGE, RULES, Olden
from tests.world import deploy


@pytest.fixture
async def acme(cast: Cast, olden: Olden) -> Olden:
    """The client's tenant, with a deployment."""
    assert (await cast.client.get("/v1/me")).status == 200
    found = olden.sql(
        "SELECT tenant_id FROM app.tenant JOIN app.client USING (partner_id, client_id) "
        "WHERE slug = 'acme' AND environment = 'live'"
    )
    olden.tenant = TenantId(UUID(found))
    olden.deployment = await deploy(olden.app, olden.tenant, "document: {}", event_type="order.captured")
    return olden


async def _archived(acme: Olden) -> str:
    run = await acme.ended(410)
    assert await archive_due(acme.worker, acme.folder, RULES) == 1
    return ids.show("run", run)


async def test_an_archived_run_is_gone_and_says_where_it_is(cast: Cast, acme: Olden) -> None:
    run = await _archived(acme)
    for suffix in ("", "/journal", "/lifecycle"):
        answer = await cast.client.get(f"/v1/runs/{run}{suffix}")
        assert (answer.status, answer.json["type"]) == (410, "/problems/run-archived"), suffix
        assert answer.json["archived"] == f"archives/runs/{run}"
    told = (await cast.client.get(f"/v1/archives/runs/{run}")).json
    assert told["run"]["id"] == run
    assert told["run"]["journal"][0]["data"] == {"output": LARGE}
    assert told["run"]["input"][0]["data"]["email"] == "jo@example.com"
    (listed,) = (await cast.client.get("/v1/archives")).json["items"]
    assert (listed, listed["runs"]) == (told["archive"], 1)


async def test_S_01_nobody_else_sees_an_archive_and_who_may_not_read_payloads_sees_none(
    cast: Cast, acme: Olden
) -> None:
    run = await _archived(acme)
    for path in (f"/v1/runs/{run}", f"/v1/archives/runs/{run}"):
        assert (await cast.rival.get(path)).status == 404, path
    assert (await cast.rival.get("/v1/archives")).json["items"] == []
    above = (await cast.partner.get(f"{PREFIX}/archives/runs/{run}")).json["run"]
    assert (above["input"], above["output"], above["journal"][0]["data"]) == (None, None, None)
    assert above["state"] == "completed"


async def test_F_22_a_run_that_is_too_long_for_memory_is_read_from_the_files(
    cast: Cast, acme: Olden, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await _archived(acme)
    monkeypatch.setattr(reading, "MOST", 1_000)
    answer = await cast.client.get(f"/v1/archives/runs/{run}")
    assert (answer.status, answer.problem) == (422, "archived-run-too-long")
    assert f"waybill archive show {run}" in answer.json["detail"]


async def test_F_26_a_damaged_archive_shows_nothing(cast: Cast, acme: Olden) -> None:
    run = await _archived(acme)
    (place,) = acme.folder.rglob("*.jsonl.gz")
    place.write_bytes(place.read_bytes()[:-3] + b"abc")
    answer = await cast.client.get(f"/v1/archives/runs/{run}")
    assert (answer.status, answer.json["type"]) == (500, "/problems/archive-unreadable")


async def test_S_86_a_run_is_kept_by_whoever_says_why_and_let_go(cast: Cast, acme: Olden) -> None:
    run = ids.show("run", await acme.ended(410))
    assert (await cast.rival.post(f"/v1/runs/{run}/keep", {"reason": "mine"})).status == 404
    kept = await cast.client.post(f"/v1/runs/{run}/keep", {"reason": "a dispute"})
    assert (kept.status, kept.json["reason"]) == (200, "a dispute")
    assert await archive_due(acme.worker, acme.folder, RULES) == 0
    assert (await cast.rival.post(f"/v1/runs/{run}/let-go")).status == 404
    assert (await cast.client.post(f"/v1/runs/{run}/let-go")).status == 204
    assert (await cast.client.post(f"/v1/runs/{run}/let-go")).problem == "run-not-kept"
    assert await archive_due(acme.worker, acme.folder, RULES) == 1
    assert (await cast.client.post(f"/v1/runs/{run}/keep", {"reason": "late"})).status in {404, 410}
    told = {one["action"] for one in (await cast.partner.get(f"{PREFIX}/audit")).json["items"]}
    assert {"run.kept", "run.let-go", "runs.archived"} <= told


async def test_the_time_that_runs_are_kept_is_set_by_deployment_or_for_all(cast: Cast, acme: Olden) -> None:
    deployment = ids.show("dep", acme.deployment)

    async def change(status: int = 200, **body: Any) -> Any:
        answer = await cast.partner.post(f"{PREFIX}/retention", body)
        assert answer.status == status, answer.json
        return answer.json if status != 200 else [(one["keep"], one["source"]) for one in answer.json["deployments"]]

    told = (await cast.client.get("/v1/retention")).json
    assert (told["is_archiving"], told["installation"], told["least"]) == (True, "P400D", "P30D")
    assert await change(keep="P2Y") == [("P730D", "client")]
    assert await change(keep="P90D", deployment=deployment) == [("P90D", "deployment")]
    assert await change(keep=None, deployment=deployment) == [("P730D", "client")]
    for body in ({"keep": "P29D"}, {"keep": "soon"}, {"keep": "P90D", "deployment": ids.show("dep", ids.new())}):
        assert (await change(422, **body))["type"] == "/problems/invalid-retention"
