"""A connection's database: a session with it, and what goes wrong there as the two errors of connectors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from infra import clock, egress
from infra.egress import postgresql
from infra.egress.sql import Login, Sql, SqlRefused
from services.connectors.sdk.context import Context, Exchange
from services.connectors.sdk.errors import Away, ErrorName, Refusal
from services.connectors.sql import refusals

SCHEME: Final = "postgresql"
PASSWORD: Final = "password"  # noqa: S105 (the secret's name)
_PORT: Final = 5432
_REASONS: Final = {
    "resolve": "its name has no address: is the setting `base_url` right?",
    "connect": "it does not accept connections: it is away, or the setting `base_url` is wrong",
    "timeout": "it did not answer in time",
    "cut": "the connection was cut",
}
_AUTHORITY: Final = (
    "have it renewed, correct the setting `base_url`, or give its authority in the setting `tls_authority`"
)


class Place(msgspec.Struct, frozen=True):
    """What a base URL such as `postgresql://db.example.com:5432/warehouse` says."""

    host: str
    port: int
    database: str


def place(base_url: str) -> Place:
    """Raises Refusal: it is no address of a database."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port or _PORT
    except ValueError:
        host, port, parts = "", 0, urlsplit("")
    database = unquote(parts.path).removeprefix("/")
    is_plain = database.isprintable() and "/" not in database and not (parts.username or parts.password)
    if parts.scheme != SCHEME or not host or not database or not is_plain or parts.query or parts.fragment:
        detail = "The setting `base_url` is no address such as postgresql://db.example.com:5432/warehouse"
        raise Refusal(detail, name="configuration", title="The address cannot be read")
    return Place(host, port, database)


def seconds(context: Context) -> float:
    """Most that a session may take."""
    return float(context.settings.get("timeout_seconds", 30))


@asynccontextmanager
async def opened(context: Context, *, about: str, scopes: Sequence[str], writes: bool) -> AsyncIterator[Sql]:
    """A session in one transaction; who writes commits, by `commit`.

    `about`: which statement it is, for whoever has to change it. `scopes`: rights that the account needs for it.

    Raises:
        Refusal: a definite no, and nothing was done; it says which setting to change.
        Away: the network failed, or it is busy. `Context.sent` says whether a write may have happened.
    """
    found, settings = place(context.settings["base_url"]), context.settings
    has_tls = settings.get("tls", "verified") != "none"
    started, outcome = clock.monotonic(), "done"
    try:
        way = context.dialled(_dial(found, has_tls=has_tls))
        login = _login(found, context, has_tls=has_tls)
        async with postgresql.opened(way, found.host, login, seconds(context), writes=writes) as session:
            yield session
    except SqlRefused as refused:
        outcome = refused.why
        raise refusals.of(refused, context, about, scopes) from refused
    except egress.Refused as error:
        outcome = "refused"
        raise Refusal(error.detail, name="configuration", status=422, title=error.title) from error
    except egress.Failed as error:
        outcome = error.kind
        raise _away(error, context, about) from error
    finally:
        spent = round((clock.monotonic() - started) * 1000, 1)
        context.exchanges.append(Exchange("SQL", f"{SCHEME}://{found.host}:{found.port}", outcome, spent))


async def commit(session: Sql, context: Context) -> None:
    """From here on nobody knows, until the database has said it."""
    context.sent = True
    try:
        await session.commit()
    except SqlRefused:
        context.sent = False  # it says itself that it was rolled back
        raise


def _dial(found: Place, *, has_tls: bool) -> egress.Dial:
    destination = egress.Destination(allow_http=not has_tls, ports=frozenset({found.port}))
    return egress.Dial(
        protocol=SCHEME, host=found.host, port=found.port, tls=False, upgrades=has_tls, destination=destination
    )


def _login(found: Place, context: Context, *, has_tls: bool) -> Login:
    """Raises Refusal: the connection has no password."""
    password, settings = context.secrets.get(PASSWORD), context.settings
    if password is None:
        detail = "The connection lacks its secret `password`"
        raise Refusal(detail, name="configuration", title="A secret is missing")
    return Login(
        user=str(settings["user"]),
        password=password,
        database=found.database,
        tls=has_tls,
        authority=str(settings.get("tls_authority", "")),
    )


def _away(error: egress.Failed, context: Context, about: str) -> Exception:
    if error.kind == "too-large" and not context.sent:
        detail = f"{about} was given up: {error.detail}. Have it give less"
        return Refusal(detail, status=413, title="It is too large")
    if error.detail.startswith(egress.UNVERIFIED):
        return Away(f"its certificate does not verify: {_AUTHORITY}", sent=False)
    name: ErrorName = "timeout" if error.kind == "timeout" else "communication"
    return Away(_REASONS.get(error.kind, error.detail), sent=context.sent, name=name)
