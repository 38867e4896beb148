"""What a page measured is handed to the transactions of one request, and taken once (ADR 0105)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text

from infra import ids
from infra.database import Attention, Database, Scope, attend, divide
from infra.ids import TenantId

TENANT = TenantId(ids.new())
KIM, PAT = ids.new(), ids.new()
TAKE = "SELECT app.take_attention($1, $2, 'run', 'o-1')"
HELD = "SELECT current_setting('app.attention', true)"


@contextmanager
def measured(seconds: int) -> Iterator[Attention]:
    """Of Kim's."""
    attention = Attention(KIM, seconds)
    attend(attention)
    try:
        yield attention
    finally:
        attend(None)


async def taken(database: Database, who: Any = KIM, times: int = 1) -> list[int | None]:
    async with database.tenant(TENANT) as connection:
        return [await connection.fetchval(TAKE, TENANT, who) for _ in range(times)]


async def test_it_is_taken_once_by_whatever_transaction_comes_first_to_a_touch(app_database: Database) -> None:
    with measured(10) as attention:
        async with app_database.tenant(TENANT) as connection:
            assert await connection.fetchval("SELECT 1") == 1
        assert attention.counted == 0, "a transaction that only reads leaves it"
        assert await taken(app_database, times=2) == [10, None]
        assert await taken(app_database) == [None]
        assert attention.counted == 10
    assert await taken(app_database) == [None]


async def test_S_87_it_is_on_nobody_else_s_touch(app_database: Database) -> None:
    with measured(10) as attention:
        assert await taken(app_database, PAT) == [None]
        assert attention.counted == 0
        assert await taken(app_database, KIM) == [10]


async def test_nothing_of_it_is_left_on_the_connection_for_the_next(app_database: Database) -> None:
    with measured(10) as attention:
        async with app_database.tenant(TENANT) as connection:
            assert await connection.fetchval(HELD) == f"{KIM} 10 1"
        attention.end()
        assert await taken(app_database) == [None], "what goes on behind the answer has none"
    for _ in range(3):
        async with app_database.tenant(TENANT) as connection:
            assert await connection.fetchval(HELD) in {None, ""}


async def test_what_is_rolled_back_is_not_counted_and_goes_to_the_next(app_database: Database) -> None:
    with measured(10) as attention:
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 (the error comes from inside)
            async with app_database.tenant(TENANT) as connection:
                assert await connection.fetchval(TAKE, TENANT, KIM) == 10
                raise ZeroDivisionError
        assert attention.counted == 0
        async with app_database.tenant(TENANT) as connection:
            await connection.execute("SAVEPOINT one")
            assert await connection.fetchval(TAKE, TENANT, KIM) == 10
            await connection.execute("ROLLBACK TO SAVEPOINT one")
            assert await connection.fetchval(TAKE, TENANT, KIM) == 10
        assert attention.counted == 10


@pytest.mark.parametrize("together", [1, 2, 20])
async def test_of_many_each_has_an_equal_part_however_they_are_committed(app_database: Database, together: int) -> None:
    with measured(11) as attention:
        divide(5, together)
        found: list[int | None] = []
        for at in range(0, 5, together):
            found += await taken(app_database, times=min(together, 5 - at))
        assert sorted(one or 0 for one in found) == [2, 2, 2, 2, 3]
        assert attention.counted == 11
        assert await taken(app_database) == [None]


async def test_of_many_the_part_of_one_that_was_refused_is_not_counted(app_database: Database) -> None:
    with measured(9) as attention:
        divide(3)
        assert await taken(app_database) == [3]
        assert await taken(app_database, times=0) == []
        assert await taken(app_database) == [3]
        assert attention.counted == 6


async def test_a_session_s_transactions_are_handed_it_alike(app_database: Database) -> None:
    take = text("SELECT app.take_attention(:tenant, :who, 'run', 'o-1')")
    given = {"tenant": TENANT, "who": KIM}
    with measured(10) as attention:
        async with app_database.session(Scope.tenant(TENANT)) as session:
            assert await session.scalar(take, given) == 10
        assert attention.counted == 0, "it was not committed"
        async with app_database.session(Scope.tenant(TENANT)) as session:
            assert await session.scalar(take, given) == 10
            async with session.begin_nested():
                assert await session.scalar(take, given) is None
            assert await session.scalar(take, given) is None
            await session.commit()
            assert attention.counted == 10
            assert await session.scalar(take, given) is None
        async with app_database.session(Scope.partner(ids.new())) as session:
            assert await session.scalar(text(HELD)) in {None, ""}
