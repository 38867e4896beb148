"""An inbox of 100,000 open tasks, at the database: `python -m tests.bench.inbox [--tasks 100000] [--times 30]`.

Prints JSON: of each question the median and the highest milliseconds as the API's role asks it in its tenant's scope,
and how many times as long the same statement takes without an index. Ends with 1 where a median is above the limit.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids, migrate
from infra.database import Database, Scope
from infra.embedded.stack import Stack
from infra.pagination import Page
from services.human_tasks import reading
from services.human_tasks.people import Person
from services.human_tasks.reading import Filter
from tests.superuser import connected
from tests.world import make_tenant

ROLES: Final = 10
LIMIT: Final = 100.0
"""Milliseconds that a question may take."""
OTHERS: Final = 4
"""Tenants beside it, each with a tenth as many."""
FILL: Final = """
INSERT INTO app.human_task (tenant_id, task_id, run_id, key, reference, kind, title, role, state, assignee, entity_kind,
  entity_key, value, currency, worth, due_at, due, content)
SELECT $1, app.new_id(), gen_random_uuid(), md5(n::text), '/do/0/ask', 'kind-' || n % 7, 'Release ' || n,
  'role-' || n % 10, CASE WHEN n % 5 = 0 THEN 'claimed' ELSE 'offered' END,
  CASE WHEN n % 5 = 0 THEN ($3::uuid[])[1 + n / 5 % 40] END, 'sales-order', 'SO-' || n, n * 37 % 1000003, 'USD',
  n * 37 % 1000003, now() + n % 100000 * interval '1 minute', now() + n % 100000 * interval '1 minute',
  json_build_object('task', 'x', 'title', 'x', 'role', 'x', 'instructions', repeat('x', 500))
FROM generate_series(1, $2::integer) n
"""
WITHOUT: Final = (
    *(f"SET LOCAL enable_{one} = off" for one in ("indexscan", "indexonlyscan", "bitmapscan")),
    "SET LOCAL plan_cache_mode = force_custom_plan",  # else it goes by the plan that was made with the index
)
Asked = Callable[[AsyncSession], Awaitable[Any]]


def questions(tenant: Any, people: list[Any], half: str) -> dict[str, Asked]:
    """What a page of the inbox asks, by its name."""
    page, roles = Page(50), [f"role-{n}" for n in range(ROLES)]
    some = Person(account=people[0], actor="x", roles=frozenset(roles[:3]))
    every = Person(account=people[0], actor="x", roles=frozenset(roles))

    def listing(only: Filter, person: Person | None, page: Page = page, sort: reading.Sort = "due") -> Asked:
        return lambda session: reading.list_tasks(session, tenant, page, only, person, sort=sort)

    return {
        "inbox of three roles": listing(Filter(), some),
        "inbox of ten roles": listing(Filter(), every),
        "its page in the middle": listing(Filter(), every, Page(50, half)),
        "by value": listing(Filter(), every, sort="value"),
        "mine": listing(Filter(view="mine"), some),
        "every queue": listing(Filter(view="all"), None),
        "of a kind": listing(Filter(kind="kind-3"), every),
        "of an entity": listing(Filter(view="all", entity_kind="sales-order", entity_key="SO-77777"), None),
        "worth nearly the most, the next due": listing(Filter(view="all", currency="USD", least_value=999_000), None),
        "counts of ten queues": lambda session: reading.counts(session, tenant, roles),
        "counts of every queue": lambda session: reading.counts(session, tenant, None),
        "how many are mine": lambda session: reading.count_mine(session, tenant, some),
    }


async def measured(database: Database, tenant: Any, ask: Asked, times: int, *, indexed: bool) -> list[float]:
    """Milliseconds, of `times` in one session of the API's role; each in a transaction of its own."""
    took = []
    async with database.session(Scope.tenant(tenant)) as session:
        for _ in range(times + 2):
            if not indexed:
                for one in WITHOUT:
                    await session.execute(text(one))
            began = time.perf_counter()
            await ask(session)
            took.append((time.perf_counter() - began) * 1000)
            await session.rollback()
    return took[2:]


async def filled(stack: Stack, name: str, database: Database, tasks: int) -> tuple[Any, list[Any], str]:
    """The tenant, its people and a position in the middle of its list."""
    people = [ids.new() for _ in range(40)]
    worlds = [await make_tenant(database, f"client-{n}") for n in range(OTHERS + 1)]
    async with connected(stack, name) as connection:
        for n, world in enumerate(worlds):
            await connection.execute(FILL, world.tenant_id, tasks if n == 0 else tasks // 10, people)
        await connection.execute("VACUUM ANALYZE app.human_task")
        middle = await connection.fetchrow(
            "SELECT due::text AS due, task_id FROM app.human_task WHERE tenant_id = $1 ORDER BY due OFFSET $2 LIMIT 1",
            worlds[0].tenant_id,
            tasks // 2,
        )
    return worlds[0].tenant_id, people, f"{middle['due']} {middle['task_id']}"


async def measure(tasks: int, times: int, home: Path) -> dict[str, Any]:
    """By question: `ms` median, `highest`, and `without` an index how many times as long."""
    with Stack.start(home, durable=False) as stack:
        endpoints = stack.create_database("waybill_inbox")
        await migrate.upgrade(endpoints.migrator_database_url)
        database = await Database(endpoints.database_url).open()
        try:
            tenant, people, half = await filled(stack, "waybill_inbox", database, tasks)
            found = {}
            for name, ask in questions(tenant, people, half).items():
                with_it = await measured(database, tenant, ask, times, indexed=True)
                without = await measured(database, tenant, ask, 3, indexed=False)
                median = statistics.median(with_it)
                ratio = round(statistics.median(without) / median, 1)
                found[name] = {"ms": round(median, 2), "highest": round(max(with_it), 2), "without": ratio}
            return {"tasks": tasks, "questions": found}
        finally:
            await database.close()


def main(*words: str) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=30)
    given = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as home:
        found = asyncio.run(measure(given.tasks, given.times, Path(home)))
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
    slow = [name for name, one in found["questions"].items() if one["ms"] > LIMIT]
    if slow:
        raise SystemExit(f"above {LIMIT:g} ms: {', '.join(slow)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
