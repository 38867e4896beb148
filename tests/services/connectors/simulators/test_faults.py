"""What each simulator can be told to have, and what it says to all else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.connectors.simulators import faults, systems
from services.connectors.simulators.faults import Chance, Faults
from services.connectors.simulators.front import Front
from services.connectors.simulators.http import Asked

NAMES = sorted(systems.KINDS)


async def put(front: Front, told: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answered = await front(Asked("PUT", "/_control/faults", {}, msgspec.json.encode(told)))
    return answered.status, msgspec.json.decode(answered.body or b"")


@pytest.mark.parametrize("name", NAMES)
async def test_each_simulator_takes_what_it_has_and_names_it_where_it_is_told_another(
    name: str, tmp_path: Path
) -> None:
    system = systems.start(name, tmp_path / "data", None)
    front = Front(system, None, lambda _: None, Faults())
    try:
        comes = sorted(system.failures & {"none", *faults.NAMES, *faults.FILES} - {"late-seconds"})
        status, now = await put(front, {"next": comes})
        assert (status, now["next"]) == (200, comes)
        assert {one.replace("_", "-") for one in now} - {"next", "seed"} == system.failures - {"none"}
        assert (await put(front, now))[0] == 200, "what it says it has can be told it again"
        others = {"next": ["schema-drift"]}, {"unknown": 1}, {"late": 0.1, "truncate": 1}
        for other in others:
            status, problem = await put(front, other)
            assert status == 400
            assert all(one in problem["detail"] for one in system.failures), problem
            assert await put(front, {}) == (200, faults.shown(Faults(), system.failures)), "nothing of it was taken"
        assert (await put(front, {"next": "busy"}))[0] == 400
    finally:
        system.close()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("shop", {"webhook_late": 1}),
        ("erp", {"next": ["truncated"]}),
        ("file-warehouse", {"next": ["hang"]}),
        ("file-warehouse", {"unavailable": 0.5}),
        ("file-warehouse", {"webhook_twice": True}),
    ],
)
async def test_a_failure_of_another_simulator_is_refused(name: str, told: dict[str, Any], tmp_path: Path) -> None:
    system = systems.start(name, tmp_path / "data", None)
    try:
        assert (await put(Front(system, None, lambda _: None, Faults()), told))[0] == 400
    finally:
        system.close()


def test_what_comes_next_waits_for_what_it_can_happen_to() -> None:
    chance = Chance(Faults(next=["truncated", "expired", "cut"]))
    assert chance.draw(faults.AT_LOGIN) == "expired"
    assert chance.draw(faults.AT_LOGIN) is None
    assert [chance.draw(faults.WHEN_WRITTEN), chance.draw(faults.WHEN_LEFT)] == ["cut", "truncated"]
