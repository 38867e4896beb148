"""What a store of objects does. A key is `tenant/uuid`, made of ids: no name that anybody gave is part of it (S-18)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import ClassVar, Protocol
from uuid import UUID

from infra import ids
from infra.problems import Problem


class StoreAway(Problem):
    """The store of files does not answer, or refuses us. The same may be tried later; nothing was half done (F-26)."""

    name: ClassVar[str] = "store-away"
    title: ClassVar[str] = "Files cannot be stored or read at the moment"
    status: ClassVar[int] = 503


class ObjectMissing(Problem):
    """The store has no such file, though a row names it: it was removed behind our back, or a backup is older.

    The operator restores it, or removes the document. Raise an alarm.
    """

    name: ClassVar[str] = "file-missing"
    title: ClassVar[str] = "A stored file is missing"
    status: ClassVar[int] = 500


class Store(Protocol):
    async def put(self, tenant: UUID, name: UUID, content: AsyncIterator[bytes]) -> None:
        """Store `content` whole, or nothing of it; under a name that was never used.

        Raises:
            StoreAway: it could not be.
            Whatever `content` raises: then nothing is stored.
        """
        ...

    def get(self, tenant: UUID, name: UUID) -> AsyncIterator[bytes]:
        """Raises ObjectMissing, StoreAway."""
        ...

    async def remove(self, tenant: UUID, name: UUID) -> None:
        """Safe to repeat. Raises StoreAway."""
        ...

    async def clear(self, tenant: UUID) -> int:
        """Remove all that the tenant has, also what no row names; answers how much. Raises StoreAway."""
        ...

    async def close(self) -> None:
        """Give back what it holds open. Safe to repeat."""
        ...


def folder_of(tenant: UUID) -> str:
    return ids.show("ten", tenant)


def key_of(tenant: UUID, name: UUID) -> str:
    return f"{folder_of(tenant)}/{name}"
