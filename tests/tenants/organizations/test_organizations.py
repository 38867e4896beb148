from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.pagination import Page
from tenants.organizations import service
from tenants.organizations.errors import InvalidField, PartnerDisabled, SlugTaken, UnknownClient, UnknownPartner
from tenants.organizations.models import Client, Partner
from tenants.organizations.names import check_name, check_slug

ALL = Page(100)


async def partner(database: Database, slug: str) -> Partner:
    async with database.session(Scope.operator()) as session:
        made = await service.create_partner(session, slug=slug, name=slug, actor="test")
        await session.commit()
        return made


async def client(database: Database, owner: Partner, slug: str) -> Client:
    async with database.session(Scope.partner(owner.partner_id)) as session:
        made, _ = await service.create_client(session, owner.partner_id, slug=slug, name=slug, actor="test")
        await session.commit()
        return made


async def test_a_client_comes_with_its_three_tenants_and_one_record(app_database: Database) -> None:
    north = await partner(app_database, "north")
    acme = await client(app_database, north, "acme")
    async with app_database.session(Scope.partner(north.partner_id)) as session:
        assert [one.environment for one in await service.tenants_of(session, acme)] == ["dev", "test", "live"]
        assert (await service.find_tenant(session, acme, "live")).client_id == acme.client_id
        with pytest.raises(UnknownClient):
            await service.find_tenant(session, acme, "prod")
        actions = await session.execute(text("SELECT action, target FROM app.organization_audit ORDER BY audit_id"))
    assert [tuple(row) for row in actions] == [
        ("partner.created", ids.show("ptr", north.partner_id)),
        ("client.created", ids.show("cli", acme.client_id)),
    ]


async def test_S_13_a_slug_is_a_partners_own(app_database: Database) -> None:
    north, south = await partner(app_database, "north"), await partner(app_database, "south")
    await client(app_database, north, "acme")
    await client(app_database, south, "acme")
    with pytest.raises(SlugTaken):
        await client(app_database, north, "acme")
    with pytest.raises(SlugTaken):
        await partner(app_database, "north")


async def test_the_same_slug_at_once_is_one_client(app_database: Database) -> None:
    north = await partner(app_database, "north")
    made = await asyncio.gather(*(client(app_database, north, "acme") for _ in range(5)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in made) == ["Client", *["SlugTaken"] * 4]


async def test_a_partner_finds_its_own_and_nothing_else(app_database: Database) -> None:
    north, south = await partner(app_database, "north"), await partner(app_database, "south")
    acme, other = await client(app_database, north, "acme"), await client(app_database, south, "other")
    async with app_database.session(Scope.partner(north.partner_id)) as session:
        for reference in ("acme", ids.show("cli", acme.client_id)):
            assert (await service.find_client(session, north.partner_id, reference)).client_id == acme.client_id
        for reference in ("other", ids.show("cli", other.client_id), "cli_x", "no/slug", "", "a" * 300):
            for owner in (north.partner_id, south.partner_id, None):
                with pytest.raises(UnknownClient):
                    await service.find_client(session, owner, reference)
        with pytest.raises(UnknownPartner):
            await service.find_partner(session, "south")
        assert [row.slug for row in (await service.list_clients(session, None, ALL))[0]] == ["acme"]
        assert (await service.list_clients(session, south.partner_id, ALL))[0] == []
    async with app_database.session(Scope.operator()) as session:
        assert {row.slug for row in (await service.list_clients(session, None, ALL))[0]} == {"acme", "other"}


async def test_disabling_is_recorded_once_however_often_it_is_asked(app_database: Database) -> None:
    north = await partner(app_database, "north")
    for status in ("disabled", "disabled", "active", "active"):
        async with app_database.session(Scope.operator()) as session:
            found = await service.set_partner_status(session, "north", status, actor="test")
            await session.commit()
            assert found.status == status
        if status == "disabled":
            with pytest.raises(PartnerDisabled):
                await client(app_database, north, "late")
    async with app_database.session(Scope.operator()) as session:
        actions = (await session.execute(text("SELECT action FROM app.organization_audit ORDER BY audit_id"))).scalars()
        assert list(actions) == ["partner.created", "partner.disabled", "partner.enabled"]


async def test_nothing_is_kept_of_what_was_not_committed(app_database: Database) -> None:
    async with app_database.session(Scope.operator()) as session:
        await service.create_partner(session, slug="north", name="North", actor="test")
    async with app_database.session(Scope.operator()) as session:
        assert (await session.execute(text("SELECT count(*) FROM app.organization_audit"))).scalar_one() == 0
        with pytest.raises(UnknownPartner):
            await service.find_partner(session, "north")


@pytest.mark.parametrize("slug", ["", "-a", "a-", "a--b", "A", "a_b", "a b", "é", "a\n", "a" * 64 + "b", "ptr_1"])
def test_what_is_no_slug(slug: str) -> None:
    with pytest.raises(InvalidField):
        check_slug(slug, "/slug")


@pytest.mark.parametrize(
    "name", ["", " a", "a ", "a\tb", "a\u202eb", "a\u200bb", "a\0", "a\ud800", "x" * 201, "\u2028"]
)
def test_S_83_what_is_no_name(name: str) -> None:
    with pytest.raises(InvalidField):
        check_name(name, "/name")


@pytest.mark.parametrize("name", ["Acme", "Ünïted Grain & Söhne GmbH", "株式会社", "O'Neil (live)", "x" * 200])
def test_names_of_the_world_pass(name: str) -> None:
    assert check_name(name, "/name") == name
