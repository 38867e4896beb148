"""Signing in while something else happens to the account (S-63, S-65, S-66)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from infra.database import Database, Scope
from infra.encryption.key_provider import FileKeyProvider
from infra.problems import NotFound, Unavailable
from tenants.identity import account_repository, accounts
from tenants.identity.accounts import NewAccount
from tenants.identity.errors import SignInFailed
from tenants.identity.passwords import Passwords, is_stale
from tenants.identity.second_factors import SecondFactors
from tenants.identity.sessions import Place, Sessions
from tenants.identity.sign_in import Browser, SignIn
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tests.world import World, make_tenant

CLERK, HOST = "clerk@acme.example", "portal.example"
STRANGER = Browser()
PASSWORD = "correct horse battery staple"  # noqa: S105 (nobody's)
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
OTHER = CHEAP.hash("another password of theirs")


class Interrupted(Passwords):
    """Lets something happen after a password was checked, or before one is hashed."""

    checked: Callable[[], Awaitable[None]] | None = None
    hashing: Callable[[], Awaitable[None]] | None = None

    async def fits(self, stored: str | None, password: str, *, placed: bool = False) -> bool:
        found = await super().fits(stored, password, placed=placed)
        if self.checked is not None:
            await self.checked()
        return found

    async def hash(self, password: str, *, placed: bool = False) -> str:
        if self.hashing is not None:
            await self.hashing()
        return await super().hash(password, placed=placed)


class Door:
    """One account, whose hash is of an earlier cost, and the way in."""

    def __init__(self, database: Database, world: World, folder: Path) -> None:
        kek = folder / "kek"
        kek.write_bytes(bytes(32))
        kek.chmod(0o600)
        self.database = database
        self.factors = SecondFactors(database, FileKeyProvider(kek))
        self.world = world
        self.place = Place(world.partner_id, HOST)
        self.passwords = Interrupted(at_once=1, most_waiting=0)
        self.sign_in = SignIn(database, self.passwords, Sessions(database), self.factors)

    async def change(self, **changes: str) -> None:
        async with self.database.session(Scope.tenant(self.world.tenant_id)) as session:
            found = await accounts.find(session, self.world.partner_id, CLERK)
            if "password" in changes:
                await accounts.set_password(session, found, changes["password"], actor="test")
            if "hash" in changes:
                await session.execute(text("UPDATE app.account SET password_hash = :h"), {"h": changes["hash"]})
            if "status" in changes:
                await accounts.set_status(session, found, "disabled", actor="test")
            await session.commit()

    async def ask(self, query: str) -> object:
        async with self.database.session(Scope.partner(self.world.partner_id)) as session:
            return await session.scalar(text(query))


@pytest.fixture
async def door(app_database: Database, tmp_path: Path) -> AsyncIterator[Door]:
    door = Door(app_database, await make_tenant(app_database), tmp_path)
    async with app_database.session(Scope.operator()) as session:
        partner = await organizations.find_partner(session, "partner-of-acme")
        await branding.add_host(session, partner, HOST, actor="test")
        await session.commit()
    async with app_database.session(Scope.tenant(door.world.tenant_id)) as session:
        new = NewAccount(
            partner_id=door.world.partner_id, tenant_id=door.world.tenant_id, email=CLERK, name="Clerk",
            password_hash=CHEAP.hash(PASSWORD),
        )  # fmt: skip
        await accounts.create(session, new, actor="test")
        await session.commit()
    yield door
    await door.sign_in.settled()
    door.passwords.close()


@pytest.mark.parametrize("changes", [{"password": OTHER}, {"status": "disabled"}], ids=["password", "status"])
async def test_S_63_who_is_overtaken_by_a_change_is_not_signed_in(door: Door, changes: dict[str, str]) -> None:
    async def overtake() -> None:
        await door.change(**changes)

    door.passwords.checked = overtake
    with pytest.raises(SignInFailed):
        await door.sign_in(door.place, CLERK, PASSWORD, STRANGER)
    assert await door.ask("SELECT count(*) FROM app.portal_session") == 0


async def test_S_63_a_change_waits_for_a_session_that_begins(door: Door) -> None:
    stored = await door.ask("SELECT password_hash FROM app.account")
    async with door.database.session(Scope.tenant(door.world.tenant_id)) as beginning:
        found = await accounts.find(beginning, door.world.partner_id, CLERK)
        assert await account_repository.hold(beginning, door.world.partner_id, found.account_id, str(stored))
        async with door.database.session(Scope.tenant(door.world.tenant_id)) as changing:
            await changing.execute(text("SET LOCAL lock_timeout = '100ms'"))
            with pytest.raises(DBAPIError, match="lock timeout"):
                await accounts.set_password(changing, found, OTHER, actor="test")


async def test_S_63_a_costlier_hash_never_puts_an_old_password_back(door: Door) -> None:
    async def overtake() -> None:
        await door.change(password=OTHER)

    door.passwords.hashing = overtake
    await door.sign_in(door.place, CLERK, PASSWORD, STRANGER)
    assert await door.ask("SELECT password_hash FROM app.account") == OTHER
    assert await door.ask("SELECT count(*) FROM app.portal_session") == 0


async def test_a_hash_of_an_earlier_cost_is_made_anew(door: Door) -> None:
    await door.sign_in(door.place, CLERK, PASSWORD, STRANGER)
    assert not is_stale(str(await door.ask("SELECT password_hash FROM app.account")))
    await door.sign_in(door.place, CLERK, PASSWORD, STRANGER)


async def test_a_hash_that_another_sign_in_makes_anew_meanwhile_fails_nobody(door: Door) -> None:
    async def overtake() -> None:
        door.passwords.checked = None
        await door.change(hash=PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD))

    door.passwords.checked = overtake
    await door.sign_in(door.place, CLERK, PASSWORD, STRANGER)
    assert await door.ask("SELECT count(*) FROM app.portal_session") == 1
    assert not is_stale(str(await door.ask("SELECT password_hash FROM app.account")))
    await door.sign_in.settled()
    assert await door.ask("SELECT count(*) FROM app.audit WHERE action = 'session.refused'") == 0


async def test_a_hash_that_never_rests_ends_in_a_failure(door: Door) -> None:
    async def overtake() -> None:
        await door.change(hash=CHEAP.hash(PASSWORD))

    door.passwords.checked = overtake
    with pytest.raises(SignInFailed):
        await door.sign_in(door.place, CLERK, PASSWORD, STRANGER)


async def test_many_sign_ins_at_once_all_succeed_while_the_hash_is_made_anew(door: Door) -> None:
    passwords = Passwords(at_once=2, most_waiting=8)
    sign_in = SignIn(door.database, passwords, Sessions(door.database), door.factors)
    made = await asyncio.gather(*(sign_in(door.place, CLERK, PASSWORD, STRANGER) for _ in range(6)))
    passwords.close()
    assert len({one.made.token for one in made}) == 6


async def test_S_63_a_host_that_is_taken_away_during_a_sign_in_takes_no_session(door: Door) -> None:
    async def overtake() -> None:
        async with door.database.session(Scope.operator()) as session:
            await branding.remove_host(session, HOST, actor="test")
            await session.commit()

    door.passwords.checked = overtake
    with pytest.raises(NotFound):
        await door.sign_in(door.place, CLERK, PASSWORD, STRANGER)
    assert await door.ask("SELECT count(*) FROM app.portal_session") == 0


async def test_S_66_whoever_is_turned_away_by_a_crowd_has_not_tried(door: Door) -> None:
    with door.passwords.place():
        for _ in range(12):
            with pytest.raises(Unavailable):
                await door.sign_in(door.place, CLERK, PASSWORD, STRANGER)
    assert await door.ask("SELECT count(*) FROM app.sign_in_attempt") == 0
    # One place is enough for a check and the hash that follows it, and each way to leave gives it back.
    with pytest.raises(SignInFailed):
        await door.sign_in(door.place, CLERK, "wrong password", STRANGER)
    await door.sign_in(door.place, CLERK, PASSWORD, STRANGER)
    assert not is_stale(str(await door.ask("SELECT password_hash FROM app.account")))
