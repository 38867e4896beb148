"""Signed heads in a real server of S3: added once each, by any number of workers, and found again (A17, F-31)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra import ids, settings
from infra.database import Database
from infra.objects.store import StoreAway
from tenants.audit import sealer
from tenants.audit.head_objects import ObjectHeads, heads_of
from tenants.audit.heads import NONE, Heads, Newest
from tenants.audit.publishing import Publisher
from tests.counterparts.s3.conftest import make
from tests.tenants.audit.chains import BATCH, exported, signing_key, verified, write
from tests.world import make_tenant


def opened(bucket: str, folder: Path) -> Heads:
    given = {
        "WAYBILL_HOME": str(folder),
        "WAYBILL_AUDIT_HEADS": "objects",
        "WAYBILL_OBJECTS_S3_URL": f"{bucket}/below",
        "WAYBILL_OBJECTS_S3_KEY_ID": "AKIATESTS",
        "WAYBILL_OBJECTS_S3_KEY": "of-these-tests",
    }
    found = heads_of(settings.load(given))
    assert isinstance(found, ObjectHeads)
    return found


@pytest.fixture
async def bucket(bucket_server: str, request: pytest.FixtureRequest) -> str:
    made = f"{bucket_server}/heads-{abs(hash(request.node.nodeid))}"
    await make(made)
    return made


@pytest.fixture
async def heads(bucket: str, tmp_path: Path) -> AsyncIterator[Heads]:
    made = opened(bucket, tmp_path)
    yield made
    await made.close()


async def test_A17_heads_are_added_once_each_by_several_at_once_and_verify_what_was_exported(
    heads: Heads, app_database: Database, worker_database: Database, tmp_path: Path, bucket: str
) -> None:
    world, key = await make_tenant(app_database), signing_key(tmp_path)
    other = opened(bucket, tmp_path)
    publishers = [Publisher(heads, key), Publisher(other, key)]
    for start in (0, 5):
        await write(app_database, world.tenant_id, 5, start)
        await sealer.seal(worker_database, key, BATCH)
        await asyncio.gather(*(one.publish(worker_database) for one in publishers))
    place = ("tenant", world.tenant_id)
    lines = b"".join([part async for part in heads.lines(place)]).splitlines()
    whole = verified(await exported(app_database, world.tenant_id), key, lines)
    assert (whole.last, len(lines)) == (4, 4)
    assert await heads.newest(place) == Newest(4, whole.head)
    assert await heads.places() == [place]
    await other.close()


async def test_F_31_a_database_behind_its_bucket_is_told(
    heads: Heads, worker_database: Database, app_database: Database, tmp_path: Path
) -> None:
    world, key = await make_tenant(app_database), signing_key(tmp_path)
    place = ("tenant", world.tenant_id)
    line = {"kind": "seal", "n": 3, "head": "ab" * 32}
    assert await heads.append(place, NONE, [line]) == 1
    assert await heads.append(place, NONE, [line]) == 0, "somebody else has added since"
    await Publisher(heads, key).check(worker_database)
    async with worker_database.doors() as doors:
        (row,) = await doors.fetch("SELECT * FROM app.audit_rollbacks()")
    assert (row["kind"], row["published_n"], row["own_n"]) == ("tenant", 3, 0)


async def test_more_logs_than_a_page_of_a_listing_are_all_found(heads: Heads) -> None:
    places = sorted(("tenant", ids.new()) for _ in range(1_005))
    for start in range(0, len(places), 50):
        line = {"kind": "seal", "n": 1, "head": "ab"}
        await asyncio.gather(*(heads.append(place, NONE, [line]) for place in places[start : start + 50]))
    assert sorted(await heads.places()) == places


async def test_a_bucket_that_is_not_there_is_no_empty_one(bucket_server: str, tmp_path: Path) -> None:
    heads = opened(f"{bucket_server}/nobodys-bucket", tmp_path)
    with pytest.raises(StoreAway):
        await heads.places()
    await heads.close()


def test_a_bucket_must_be_named_before_heads_go_there(tmp_path: Path) -> None:
    with pytest.raises(settings.BadSetting, match="WAYBILL_OBJECTS_S3_URL"):
        settings.load({"WAYBILL_HOME": str(tmp_path), "WAYBILL_AUDIT_HEADS": "objects"})


def test_heads_go_nowhere_by_the_operators_word_alone(tmp_path: Path) -> None:
    assert heads_of(settings.load({"WAYBILL_HOME": str(tmp_path), "WAYBILL_AUDIT_HEADS": "none"})) is None
    assert heads_of(settings.load({"WAYBILL_HOME": str(tmp_path)})) is not None
