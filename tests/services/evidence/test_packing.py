"""A pack that ends every process that makes it is refused behind a few, and keeps no other one waiting."""

from __future__ import annotations

from typing import Any, cast

import pytest

from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from infra.objects.store import StoreAway
from services.evidence import asking, cases, packing
from services.evidence.asking import Pack
from services.evidence.cases import NewCase
from template_library.evidence import Needed
from tests.services.worker.test_failover import known
from tests.world import World, make_tenant


@pytest.fixture
async def world(app_database: Database) -> World:
    return await make_tenant(app_database)


async def ask(database: Database, world: World, key: str) -> Pack:
    async with database.tenant(world.tenant_id) as connection:
        new = NewCase(
            key="D-1", about_kind="invoice", about_key="INV-7", reason="damage", required={"pod": Needed(title="Proof")}
        )
        case = await cases.open_case(connection, world.tenant_id, new, actor="account:kim")
        return await asking.ask(connection, world.tenant_id, case, key=key, run=None, actor="account:kim")


async def find(database: Database, world: World, pack: Pack) -> Pack | None:
    async with database.tenant(world.tenant_id) as connection:
        return await asking.find(connection, world.tenant_id, pack.pack_id)


async def begun(database: Database) -> list[Any]:
    """Taken by a process that dies at once."""
    async with database.doors() as connection:
        return list(await connection.fetch("SELECT * FROM app.packs_to_make(1, 0)"))


async def test_a_pack_that_ends_its_process_time_and_again_is_refused(app_database: Database, world: World) -> None:
    pack = await ask(app_database, world, "first")
    for number in range(1, packing.TRIES + 1):
        assert [(row["pack_id"], row["tries"]) for row in await begun(app_database)] == [(pack.pack_id, number)]
    nothing = cast("Any", None)
    assert await packing.make(app_database, nothing) == 1, "without a look at any document"
    found = await find(app_database, world, pack)
    assert found is not None
    assert (found.state, found.why) == ("refused", "unreadable")
    assert await begun(app_database) == []


async def test_F_08_what_is_away_uses_up_no_try_and_what_is_broken_does(
    app_database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = await ask(app_database, world, "first")

    async def tries(error: Exception) -> int:
        async def away(*_: object) -> Any:
            raise error

        monkeypatch.setattr(cases, "standing", away)
        async with app_database.doors() as connection:
            (row,) = await connection.fetch("SELECT * FROM app.packs_to_make(1, 0)")
        with pytest.raises(type(error)):
            await packing.tried(app_database, cast("Any", None), row)
        left = "SELECT tries FROM app.evidence_pack WHERE tenant_id = $1 AND pack_id = $2"
        async with app_database.tenant(world.tenant_id) as connection:
            return cast("int", await connection.fetchval(left, world.tenant_id, pack.pack_id))

    assert [await tries(StoreAway("the bucket")), await tries(ConnectionRefusedError()), await tries(ValueError())] == [
        0, 0, 1,
    ]  # fmt: skip


async def test_who_takes_a_pack_takes_no_other_along(app_database: Database, world: World) -> None:
    first, second = [await ask(app_database, world, key) for key in ("first", "second")]
    async with app_database.doors() as connection:
        assert len(await connection.fetch("SELECT * FROM app.packs_to_make($1, 300)", packing.MOST)) == 1
    assert [row["pack_id"] for row in await begun(app_database)] == [second.pack_id]
    assert first.pack_id != second.pack_id


async def test_F_09_behind_a_failover_no_pack_is_made(
    app_database: Database, stack: Stack, endpoints: Endpoints, world: World
) -> None:
    pack = await ask(app_database, world, "first")
    await known(stack, endpoints)
    assert await begun(app_database) == []
    assert await find(app_database, world, pack) == pack
