"""Webhooks of a simulator: late by the system's own time, and each until it is taken."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra import egress
from services.connectors.simulators.documents import Documents
from services.connectors.simulators.faults import Faults
from services.connectors.simulators.hooks import Hooks
from services.connectors.simulators.http import Answered, Asked
from services.connectors.trying.playing import listening

BEGAN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


async def test_a_late_webhook_comes_when_its_time_has_come_and_others_before_it(
    tmp_path: Path, client: egress.Client
) -> None:
    came: list[str] = []

    async def takes(asked: Asked) -> Answered:
        came.append(json.loads(asked.body)["id"])
        return Answered(204)

    (seed := tmp_path / "seed.json").write_text("{}")
    now = BEGAN
    kept = Documents(tmp_path / "data", seed, BEGAN)
    hooks = Hooks(kept, "X-Proof", lambda: now)
    async with listening(takes) as url:
        hooks.lead(url, "a-secret")
        hooks.faults = Faults(webhook_late=3600)
        hooks.tell("first", {"id": "first"})
        hooks.faults = Faults()
        hooks.tell("second", {"id": "second"})
        await hooks.send(client)
        assert came == ["second"], "what happened later is told before"
        now += timedelta(minutes=59)
        await hooks.send(client)
        assert came == ["second"]
        now += timedelta(minutes=1)
        await hooks.send(client)
        await hooks.send(client)
        assert came == ["second", "first"]
    kept.close()
