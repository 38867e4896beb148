"""How long it is kept, what is held, who is forgotten: and the seals hold (S-85, S-86)."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra import ids
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints, Stack
from infra.encryption.signing_key import SigningKey
from tenants.audit import exporting, keeping, repository, sealer, service
from tenants.audit.errors import AuditHeld, NotHeld
from tenants.audit.log import ALL, Log, Wanted
from tests.tenants.audit.chains import (
    BATCH,
    broken,
    exported,
    owner,
    rows_of,
    signing_key,
    verified,
    write,
    write_and_seal,
)
from tests.world import World, make_tenant

ACCOUNT = ids.show("acc", ids.new())


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return signing_key(tmp_path)


@pytest.fixture
async def world(app_database: Database, worker_database: Database, key: SigningKey) -> World:
    made = await make_tenant(app_database)
    await write_and_seal(app_database, worker_database, made.tenant_id, key)
    return made


async def aged(stack: Stack, endpoints: Endpoints, batches: int, days: int) -> None:
    """As if the first batches had been sealed so long ago. Their heads say otherwise, so nothing here verifies them."""
    async with owner(stack, endpoints) as connection:
        await connection.execute(
            "UPDATE app.audit_seal SET sealed_at = sealed_at - make_interval(days => $2) "
            "WHERE kind = 'tenant' AND n <= $1",
            batches,
            days,
        )


async def unaged(stack: Stack, endpoints: Endpoints, batches: int, days: int) -> None:
    await aged(stack, endpoints, batches, -days)


async def test_S_86_due_batches_are_dropped_whole_and_their_heads_keep_the_chain(
    world: World,
    app_database: Database,
    worker_database: Database,
    key: SigningKey,
    stack: Stack,
    endpoints: Endpoints,
) -> None:
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        await keeping.set_days(session, world.tenant_id, 30, actor="key:x")
        await session.commit()
    assert await sealer.drop_old(worker_database, key) == 0  # nothing is due
    await aged(stack, endpoints, 2, 31)
    assert await sealer.drop_old(worker_database, key) == 2
    await unaged(stack, endpoints, 2, 31)
    await sealer.seal(worker_database, key, BATCH)
    lines = await exported(app_database, world.tenant_id)
    found = verified(lines, key)
    assert (found.dropped, found.batches) == (2, 4)
    actions = [row["action"] for row in rows_of(lines)]
    assert actions == ["thing.made"] * 2 + ["audit.retention-changed", "audit.dropped", "audit.dropped"]


async def test_S_86_a_deletion_that_nobody_signed_is_no_retention(
    world: World, app_database: Database, key: SigningKey, stack: Stack, endpoints: Endpoints
) -> None:
    """Whoever owns the database can delete a batch, and write that its time was over: not with the key."""
    async with owner(stack, endpoints) as connection:
        await connection.execute("DELETE FROM app.audit_leaves WHERE log_id = $1 AND n = 1", world.tenant_id)
        await connection.execute(
            "INSERT INTO app.audit_floor SELECT log_id, 1, clock_timestamp(), key, signature FROM app.audit_seal "
            "WHERE log_id = $1 AND n = 1",
            world.tenant_id,
        )
    assert "signature of the floor" in broken(await exported(app_database, world.tenant_id), key).what


async def test_S_86_what_is_held_is_kept_whatever_its_age(
    world: World, app_database: Database, worker_database: Database, key: SigningKey, stack: Stack, endpoints: Endpoints
) -> None:
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        await keeping.set_days(session, world.tenant_id, 30, actor="key:x")
        await keeping.hold(session, world.tenant_id, "case 7", actor="key:x")
        await session.commit()
    await aged(stack, endpoints, 3, 31)
    assert await sealer.drop_old(worker_database, key) == 0
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        await keeping.release(session, world.tenant_id, actor="key:x")
        await session.commit()
        with pytest.raises(NotHeld):
            await keeping.release(session, world.tenant_id, actor="key:x")
    assert await sealer.drop_old(worker_database, key) == 3


async def deeds(database: Database, world: World) -> None:
    """A person acts, is acted on, is named; somebody else does the same."""
    other = ids.show("acc", ids.new())
    async with database.session(Scope.tenant(world.tenant_id)) as session:
        for actor, target, after in (
            (f"account:{ACCOUNT}", "run_1", {"words": "Ann Abel was here"}),
            (f"acting:{ACCOUNT}", other, None),
            (f"account:{other}", ACCOUNT, {"name": "Ann Abel"}),
            (f"account:{other}", "con_1", {"approved_by": ACCOUNT, "name": "Ann Abel"}),
            (f"account:{other}", "con_2", {"a": 1}),
        ):
            await service.record(session, actor=actor, action="thing.done", target=target, after=after)
        await session.commit()


@pytest.mark.parametrize("is_sealed_before", [True, False])
async def test_S_85_somebody_who_is_forgotten_is_nowhere_and_every_seal_holds(
    is_sealed_before: bool,  # noqa: FBT001 (the case)
    world: World,
    app_database: Database,
    worker_database: Database,
    key: SigningKey,
    stack: Stack,
    endpoints: Endpoints,
) -> None:
    await deeds(app_database, world)
    if is_sealed_before:
        await sealer.seal(worker_database, key, BATCH)
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        pseudonym, count = await keeping.forget(session, world.tenant_id, ACCOUNT, actor="key:x")
        await session.commit()
    assert count == 4
    await sealer.seal(worker_database, key, BATCH)
    lines = await exported(app_database, world.tenant_id)
    done = [row for row in rows_of(lines) if row["action"] == "thing.done"]
    assert b"Ann Abel" not in b"".join(lines)
    assert ACCOUNT.encode() not in b"".join(lines)
    assert [row["actor"] == pseudonym for row in done] == [True, True, False, False, False]
    assert [row["target"] == pseudonym for row in done] == [False, False, True, False, False]
    assert ["salt" in row for row in done] == [False, False, False, False, True]
    found = verified(lines, key)
    assert (found.unsealed, found.rows) == (0, 16)
    # What is left of a veiled row is sealed as it was: who stands in it still cannot be exchanged.
    async with owner(stack, endpoints) as connection:
        await connection.execute("UPDATE app.audit SET target = 'run_2' WHERE target = 'run_1'")
    assert broken(await exported(app_database, world.tenant_id), key).row == done[0]["id"]


async def test_S_85_a_hold_keeps_everybody_in_it_and_says_why(world: World, app_database: Database) -> None:
    await deeds(app_database, world)
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        await keeping.hold(session, world.tenant_id, "case 7 of the court", actor="key:x")
        await session.commit()
        with pytest.raises(AuditHeld, match="case 7 of the court"):
            await keeping.forget(session, world.tenant_id, ACCOUNT, actor="key:x")
        await session.rollback()
    assert ACCOUNT.encode() in b"".join(await exported(app_database, world.tenant_id))


async def test_S_85_nobody_is_forgotten_in_anothers_log(app_database: Database, world: World) -> None:
    other = await make_tenant(app_database, "other")
    await deeds(app_database, world)
    before = await exported(app_database, world.tenant_id)
    async with app_database.session(Scope.tenant(other.tenant_id)) as session:
        assert (await keeping.forget(session, other.tenant_id, ACCOUNT, actor="key:x"))[1] == 0
        await session.commit()
    assert rows_of(await exported(app_database, world.tenant_id)) == rows_of(before)


async def test_S_84_rows_that_are_written_while_an_export_lasts_leave_it_whole(
    world: World, app_database: Database, worker_database: Database, key: SigningKey
) -> None:
    lines: list[bytes] = []
    start = 100
    async for chunk in exporting.lines(app_database, Log.of(Scope.tenant(world.tenant_id))):
        lines += chunk.splitlines(keepends=True)
        await write(app_database, world.tenant_id, 3, start)
        await sealer.seal(worker_database, key, BATCH)
        start += 3
    assert verified(lines, key).rows == 10
    assert not [row for row in rows_of(lines) if int(row["target"].removeprefix("t")) >= 100]


@pytest.mark.parametrize("kind", ["partner", "operator"])
async def test_S_85_S_86_logs_above_clients_are_kept_held_and_forgotten_in_as_theirs_are(
    kind: str,
    world: World,
    app_database: Database,
    worker_database: Database,
    key: SigningKey,
    stack: Stack,
    endpoints: Endpoints,
) -> None:
    scope = Scope.partner(world.partner_id) if kind == "partner" else Scope.operator()
    log, beside = Log.of(scope), Scope.operator() if kind == "partner" else Scope.partner(world.partner_id)
    for place in (scope, beside):
        async with app_database.session(place) as session:
            for number, actor in enumerate((f"account:{ACCOUNT}", "key:other", "key:other", "key:other", "key:other")):
                after = {"by": ACCOUNT} if number == 1 else {"number": number}
                await service.record(session, actor=actor, action="thing.made", target=f"t{number}", after=after)
            await session.commit()
    await sealer.seal(worker_database, key, BATCH)
    async with app_database.session(scope) as session:
        await keeping.set_days(session, log.log_id, 30, actor="key:x")
        await keeping.hold(session, log.log_id, "case 7", actor="key:x")
        with pytest.raises(AuditHeld, match="case 7"):
            await keeping.forget(session, log.log_id, ACCOUNT, actor="key:x")
        await session.commit()
    old = "UPDATE app.audit_seal SET sealed_at = sealed_at - make_interval(days => $1) WHERE n = 1"
    async with owner(stack, endpoints) as connection:
        await connection.execute(old, 31)
    assert await sealer.drop_old(worker_database, key) == 0, "it is held"
    async with app_database.session(scope) as session:
        await keeping.release(session, log.log_id, actor="key:x")
        assert (await keeping.forget(session, log.log_id, ACCOUNT, actor="key:x"))[1] == 2
        await session.commit()
    await sealer.seal(worker_database, key, BATCH)
    async with owner(stack, endpoints) as connection:
        await connection.execute(old, -31)
    assert await _verified(app_database, log, key) == (0, False)
    async with owner(stack, endpoints) as connection:
        await connection.execute(old, 31)
    assert await sealer.drop_old(worker_database, key) == 1, "of this log alone"
    async with owner(stack, endpoints) as connection:
        await connection.execute(old, -31)
    assert await _verified(app_database, log, key) == (1, False)
    assert await _verified(app_database, Log.of(beside), key) == (0, True)


async def _verified(database: Database, log: Log, key: SigningKey) -> tuple[int, bool]:
    """Batches that were dropped, and whether the account is in it."""
    lines = b"".join([chunk async for chunk in exporting.lines(database, log)]).splitlines(keepends=True)
    return verified(lines, key).dropped, ACCOUNT.encode() in b"".join(lines)


@pytest.mark.parametrize("wanted", [ALL, Wanted(action="thing.made")], ids=["whole", "filtered"])
async def test_S_84_S_86_what_is_dropped_while_an_export_lasts_leaves_it_whole(
    wanted: Wanted,
    world: World,
    app_database: Database,
    worker_database: Database,
    key: SigningKey,
    stack: Stack,
    endpoints: Endpoints,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the worst moment: between the rows of a page and what is asked of their batches."""
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        await keeping.set_days(session, world.tenant_id, 30, actor="key:x")
        await session.commit()
    asked = {"whole": "rows_of", "filtered": "batches_of"}["whole" if wanted is ALL else "filtered"]
    asks = getattr(repository, asked)
    dropped: list[int] = []

    async def meanwhile(*given: object) -> object:
        if not dropped:
            await aged(stack, endpoints, 2, 31)
            dropped.append(await sealer.drop_old(worker_database, key))
            await unaged(stack, endpoints, 2, 31)
        return await asks(*given)

    monkeypatch.setattr(repository, asked, meanwhile)
    found = verified(await exported(app_database, world.tenant_id, wanted), key)
    assert (dropped, found.rows) == ([2], 10)
    monkeypatch.undo()
    again = verified(await exported(app_database, world.tenant_id, wanted), key)
    assert again.rows == 2, "and is gone for the next one"
