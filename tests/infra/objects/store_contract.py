"""What every store of objects does, tried on each of them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from infra import ids
from infra.objects.store import ObjectMissing, Store

PART = 100_000


async def parts(content: bytes, then: Exception | None = None) -> AsyncIterator[bytes]:
    for at in range(0, len(content), PART):
        yield content[at : at + PART]
    if then is not None:
        raise then


async def read(store: Store, tenant: UUID, name: UUID) -> bytes:
    return b"".join([part async for part in store.get(tenant, name)])


async def holds(store: Store, sizes: tuple[int, ...]) -> None:
    """What is put is what is got, until it is removed, and each tenant has its own."""
    ours, theirs = ids.new(), ids.new()
    for size in sizes:
        name, content = ids.new(), os.urandom(size)
        await store.put(ours, name, parts(content))
        assert await read(store, ours, name) == content
        with pytest.raises(ObjectMissing):
            await read(store, theirs, name)
        await store.remove(theirs, name)
        assert await read(store, ours, name) == content
        await store.remove(ours, name)
        await store.remove(ours, name)
        with pytest.raises(ObjectMissing):
            await read(store, ours, name)


async def leaves_nothing_of_what_failed(store: Store, sizes: tuple[int, ...]) -> None:
    tenant = ids.new()
    for size in sizes:
        name = ids.new()
        with pytest.raises(ValueError, match="cut"):
            await store.put(tenant, name, parts(os.urandom(size), ValueError("cut")))
        with pytest.raises(ObjectMissing):
            await read(store, tenant, name)
    assert await store.clear(tenant) == 0


async def clears_one_tenant(store: Store) -> None:
    ours, theirs, kept = ids.new(), ids.new(), ids.new()
    for _ in range(3):
        await store.put(ours, ids.new(), parts(b"x" * 50))
    await store.put(theirs, kept, parts(b"theirs"))
    assert await store.clear(ours) == 3
    assert await store.clear(ours) == 0
    assert await read(store, theirs, kept) == b"theirs"
