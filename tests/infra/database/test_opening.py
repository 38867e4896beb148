"""Transactions whose session dies or freezes under them: the caller's own end is what it hears of."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from infra.database import Database, is_outage, opening
from infra.embedded.stack import Endpoints, Stack
from tests.patience import PATIENCE

TENANT = UUID(int=1)


async def kill(stack: Stack, endpoints: Endpoints, connection: Any) -> None:
    """End the session of `connection` and return when asyncpg knows."""
    pid = await connection.fetchval("SELECT pg_backend_pid()")
    stack.postgres.run_sql([f"SELECT pg_terminate_backend({pid})"], endpoints.database_url.rpartition("/")[2])
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await connection.fetchval("SELECT 1")


async def test_F_06_an_error_stays_itself_when_the_session_died(
    app_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 (the error comes from inside)
        async with app_database.tenant(TENANT) as connection:
            await kill(stack, endpoints, connection)
            raise ZeroDivisionError
    async with app_database.tenant(TENANT) as connection:
        assert await connection.fetchval("SELECT 1") == 1


@pytest.mark.parametrize("way", ["tenant", "doors"])
async def test_F_06_a_cancellation_is_not_lost_when_the_session_died(
    app_database: Database, stack: Stack, endpoints: Endpoints, way: str
) -> None:
    dead = asyncio.Event()

    async def work() -> None:
        scope = app_database.tenant(TENANT) if way == "tenant" else app_database.doors()
        async with scope as connection:
            await kill(stack, endpoints, connection)
            dead.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await dead.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack.start(tmp_path / "home", durable=False) as stack:
        yield stack


@pytest.fixture
async def frozen(own_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Database, Stack]]:
    monkeypatch.setattr(opening, "_LEAVE_SECONDS", 0.2)
    monkeypatch.setattr(opening, "_COMMAND_SECONDS", 2.0)
    database = await Database(own_stack.endpoints.database_url).open()
    yield database, own_stack
    await database.close()


def signal_all(stack: Stack, wish: signal.Signals) -> None:
    """To the server and each of its processes."""
    pid = stack.postgres.pid
    assert pid is not None
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    for one in (pid, *map(int, children)):
        os.kill(one, wish)


async def test_F_06_a_server_that_stands_still_holds_nobody_for_long(frozen: tuple[Database, Stack]) -> None:
    database, stack = frozen
    try:
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 (the error comes from inside)
            async with asyncio.timeout(PATIENCE), database.tenant(TENANT):
                signal_all(stack, signal.SIGSTOP)
                raise ZeroDivisionError
    finally:
        signal_all(stack, signal.SIGCONT)


async def test_F_06_a_statement_without_an_answer_ends_as_an_outage(frozen: tuple[Database, Stack]) -> None:
    database, stack = frozen
    try:
        with pytest.raises(TimeoutError) as caught:  # noqa: PT012
            async with database.doors() as connection:
                signal_all(stack, signal.SIGSTOP)
                await connection.fetchval("SELECT 1")
    finally:
        signal_all(stack, signal.SIGCONT)
    assert is_outage(caught.value)
