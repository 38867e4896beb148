"""Clients' first keys, as whoever has the database makes them: nobody above a client could (S-05)."""

from __future__ import annotations

from infra.database import Database
from services.cli.commands.key import make_first


async def first_keys(database_url: str, *places: str) -> list[str]:
    """The text of a key of each place, such as `north/acme/live`."""
    database = await Database(database_url, pool_size=1).open()
    try:
        return [(await make_first(database, place, "first"))[1] for place in places]
    finally:
        await database.close()
