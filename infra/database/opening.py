from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, SessionTransaction

from infra.database import attention
from infra.database.attention import Attention, Handed
from infra.database.scope import Scope

_ACQUIRE_SECONDS: Final = 5.0
_CONNECT_SECONDS: Final = 5.0
_CLOSE_SECONDS: Final = 3.0
# A little above the longest statement_timeout of a role that this opens: only a server that is stuck lets it pass.
_COMMAND_SECONDS: Final = 20.0
# What ends a transaction or gives a connection back; the server rolls back by itself what it does not hear of.
_LEAVE_SECONDS: Final = 2.0
_HELD: Final = "attention"
_HAND: Final = text(attention.HAND.replace("$1", ":told"))
_LOST: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Database:
    """One server, opened as one role. `tenant` and `session` give transactions of a scope; `doors` gives none.

    Raises, from every method: `OSError`, `asyncpg.PostgresError` or `sqlalchemy.exc.SQLAlchemyError`; ask
    `infra.database.is_outage` whether to wait and repeat.
    """

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        """`url` is `postgresql://role:password@host:port/name`. Nothing connects before `open`."""
        self._url = url
        self._pool_size = pool_size
        self._pool: Any = None
        self._engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=_ACQUIRE_SECONDS,
            pool_pre_ping=True,
            # An error that is logged would quote what a statement was given (S-79).
            hide_parameters=True,
            connect_args={"timeout": _CONNECT_SECONDS, "command_timeout": _COMMAND_SECONDS},
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    async def open(self) -> Database:
        # min_size 0: a process starts, and says so, while its database is away.
        self._pool = asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._pool_size,
            timeout=_CONNECT_SECONDS,
            command_timeout=_COMMAND_SECONDS,
            reset=_nothing_to_reset,
        )
        await self._pool
        return self

    async def close(self) -> None:
        """Let what runs come to its end for some seconds, then cut it off."""
        with contextlib.suppress(*_LOST):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._engine.dispose()
        if self._pool is None:
            return
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._pool.close()
        except _LOST:
            self._pool.terminate()

    @asynccontextmanager
    async def tenant(self, tenant_id: UUID) -> AsyncIterator[Any]:
        """An asyncpg connection inside a transaction of this tenant; commits at the end, rolls back on an error."""
        async with self.doors() as connection:
            present = attention.present()
            handed = None if present is None else present.hand()
            # BEGIN and the scope in one round trip: no statement can run between them.
            await connection.execute(f"BEGIN; {Scope.tenant(tenant_id).statement()}")
            try:
                if handed is not None:
                    await connection.execute(attention.HAND, handed.told())
                yield connection
                left = "" if handed is None else await connection.fetchval(attention.LEFT)
            except BaseException:
                await _roll_back(connection)
                raise
            await connection.execute("COMMIT")
            if present is not None and handed is not None:
                present.settle(handed, left)

    @asynccontextmanager
    async def doors(self) -> AsyncIterator[Any]:
        """An asyncpg connection of no scope, for calls to the door functions: it sees no table's rows."""
        connection = await self._pool.acquire(timeout=_ACQUIRE_SECONDS)
        try:
            yield connection
        finally:
            # What was done is done and what failed has its own error: neither may become the pool's. It cuts off a
            # connection that it cannot take back.
            with contextlib.suppress(*_LOST):
                await self._pool.release(connection, timeout=_LEAVE_SECONDS)

    @asynccontextmanager
    async def session(self, scope: Scope) -> AsyncIterator[AsyncSession]:
        """A session of the control plane; every transaction it begins is of `scope`. The caller commits."""
        async with self._sessions(info={"scope": scope}) as session:
            yield session


class _Held:
    """What the transaction of a session was handed, and has left of it once it is about to be committed."""

    __slots__ = ("attention", "handed", "left")

    def __init__(self, given: Attention, handed: Handed) -> None:
        self.attention = given
        self.handed = handed
        self.left: str | None = None


async def _roll_back(connection: Any) -> None:
    """Never raises for the connection's sake, nor waits long: the error that led here is the one to be heard."""
    try:
        async with asyncio.timeout(_LEAVE_SECONDS):
            await connection.execute("ROLLBACK")
    except _LOST:
        # Its session may be gone, and the pool have taken it back already.
        with contextlib.suppress(asyncpg.InterfaceError):
            connection.terminate()


async def _nothing_to_reset(_connection: object) -> None:
    """Scopes are local to their transaction and nothing else is ever set; asyncpg itself ends an open transaction."""


@event.listens_for(Session, "after_begin")
def _write_scope(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    scope = session.info.get("scope")
    if not isinstance(scope, Scope):
        return
    connection.execute(text(scope.statement()))
    present = attention.present()
    # Savepoints begin as well: what was handed over before them may be taken already.
    handed = None if present is None or scope.tenant_id is None or _HELD in session.info else present.hand()
    if present is not None and handed is not None:
        connection.execute(_HAND, {"told": handed.told()})
        session.info[_HELD] = _Held(present, handed)


@event.listens_for(Session, "before_commit")
def _ask_what_is_left(session: Session) -> None:
    held = session.info.get(_HELD)
    if isinstance(held, _Held) and not session.in_nested_transaction():
        # What is flushed only now may take of it, too.
        session.flush()
        held.left = session.scalar(text(attention.LEFT))


@event.listens_for(Session, "after_commit")
def _settle(session: Session) -> None:
    held = session.info.get(_HELD)
    if isinstance(held, _Held) and held.left is not None:
        held.attention.settle(held.handed, held.left)


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_HELD, None)
