"""A client's database in the tests' own PostgreSQL, and a front before it that loses an answer or speaks TLS."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from infra import clock, egress
from infra.embedded.stack import Stack
from services.engine.expressions.protocol import Evaluator
from tests.counterparts.calling import Caller
from tests.patience import PATIENCE
from tests.superuser import connected

PASSWORD: Final = "canary-password"  # noqa: S105 (a server on loopback)
USER: Final = "sales_agent"
DATABASE: Final = "sales"
_TABLES: Final = """
CREATE TABLE stock (item text PRIMARY KEY, quantity numeric(12, 3), counted_at timestamptz, counted_on date,
                    tags text[] NOT NULL DEFAULT '{}', about jsonb, room point);
CREATE TABLE booking (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, reference text NOT NULL, key text UNIQUE,
                      quantity numeric NOT NULL CHECK (quantity > 0), changed timestamptz NOT NULL DEFAULT now());
CREATE TABLE hidden (id bigint);
GRANT SELECT ON stock TO sales_agent;
GRANT SELECT, INSERT, UPDATE, DELETE ON booking TO sales_agent;
"""
_REFERENCE: Final = {"name": "reference"}
_BOOKING: Final = [_REFERENCE, {"name": "quantity", "kind": "decimal"}]
STATEMENTS: Final[dict[str, Any]] = {
    "stock": {
        "text": "SELECT item, quantity, counted_at, counted_on, tags, about FROM stock WHERE item = ANY ($1) "
        "ORDER BY item",
        "parameters": [{"name": "items", "many": True}],
    },
    "put": {
        "effect": "keyed",
        "text": "INSERT INTO booking (reference, quantity, key) VALUES ($1, $2, $3) "
        "ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING id, reference",
        "parameters": [*_BOOKING, {"name": "key"}],
    },
    "write": {
        "effect": "check-then-write",
        "text": "INSERT INTO booking (reference, quantity) VALUES ($1, $2) RETURNING id, reference",
        "parameters": _BOOKING,
        "read_back": {"text": "SELECT id, reference FROM booking WHERE reference = $1", "parameters": [_REFERENCE]},
    },
    "execute": {
        "effect": "once-or-ask",
        "text": "INSERT INTO booking (reference, quantity) VALUES ($1, $2)",
        "parameters": _BOOKING,
    },
    "changed": {
        "text": "SELECT id, reference, changed FROM booking WHERE (changed, id) > ($1, $2) "
        "ORDER BY changed, id LIMIT 2",
        "parameters": [{"name": "changed", "kind": "time"}, {"name": "id", "kind": "integer"}],
    },
}  # fmt: skip


class Sales:
    """`port`: of PostgreSQL itself."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.port = stack.postgres.port
        self.version = stack.postgres.run_sql(["SHOW server_version"]).strip().partition(" ")[0]

    async def made(self) -> None:
        """The database, its account, and a line of access for both."""
        postgres = self._stack.postgres
        postgres.run_sql(["CREATE ROLE :\"user\" LOGIN PASSWORD :'word'"], user=USER, word=PASSWORD)
        postgres.run_sql(['CREATE DATABASE :"name"'], name=DATABASE)
        async with connected(self._stack, DATABASE) as admin:
            await admin.execute(_TABLES)
            access = await admin.fetchval("SHOW hba_file")
            with open(access, "a", encoding="ascii") as file:  # noqa: ASYNC230, PTH123 (one line, before any test)
                file.write("host sales,other sales_agent,sales_owner,nobody_there 127.0.0.1/32 scram-sha-256\n")
            await admin.execute("SELECT pg_reload_conf()")
            until = clock.monotonic() + PATIENCE
            while not await self._lets_in():
                assert clock.monotonic() < until
                await asyncio.sleep(0.02)

    async def unmade(self) -> None:
        """Nothing of it is left but the line of access."""
        postgres = self._stack.postgres
        postgres.drop_database(DATABASE)
        postgres.run_sql(['DROP ROLE :"user"'], user=USER)

    async def _lets_in(self) -> bool:
        way = {"host": "127.0.0.1", "port": self.port, "user": USER, "password": PASSWORD, "database": DATABASE}
        try:
            connection = await asyncpg.connect(**way)
        except asyncpg.InvalidAuthorizationSpecificationError:
            return False
        await connection.close()
        return True

    async def do(self, statement: str, *values: Any) -> list[Any]:
        """As the superuser."""
        async with connected(self._stack, DATABASE) as admin:
            return list(await admin.fetch(statement, *values))

    async def bookings(self) -> list[str]:
        return [row["reference"] for row in await self.do("SELECT reference FROM booking ORDER BY id")]

    def caller(self, client: egress.Client, evaluator: Evaluator, *, port: int = 0, **settings: Any) -> Caller:
        """A connection that has `STATEMENTS`."""
        url = f"postgresql://127.0.0.1:{port or self.port}/{DATABASE}"
        given = {"user": USER, "tls": "none", "statements": STATEMENTS, "timeout_seconds": 20, **settings}
        return Caller("sql", url, client, evaluator, settings=given, secrets={"password": PASSWORD})


class Front:
    """Before a database. `lose`: the answer to what has these bytes in it is lost, once, when it has come."""

    def __init__(self, upstream: int, tls: ssl.SSLContext | None = None) -> None:
        self._upstream = upstream
        self._tls = tls
        self.lose = b""
        self.port = 0
        self.met = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Front]:
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.met += 1
        with contextlib.suppress(OSError, EOFError):
            if self._tls is not None:
                await reader.readexactly(8)
                writer.write(b"S")
                await writer.start_tls(self._tls)
            there, back = await asyncio.open_connection("127.0.0.1", self._upstream)
            answers = asyncio.create_task(_carry(there, writer))
            try:
                while chunk := await reader.read(65536):
                    if self.lose and self.lose in chunk:
                        self.lose = b""
                        answers.cancel()
                        await asyncio.gather(answers, return_exceptions=True)
                        back.write(chunk)
                        await there.read(1)
                        writer.transport.abort()
                        break
                    back.write(chunk)
            finally:
                answers.cancel()
                back.close()
        writer.close()


async def _carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await source.read(65536):
            sink.write(chunk)
            await sink.drain()
    sink.close()
