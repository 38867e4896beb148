"""Many people decide at once through the API, while its server and the workers are killed: no decision is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
import pytest

from infra import ids
from tests.faults.plant import end
from tests.marks import night
from tests.patience import PATIENCE
from tests.portal.site import Site
from tests.stories.crowd import Crowd, Wanted, gathered
from tests.stories.town import Town

pytestmark = [pytest.mark.faults]
PEOPLE: Final = 8


@pytest.fixture
async def crowd(site: Site) -> AsyncIterator[Crowd]:
    crowd = await gathered(site, f"many-{len(site.workers)}", PEOPLE)
    yield crowd
    crowd.town.stop()


async def kill_midway(crowd: Crowd, count: int) -> None:
    """The server once a part is decided, a worker once a larger part is; each is followed by another one."""
    town = crowd.town
    await decided(crowd, count // 5)
    end(town.site.api)
    town.site.start_api()
    await decided(crowd, count // 2)
    end(town.worker)
    town.start_worker()


async def decided(crowd: Crowd, least: int) -> None:
    statement = "SELECT count(*)::int AS n FROM app.human_task_decision WHERE tenant_id = $1"
    async with asyncio.timeout(4 * PATIENCE):
        while (await crowd.town.rows(statement))[0]["n"] < least:
            await asyncio.sleep(0.05)


async def check(crowd: Crowd, wanted: list[Wanted]) -> None:
    """Each was decided once, by whom and as they wanted, and its run has heard of it."""
    town, mine = crowd.town, {one.task: one for one in wanted}
    who = {one.email: one for one in crowd.people}
    accounts = {row["id"]: row["email"] for row in await town.rows(
        "SELECT account_id AS id, email FROM app.account WHERE tenant_id = $1"
    )}  # fmt: skip
    kept = await town.rows(
        "SELECT task_id, account_id, outcome FROM app.human_task_decision WHERE tenant_id = $1 AND NOT is_void"
    )
    found = {ids.show("tsk", row["task_id"]): (accounts[row["account_id"]], row["outcome"]) for row in kept}
    assert len(kept) == len(found) == len(wanted)
    assert found == {task: (one.who.email, one.outcome) for task, one in mine.items()}
    assert set(who) == {one.who.email for one in wanted}
    audited = await town.rows("SELECT target FROM app.audit WHERE tenant_id = $1 AND action = 'task.completed'")
    assert sorted(row["target"] for row in audited) == sorted(mine)
    await town.until(lambda: ended(town, len(wanted)), "every run is to end")
    rows = await town.rows(
        "SELECT t.task_id, r.output::text AS output FROM app.run r JOIN app.human_task t USING (tenant_id, run_id) "
        "WHERE r.tenant_id = $1"
    )
    heard: dict[str, Any] = {ids.show("tsk", row["task_id"]): msgspec.json.decode(row["output"]) for row in rows}
    assert {task: one["outcome"] for task, one in heard.items()} == {task: one.outcome for task, one in mine.items()}


async def ended(town: Town, count: int) -> bool:
    statement = "SELECT count(*)::int AS n FROM app.run WHERE tenant_id = $1 AND state = 'completed'"
    return bool((await town.rows(statement))[0]["n"] == count)


@pytest.mark.parametrize("count", [100, night(1_000)])
async def test_of_many_decisions_at_once_none_is_lost_whoever_dies(count: int, crowd: Crowd) -> None:
    crowd.town.start_worker()
    wanted = await crowd.wishes(await crowd.asked(count))
    killing = asyncio.create_task(kill_midway(crowd, count))
    await crowd.decide(wanted, seconds=120.0 + count)
    await killing
    assert crowd.unclear == []
    assert (crowd.told[200], crowd.told[500]) == (count, 0)
    await check(crowd, wanted)
