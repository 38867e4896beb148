"""Workflows that a workflow runs: pinned when it is deployed, never too deep and never themselves."""

from __future__ import annotations

from typing import Any

import pytest

from infra.database import Database
from tenants.deployments.errors import InvalidDeployment
from tests.tenants.deployments.test_deployments import create, document, publish
from tests.world import World, make_tenant


def runs(name: str, *others: str, version: str = "1.0.0") -> str:
    tasks: list[dict[str, Any]] = [
        {f"r{n}": {"run": {"workflow": {"namespace": "tests", "name": other, "version": "latest"}}}}
        for n, other in enumerate(others)
    ]
    return document(version, head={"name": name}, do=[*tasks, {"done": {"set": {"ok": True}}}])


async def deploy(database: Database, world: World, text: str) -> dict[str, str]:
    source, _ = await publish(database, world, text)
    revision = (await create(database, world, source=source))[1]
    return revision.workflows


async def test_everything_that_is_run_is_pinned_and_latest_is_the_newest(app_database: Database) -> None:
    world = await make_tenant(app_database)
    await publish(app_database, world, runs("leaf", version="1.9.0"))
    newest, _ = await publish(app_database, world, runs("leaf", version="1.10.0"))
    middle, _ = await publish(app_database, world, runs("middle", "leaf"))
    pins = await deploy(app_database, world, runs("root", "middle", "leaf"))
    assert pins == {"tests/leaf:latest": str(newest), "tests/middle:latest": str(middle)}


async def test_what_is_not_published_is_named(app_database: Database) -> None:
    world = await make_tenant(app_database)
    with pytest.raises(InvalidDeployment, match="tests/leaf:latest, which it runs, is not published"):
        await deploy(app_database, world, runs("root", "leaf"))


async def test_S_02_another_tenants_workflow_is_not_published_here(app_database: Database) -> None:
    world, other = await make_tenant(app_database), await make_tenant(app_database, "other")
    await publish(app_database, other, runs("leaf"))
    with pytest.raises(InvalidDeployment, match="is not published"):
        await deploy(app_database, world, runs("root", "leaf"))


async def test_S_34_a_workflow_that_would_run_itself_is_refused(app_database: Database) -> None:
    world = await make_tenant(app_database)
    await publish(app_database, world, runs("b", "a"))
    with pytest.raises(InvalidDeployment, match="would run itself"):
        await deploy(app_database, world, runs("a", "b"))


@pytest.mark.parametrize(("levels", "is_taken"), [(8, True), (9, False)])
async def test_S_34_at_most_eight_levels_are_run(levels: int, is_taken: bool, app_database: Database) -> None:  # noqa: FBT001
    world = await make_tenant(app_database)
    await publish(app_database, world, runs(f"l{levels}"))
    for level in range(levels - 1, 0, -1):
        await publish(app_database, world, runs(f"l{level}", f"l{level + 1}"))
    if is_taken:
        assert len(await deploy(app_database, world, runs("l0", "l1"))) == levels
    else:
        with pytest.raises(InvalidDeployment, match="nested 9 deep"):
            await deploy(app_database, world, runs("l0", "l1"))
