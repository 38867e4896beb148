"""Brands and hosts: who may change them, and what they may hold (S-99, S-102)."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from infra.database import Database, Scope
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tenants.organizations.branding import Look
from tenants.organizations.errors import HostTaken, InvalidField, UnknownHost
from tests.world import make_tenant


@pytest.mark.parametrize(
    "look",
    [
        Look(name=""),
        Look(name=" x"),
        Look(name="x" * 65),
        Look(name="a\u202eb"),
        Look(name="a\nb"),
        Look(accent="red"),
        Look(accent="#12345"),
        Look(accent="#123456;}body{background:url(//x)"),
        Look(accent="</style><script>"),
        Look(font="Comic Sans"),
        Look(font="x;} body {"),
        Look(support_email="javascript:alert(1)"),
        Look(support_email="a@b\r\nBcc: c@d"),
        Look(logo="<script/>"),
    ],
    ids=repr,
)
async def test_S_102_a_brand_is_tokens_and_no_text_of_another_kind(app_database: Database, look: Look) -> None:
    await make_tenant(app_database)
    async with app_database.session(Scope.operator()) as session:
        partner = await organizations.find_partner(session, "partner-of-acme")
        with pytest.raises(InvalidField):
            await branding.set_brand(session, partner, look, actor="test")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Portal.Example.COM", "portal.example.com"),
        ("portal.example.com.", "portal.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("harbor.localhost", "harbor.localhost"),
    ],
)
def test_a_host_has_one_spelling(given: str, kept: str) -> None:
    assert branding.check_host(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        ".",
        "a..b",
        "-a.example",
        "a_b.example",
        "portal.example.com:8443",
        "http://portal.example.com",
        "portal.example.com/x",
        "*.example.com",
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "[::1]",
        "::1",
        "a b.example",
        "a\x00.example",
        "xn--.example",
        f"{'a' * 64}.example",
        ".".join(["a" * 60] * 5),
    ],
)
def test_S_99_what_is_no_name_is_refused(given: str) -> None:
    with pytest.raises(InvalidField):
        branding.check_host(given)


async def test_S_99_a_host_has_one_partner_and_only_the_operator_gives_it(app_database: Database) -> None:
    north, south = await make_tenant(app_database, "north"), await make_tenant(app_database, "south")
    async with app_database.session(Scope.operator()) as session:
        mine = await organizations.find_partner(session, "partner-of-north")
        other = await organizations.find_partner(session, "partner-of-south")
        assert await branding.add_host(session, mine, "Portal.example", actor="test") == "portal.example"
        assert await branding.add_host(session, mine, "portal.example", actor="test") == "portal.example"
        with pytest.raises(HostTaken):
            await branding.add_host(session, other, "PORTAL.EXAMPLE.", actor="test")
        await session.commit()
    async with app_database.session(Scope.partner(south.partner_id)) as session:
        assert await branding.hosts(session, north.partner_id) == []
        with pytest.raises(DBAPIError, match="row-level security"):
            await branding.add_host(session, other, "other.example", actor="test")
    found = await branding.of_host(app_database, "portal.example")
    assert found is not None
    assert found.partner_id == north.partner_id


async def test_what_is_changed_is_audited_for_the_partner(app_database: Database) -> None:
    world = await make_tenant(app_database)
    async with app_database.session(Scope.operator()) as session:
        partner = await organizations.find_partner(session, "partner-of-acme")
        await branding.set_brand(session, partner, Look(accent="#ABCDEF"), actor="cli:test")
        await branding.add_host(session, partner, "a.example", actor="cli:test")
        await branding.add_host(session, partner, "a.example", actor="cli:test")
        await branding.remove_host(session, "a.example", actor="cli:test")
        with pytest.raises(UnknownHost):
            await branding.remove_host(session, "a.example", actor="cli:test")
        await session.commit()
    async with app_database.session(Scope.partner(world.partner_id)) as session:
        rows = await session.execute(
            text("SELECT actor, action, after::text FROM app.organization_audit ORDER BY audit_id")
        )
        found = [tuple(row) for row in rows]
    assert [row[:2] for row in found] == [
        ("cli:test", "brand.changed"),
        ("cli:test", "host.added"),
        ("cli:test", "host.removed"),
    ]
    assert "#abcdef" in found[0][2]
    assert await branding.of_host(app_database, "a.example") is None
