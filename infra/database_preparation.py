"""Makes roles and layout on an outside server, as its administrator; may be repeated."""

from __future__ import annotations

import secrets
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from infra import database_roles as roles


class TooOld(RuntimeError):
    """The server is older than 17.6. Upgrade it: older ones leak rows past row-level security."""


async def prepare(admin_url: str, database: str = roles.DATABASE) -> dict[str, str]:
    """Create or correct the roles, `database` and its schema; the login roles get new passwords.

    `admin_url` is that of a role that may create roles and databases, on any database of the server.

    Returns:
        URL by login role; each holds the new password.

    Raises:
        TooOld: nothing was changed.
        asyncpg.PostgresError, OSError: the administrator may not do that, or the server is away.
    """
    passwords = {name: secrets.token_urlsafe(32) for name in roles.LOGINS}
    connection = await asyncpg.connect(admin_url, timeout=15)
    try:
        if int(await connection.fetchval("SHOW server_version_num")) < roles.MINIMUM_VERSION:
            raise TooOld(f"PostgreSQL {await connection.fetchval('SHOW server_version')} is older than 17.6")
        superuser = await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        async with connection.transaction():
            for statement in roles.role_statements(passwords, superuser=superuser):
                await connection.execute(statement)
        known = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database)
        if not known:
            await connection.execute(f'CREATE DATABASE "{database}"')
    finally:
        await connection.close()
    inside = await asyncpg.connect(_at(admin_url, path=f"/{database}"), timeout=15)
    try:
        async with inside.transaction():
            for statement in roles.database_statements(database):
                await inside.execute(statement)
    finally:
        await inside.close()
    return {name: _at(admin_url, path=f"/{database}", login=(name, passwords[name])) for name in roles.LOGINS}


def _at(url: str, *, path: str, login: tuple[str, str] | None = None) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    who = parts.netloc.rpartition("@")[0] if login is None else f"{login[0]}:{quote(login[1], safe='')}"
    return urlunsplit(parts._replace(netloc=f"{who}@{place}" if who else place, path=path))
