"""What a database's account may do beside what its statements need, asked of a real one."""

from __future__ import annotations

import pytest

from tests.counterparts.calling import Caller
from tests.services.connectors.sql.sales import PASSWORD, STATEMENTS, USER, Sales

pytestmark = pytest.mark.certifies("sql")
RIGHTS = "sql.rights.list"


async def test_an_account_that_has_what_its_statements_need_has_no_more(caller: Caller) -> None:
    assert await caller.done(RIGHTS, {}) == []


async def test_who_only_reads_needs_no_right_to_write(caller: Caller) -> None:
    caller.change(statements={"stock": STATEMENTS["stock"]})
    assert await caller.done(RIGHTS, {}) == [f"{one}:public.booking" for one in ("DELETE", "INSERT", "UPDATE")]


async def test_what_lets_an_account_do_more_is_named(sales: Sales, caller: Caller) -> None:
    given = (
        f"ALTER ROLE {USER} CREATEDB",
        f"GRANT pg_read_all_data TO {USER}",
        f"GRANT CREATE ON SCHEMA public TO {USER}",
        f"GRANT TRUNCATE ON stock TO {USER}",
        f"ALTER TABLE hidden OWNER TO {USER}",
    )
    taken = (
        f"ALTER ROLE {USER} NOCREATEDB",
        f"REVOKE pg_read_all_data FROM {USER}",
        f"REVOKE CREATE ON SCHEMA public FROM {USER}",
        f"REVOKE TRUNCATE ON stock FROM {USER}",
        "ALTER TABLE hidden OWNER TO CURRENT_USER",
    )
    for one in given:
        await sales.do(one)
    try:
        told = await caller.done(RIGHTS, {})
    finally:
        for one in taken:
            await sales.do(one)
    assert told == ["createdb", "pg_read_all_data", "CREATE:public", "OWNER:public.hidden", "TRUNCATE:public.stock"]


async def test_an_account_that_may_do_everything_is_told_in_a_word(sales: Sales, caller: Caller) -> None:
    await sales.do(f"CREATE ROLE sales_owner SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
    try:
        caller.change(user="sales_owner")
        assert await caller.done(RIGHTS, {}) == ["superuser"]
    finally:
        await sales.do("DROP ROLE sales_owner")
