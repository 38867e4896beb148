"""Objects in a real server of S3 (F-26): one that asks nobody who they are, and one that does."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra import ids
from infra.egress import Client, Guard
from infra.objects.s3 import PART, S3Store
from infra.objects.store import ObjectMissing, StoreAway
from tests.counterparts.aws_kms.install import MOTO
from tests.counterparts.aws_kms.server import moto
from tests.counterparts.s3.conftest import make, signer
from tests.infra.objects.store_contract import clears_one_tenant, holds, leaves_nothing_of_what_failed, parts, read

SIZES = (17, PART, PART + 1, 2 * PART + 100_000)


async def test_a_bucket_holds_objects_of_any_size(store: S3Store) -> None:
    await holds(store, SIZES)


async def test_what_fails_on_its_way_leaves_nothing(store: S3Store) -> None:
    await leaves_nothing_of_what_failed(store, (17, 2 * PART + 100_000))


async def test_a_tenants_objects_are_cleared_and_nobody_elses(store: S3Store) -> None:
    await clears_one_tenant(store)


async def test_a_large_object_is_never_held_whole(store: S3Store) -> None:
    """Each part leaves before the next is made."""
    made, digest = 0, hashlib.sha256()

    async def content() -> AsyncIterator[bytes]:
        nonlocal made
        for _ in range(40):
            part = os.urandom(1024 * 1024)
            digest.update(part)
            made += 1
            yield part

    tenant, name, read_back, largest = ids.new(), ids.new(), hashlib.sha256(), 0
    await store.put(tenant, name, content())
    async for part in store.get(tenant, name):
        read_back.update(part)
        largest = max(largest, len(part))
    assert (made, read_back.digest()) == (40, digest.digest())
    assert largest <= PART


async def test_a_signature_is_checked_by_the_services_own_code_and_a_wrong_one_does_nothing(tmp_path: Path) -> None:
    """In one piece and in parts. Not a list: moto compares what its server made of the prefix's encoded slashes."""
    with moto(MOTO.at_hand(), tmp_path, unchecked=4) as guarded:
        user = guarded.create_user("documents", "s3:*")
        bucket = f"{guarded.url}documents"
        await make(bucket)
        store = S3Store(f"{bucket}/below", signer(user[1], user[0]))
        await holds(store, SIZES)
        for forged in (signer("not the secret of it", user[0]), signer(user[1], "AKIANOBODY")):
            other = S3Store(f"{bucket}/below", forged)
            with pytest.raises(StoreAway):
                await other.put(ids.new(), ids.new(), parts(b"x"))
            await other.close()
        await store.close()


async def test_F_26_a_bucket_that_is_not_there_or_a_server_that_is_away_says_so(bucket_server: str) -> None:
    for url in (f"{bucket_server}/nobodys-bucket", "http://127.0.0.1:9/bucket"):
        store = S3Store(url, signer())
        with pytest.raises(StoreAway):
            await store.put(ids.new(), ids.new(), parts(b"x"))
        with pytest.raises((StoreAway, ObjectMissing)):
            await read(store, ids.new(), ids.new())
        await store.close()


async def test_S_55_the_bucket_is_reached_through_the_guard(bucket_server: str) -> None:
    store = S3Store(f"{bucket_server}/bucket", signer(), Client(Guard()))
    with pytest.raises(StoreAway):
        await store.put(ids.new(), ids.new(), parts(b"x"))
    await store.close()
