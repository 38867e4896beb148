"""Accounts: whose they are, and who sees them (S-13, S-14, S-58, S-68)."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from infra import ids
from infra.database import Database, Scope
from tenants.identity import accounts, emails
from tenants.identity.accounts import NewAccount
from tenants.identity.errors import EmailTaken, NotYoursToGrant, UnknownAccount
from tenants.identity.permissions import ACCOUNT, ALLOWED, Permission
from tenants.identity.permissions import Scope as KeyScope
from tenants.organizations.errors import InvalidField
from tests.world import World, make_tenant

HASH = "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def new(world: World, email: str = "clerk@acme.example", **more: object) -> NewAccount:
    members = {"name": "Clerk", "password_hash": HASH, **more}
    return NewAccount(partner_id=world.partner_id, tenant_id=world.tenant_id, email=email, **members)  # type: ignore[arg-type]


async def make(database: Database, world: World, email: str = "clerk@acme.example") -> None:
    async with database.session(Scope.tenant(world.tenant_id)) as session:
        await accounts.create(session, new(world, email), actor="test")
        await session.commit()


async def test_S_58_an_address_is_one_account_of_a_partner(app_database: Database) -> None:
    north, south = await make_tenant(app_database, "north"), await make_tenant(app_database, "south")
    await make(app_database, north, "Clerk@Acme.example")
    await make(app_database, south)
    async with app_database.session(Scope.tenant(north.tenant_id)) as session:
        with pytest.raises(EmailTaken):
            await accounts.create(session, new(north, " CLERK@acme.example "), actor="test")
    async with app_database.session(Scope.partner(north.partner_id)) as session:
        assert [row.email for row in await accounts.list_accounts(session, north.partner_id)] == ["clerk@acme.example"]
        assert await accounts.list_accounts(session, south.partner_id) == []
        with pytest.raises(UnknownAccount):
            await accounts.find(session, south.partner_id, "clerk@acme.example")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" CLERK@Acme.Example ", "clerk@acme.example"),
        ("\uff43lerk@acme.example", "clerk@acme.example"),  # a full-width c
        ("clerk+shop@acme.example", "clerk+shop@acme.example"),
        ("\u0441lerk@acme.example", None),  # a Cyrillic es
        ("clerk@\u0430cme.example", None),
        ("clerk@m\u00fcller.example", None),
        ("clerk@xn--mller-kva.example", "clerk@xn--mller-kva.example"),
        ("clerk@acme.example\n", "clerk@acme.example"),
        ("cl\u200berk@acme.example", None),
        ("a@b@acme.example", None),
    ],
)
def test_S_58_an_address_has_one_form_and_none_that_only_looks_like_it(typed: str, stored: str | None) -> None:
    """Another tag is another address, and names of other scripts are written as DNS writes them."""
    found = emails.normal(typed)
    assert (found if emails.is_address(found) else None) == stored


async def test_S_14_an_account_of_another_tenant_is_refused(app_database: Database) -> None:
    north, south = await make_tenant(app_database, "north"), await make_tenant(app_database, "south")
    async with app_database.session(Scope.tenant(north.tenant_id)) as session:
        with pytest.raises(DBAPIError, match="row-level security"):
            await accounts.create(session, new(south), actor="test")
    # Of the right partner by name and of another's tenant by fact.
    async with app_database.session(Scope.partner(north.partner_id)) as session:
        mixed = NewAccount(
            partner_id=north.partner_id, tenant_id=south.tenant_id, email="x@y.example", name="X", password_hash=HASH
        )
        with pytest.raises(DBAPIError, match="foreign key"):
            await accounts.create(session, mixed, actor="test")


async def test_S_12_a_session_cannot_be_of_another_tenants_account(app_database: Database) -> None:
    north, south = await make_tenant(app_database, "north"), await make_tenant(app_database, "south")
    await make(app_database, south)
    async with app_database.session(Scope.partner(south.partner_id)) as session:
        foreign = await accounts.find(session, south.partner_id, "clerk@acme.example")
    statement = (
        "INSERT INTO app.portal_session (partner_id, token_hash, account_id, tenant_id, host, expires_at) "
        "VALUES (:p, :h, :a, :t, 'x', now())"
    )
    for partner in (north.partner_id, south.partner_id):
        values = {"p": partner, "h": bytes(32), "a": foreign.account_id, "t": north.tenant_id}
        async with app_database.session(Scope.tenant(north.tenant_id)) as session:
            with pytest.raises(DBAPIError, match=r"foreign key|row-level security"):
                await session.execute(text(statement), values)


async def test_the_operator_sees_nobodys_accounts_nor_sessions(app_database: Database) -> None:
    world = await make_tenant(app_database)
    await make(app_database, world)
    async with app_database.session(Scope.operator()) as session:
        for table in ("account", "portal_session", "known_device", "sign_in_attempt"):
            query = text(f"SELECT count(*) FROM app.{table}")  # noqa: S608 (names of ours)
            assert await session.scalar(query) == 0


async def test_S_68_an_account_holds_what_a_client_may_hold(app_database: Database) -> None:
    world = await make_tenant(app_database)
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        wanted = frozenset({Permission.PARTNERS_READ})
        with pytest.raises(NotYoursToGrant):
            await accounts.create(session, new(world, permissions=wanted), actor="test")
        made = await accounts.create(session, new(world), actor="test")
    assert set(made.permissions) == ACCOUNT
    assert Permission.PAYLOADS_READ not in ACCOUNT


async def test_S_68_nobody_grants_an_account_what_they_lack(app_database: Database) -> None:
    world = await make_tenant(app_database)
    await make(app_database, world)
    wider = ACCOUNT | {Permission.PAYLOADS_READ}
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        found = await accounts.find(session, world.partner_id, "clerk@acme.example")
        give = partial(accounts.set_permissions, session, found, actor="test")
        for wanted, held in (
            ({Permission.PARTNERS_READ}, frozenset(Permission)),
            (wider, ACCOUNT),
            ({Permission.KEYS_WRITE}, frozenset[Permission]()),
        ):
            with pytest.raises(NotYoursToGrant):
                await give(frozenset(wanted), grantable=held)
        # To take is to give nothing, and what is there may stay.
        await give(ACCOUNT - {Permission.RUNS_WRITE}, grantable=frozenset())
        await session.refresh(found)
        assert set(found.permissions) == ACCOUNT - {Permission.RUNS_WRITE}
        await give(wider, grantable=ALLOWED[KeyScope.CLIENT])
        await session.refresh(found)
        assert set(found.permissions) == wider


async def test_S_87_other_permissions_are_audited_once_with_those_before(app_database: Database) -> None:
    world = await make_tenant(app_database)
    await make(app_database, world)
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        found = await accounts.find(session, world.partner_id, "clerk@acme.example")
        wanted = frozenset({Permission.RUNS_READ})
        for _ in range(2):
            await accounts.set_permissions(session, found, wanted, grantable=frozenset(), actor="cli:test")
            await session.refresh(found)
        rows = await session.execute(
            text("SELECT actor, target, after FROM app.audit WHERE action = 'account.permissions-set'")
        )
        (row,) = rows.all()
    assert (row.actor, row.target) == ("cli:test", accounts.shown(found))
    assert row.after == {"permissions": ["runs:read"], "before": sorted(one.value for one in ACCOUNT)}


@pytest.mark.parametrize(
    "email",
    ["", "clerk", "clerk@", "@acme.example", "a b@acme.example", "clerk@acme.example\n.x", "a@b@c", "a" * 65 + "@x.y"],
)
async def test_what_is_no_address_is_refused(app_database: Database, email: str) -> None:
    world = await make_tenant(app_database)
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        with pytest.raises(InvalidField):
            await accounts.create(session, new(world, email), actor="test")


async def test_an_account_is_found_by_id_and_address_and_its_changes_are_audited(app_database: Database) -> None:
    world = await make_tenant(app_database)
    await make(app_database, world)
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        found = await accounts.find(session, world.partner_id, "CLERK@acme.example")
        assert (await accounts.find(session, world.partner_id, accounts.shown(found))).email == found.email
        with pytest.raises(UnknownAccount):
            await accounts.find(session, world.partner_id, ids.show("acc", ids.new()))
        for status in ("disabled", "active"):
            await accounts.set_status(session, found, status, actor="cli:test")
            await session.refresh(found)
        await accounts.set_password(session, found, HASH, actor="cli:test")
        rows = await session.execute(text("SELECT action, after::text FROM app.audit ORDER BY audit_id"))
        written = [tuple(row) for row in rows]
    assert [row[0] for row in written] == [
        "account.created",
        "account.disabled",
        "account.enabled",
        "account.password-set",
    ]
    assert not any("argon2" in str(row) for row in written)
