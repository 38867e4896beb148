"""What `infra.egress.sql` does by asyncpg, which opens its connections by itself: it is led to a relay, and to no net.

TLS is ours, since the library would look for certificates in the home folder and take what a server offers.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, Final

import asyncpg

from infra import redaction
from infra.egress.dial import Wire, hang_up, upgrade
from infra.egress.messages import MAX_BODY, Failed
from infra.egress.relay import Relay, relayed
from infra.egress.sql import Answer, Login, SqlRefused, Why

MOST: Final = 2 * MAX_BODY
"""Bytes of a session's answers; of what is in them the connector takes less."""
_PORT: Final = 5432
_SOCKET: Final = f".s.PGSQL.{_PORT}"
_WISH_FOR_TLS: Final = (8).to_bytes(4, "big") + (80_877_103).to_bytes(4, "big")
_GOODBYE_SECONDS: Final = 1.0
_SHARE: Final = 0.9
"""Of the time that is left to a session that a statement may take: it is the server that ends it, and says so."""
_UNFIT: Final = "a value is not of the type that the statement has there"
_CODES: Final[dict[str, Why]] = {
    "28": "credentials", "3D": "database", "42501": "right", "42P01": "missing", "42703": "missing",
    "42883": "missing", "3F": "missing", "42": "statement", "25006": "writes", "22": "value", "23": "conflict",
    "57014": "slow", "40": "busy", "53": "busy", "55P03": "busy", "57P": "busy", "58": "busy", "54": "statement",
}  # fmt: skip
"""By SQLSTATE or what it begins with; the longest counts."""


class Session:
    """Fills `Sql`."""

    def __init__(self, connection: Any, relay: Relay) -> None:
        self._connection = connection
        self._relay = relay

    async def prepare(self, text: str) -> list[str]:
        """See `Sql`, as of every method here."""
        with self._told():
            return [str(one.name) for one in (await self._prepared(text)).get_parameters()]

    async def run(self, text: str, given: Sequence[Any]) -> Answer:
        with self._told():
            statement = await self._prepared(text)
            wanted = len(statement.get_parameters())
            if wanted != len(given):
                raise SqlRefused("parameter", f"it has {wanted} parameters, and {len(given)} are declared")
            found = await statement.fetch(*given)
            columns = [(str(one.name), str(one.type.name)) for one in statement.get_attributes()]
            _, _, count = (statement.get_statusmsg() or "").rpartition(" ")
        return Answer(columns, [tuple(one) for one in found], int(count) if count.isdigit() else len(found))

    async def commit(self) -> None:
        with self._told():
            await self._connection.execute("COMMIT")

    async def begin(self, seconds: float, *, writes: bool) -> None:
        """A transaction whose statements, locks and pauses end by themselves within `seconds`."""
        limit = f"{max(1, int(seconds * _SHARE * 1000))}ms"
        with self._told():
            await self._connection.execute("BEGIN READ WRITE" if writes else "BEGIN READ ONLY")
            await self._connection.fetch(
                "SELECT set_config(name, $1, true) FROM unnest($2::text[]) AS name",
                limit,
                ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"],
            )

    async def _prepared(self, text: str) -> Any:
        # Without a name, for those who share connections between clients.
        return await self._connection.prepare(text, name="")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the library as ours."""
        try:
            yield
        except asyncpg.PostgresConnectionError as error:
            raise self._cut() from error
        except asyncpg.PostgresError as error:
            # The library has errors of its own among those of the server, which quote the value.
            raise (_refused(error) if error.severity else SqlRefused("parameter", _UNFIT)) from error
        except (ValueError, TypeError, OverflowError) as error:
            raise SqlRefused("parameter", _UNFIT) from error
        except (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            raise self._cut() from error

    def _cut(self) -> Failed:
        if self._relay.is_over:
            return Failed("too-large", f"the answer has more than {MOST} bytes", sent=True)
        return Failed("cut", "the connection was cut", sent=True)


@asynccontextmanager
async def opened(
    way: AbstractAsyncContextManager[Wire], host: str, login: Login, seconds: float, *, writes: bool
) -> AsyncIterator[Session]:
    """A session over the wire that `way` opens to `host`; it lasts `seconds` at most, and ends without a commit.

    Raises:
        SqlRefused: `tls`, `credentials`, `database`, `busy`.
        Refused: a rule of the way out.
        Failed: `timeout`, `cut`, `too-large`, or as `Client.dial`, with `connect` for a certificate, too.
    """
    redaction.hold([login.password])
    try:
        async with (
            asyncio.timeout(seconds) as limit,
            way as wire,
            _encrypted(wire, host, login) as safe,
            relayed(safe, _SOCKET, MOST) as relay,
        ):
            session = await _greeted(relay, login, seconds)
            try:
                left = (limit.when() or 0.0) - asyncio.get_running_loop().time()
                await session.begin(left, writes=writes)
                yield session
            finally:
                await _left(session._connection)  # noqa: SLF001 (of this module)
    except TimeoutError as error:
        raise Failed("timeout", f"no end within {seconds:g} s", sent=True) from error


async def _greeted(relay: Relay, login: Login, seconds: float) -> Session:
    try:
        connection = await asyncpg.connect(
            host=str(relay.folder),
            port=_PORT,
            user=login.user,
            password=login.password.reveal(),
            database=login.database,
            ssl=False,
            timeout=seconds,
            statement_cache_size=0,
            target_session_attrs="any",
        )
    except asyncpg.PostgresConnectionError as error:
        raise Failed("cut", "the connection was cut before anything was asked", sent=False) from error
    except asyncpg.PostgresError as error:
        raise _refused(error) from error
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, ValueError) as error:
        raise SqlRefused("refused", "it wants to know who we are in a way that we do not have") from error
    except TimeoutError:
        raise
    except OSError as error:
        raise Failed("cut", "the connection was cut before anything was asked", sent=False) from error
    return Session(connection, relay)


async def _left(connection: Any) -> None:
    """Whatever was not committed is rolled back by it."""
    with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        await connection.close(timeout=_GOODBYE_SECONDS)
    connection.terminate()


@asynccontextmanager
async def _encrypted(wire: Wire, host: str, login: Login) -> AsyncIterator[Wire]:
    """The wire in TLS, where the login wants that; nothing but the wish is said before."""
    if not login.tls:
        yield wire
        return
    try:
        wire.writer.write(_WISH_FOR_TLS)
        await wire.writer.drain()
        answer = await wire.reader.readexactly(1)
    except (OSError, EOFError) as error:
        raise Failed("cut", "the connection was cut before anything was asked", sent=False) from error
    if answer != b"S":
        raise SqlRefused("tls", "it offers no TLS")
    trust = _authority(login.authority) if login.authority else wire.trust
    safe = await upgrade(Wire(wire.reader, wire.writer, trust), host)
    try:
        yield safe
    finally:
        await hang_up(safe)


def _authority(text: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise SqlRefused("tls", "the authority's certificate cannot be read") from error
    return context


def _refused(error: asyncpg.PostgresError) -> SqlRefused:
    code = str(getattr(error, "sqlstate", None) or "")
    fits = [one for one in _CODES if code.startswith(one)]
    return SqlRefused(_CODES[max(fits, key=len)] if fits else "refused", str(error.args[0] if error.args else ""), code)
