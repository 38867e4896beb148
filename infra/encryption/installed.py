"""Keys that bind what they wrap to this installation, too: another one with the same key file opens nothing of it."""

from __future__ import annotations

from infra.database import Database
from infra.encryption.canonical import encode
from infra.encryption.key_provider import KeyProvider, KeyWrapper


class InstalledWrapper:
    """A `KeyWrapper`. The installation's id is a row of its database, and read once.

    A dump takes it along: what is restored opens as before.
    """

    def __init__(self, keys: KeyWrapper, database: Database) -> None:
        self._keys = keys
        self._database = database
        self._installation: str | None = None

    @property
    def name(self) -> str:
        return self._keys.name

    @property
    def id(self) -> bytes:
        return self._keys.id

    async def wrap(self, key: bytes, context: bytes) -> bytes:
        return await self._keys.wrap(key, await self._here(context))

    async def close(self) -> None:
        await self._keys.close()

    async def _here(self, context: bytes) -> bytes:
        if self._installation is None:
            async with self._database.doors() as connection:
                found = await connection.fetchval("SELECT installation_id FROM app.installation")
            self._installation = str(found)
        return bound(self._installation, context)


class InstalledKeys(InstalledWrapper):
    """A `KeyProvider`."""

    def __init__(self, keys: KeyProvider, database: Database) -> None:
        super().__init__(keys, database)
        self._provider = keys

    @property
    def ids(self) -> frozenset[bytes]:
        return self._provider.ids

    async def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        return await self._provider.unwrap(wrapped, await self._here(context))


def bound(installation: str, context: bytes) -> bytes:
    """`context` with the installation's id before it."""
    return encode("v1", "installation", installation) + context
