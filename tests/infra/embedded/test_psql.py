"""A server that hangs holds nobody up for ever."""

from __future__ import annotations

import pytest

from infra.embedded import psql
from infra.embedded.psql import SqlFailed
from infra.embedded.stack import Stack


def test_statements_that_do_not_end_are_given_up_and_said_so(stack: Stack) -> None:
    server = stack.postgres
    with pytest.raises(SqlFailed, match=r"psql was still waiting for PostgreSQL after 0.3 s and was ended"):
        psql.run(server.bin, server.admin_environment(), ["SELECT pg_sleep(300)"], {}, limit=0.3)
    assert psql.run(server.bin, server.admin_environment(), ["SELECT 1"], {}) == "1"


def test_a_statement_that_fails_says_so_in_the_servers_words(stack: Stack) -> None:
    server = stack.postgres
    with pytest.raises(SqlFailed, match=r"division by zero"):
        psql.run(server.bin, server.admin_environment(), ["SELECT 1/0"], {})
