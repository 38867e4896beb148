"""What a brand may change of the pages, and what it may not (S-101, S-102)."""

from __future__ import annotations

import re

from infra.database import Database, Scope
from services.portal.app import Front
from services.portal.stylesheet import FONTS
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tenants.organizations.branding import FONTS as KNOWN_FONTS
from tenants.organizations.branding import Look
from tenants.organizations.colours import contrast
from tests.services.portal.visitors import House

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="#123456"/></svg>'


async def give(house: House, front: Front, database: Database, look: Look) -> None:
    del house
    async with database.session(Scope.operator()) as session:
        partner = await organizations.find_partner(session, "north")
        await branding.set_brand(session, partner, look, actor="test")
        await session.commit()
    front.portal.brands.forget()


async def test_a_brand_is_shown_with_accents_that_can_be_read(house: House) -> None:
    brand = (await house.south.get("/portal/brand")).json
    assert (brand["name"], brand["accent"], brand["logo"], brand["font"]) == (
        "South Portal",
        "#ffd400",
        False,
        "system",
    )
    assert brand["accent_light"] != brand["accent"]
    assert contrast(brand["accent_light"], "#ffffff") >= 4.5
    assert contrast(brand["on_accent_light"], brand["accent_light"]) >= 4.5
    assert contrast(brand["on_accent_dark"], brand["accent_dark"]) >= 4.5


async def test_the_stylesheet_holds_tokens_and_nothing_else(house: House) -> None:
    sheet = await house.south.get("/portal/brand.css")
    assert sheet.headers["content-type"] == "text/css; charset=utf-8"
    lines = [line.strip() for line in sheet.body.decode().splitlines()]
    assert [line for line in lines if line.endswith("{")] == [":root {", ":root[data-mantine-color-scheme='dark'] {"]
    properties = [line for line in lines if line not in {"}", ""} and not line.endswith("{")]
    assert all(re.fullmatch(r"--brand-[a-z-]+: (#[0-9a-f]{6}|[\w ,'-]+);", line) for line in properties)
    assert {line.partition(":")[0] for line in properties} == {
        "--brand-accent",
        "--brand-on-accent",
        "--brand-accent-soft",
        "--brand-font",
    }
    again = await house.south.get("/portal/brand.css", if_none_match=sheet.headers["etag"])
    assert (again.status, again.body) == (304, b"")


def test_every_font_that_a_brand_may_have_is_drawn() -> None:
    assert set(FONTS) == set(KNOWN_FONTS)


async def test_S_101_a_logo_is_a_picture_that_runs_and_loads_nothing(
    house: House, front: Front, app_database: Database
) -> None:
    assert (await house.north.get("/portal/logo.svg")).problem == "not-found"
    await give(house, front, app_database, Look(logo=LOGO))
    assert (await house.north.get("/portal/brand")).json["logo"] is True
    logo = await house.north.get("/portal/logo.svg")
    assert (logo.status, logo.headers["content-type"]) == (200, "image/svg+xml")
    policy = logo.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "sandbox" in policy
    assert logo.headers["x-content-type-options"] == "nosniff"
    await give(house, front, app_database, Look(logo=""))
    assert (await house.north.get("/portal/logo.svg")).status == 404


async def test_the_icon_is_the_brands_letter_on_its_accent(house: House, front: Front, app_database: Database) -> None:
    await give(house, front, app_database, Look(name="« Ärger & Söhne »", accent="#FFD400"))
    icon = await house.north.get("/portal/icon.svg")
    assert icon.headers["content-type"] == "image/svg+xml"
    assert ">Ä</text>" in icon.body.decode()
    assert "sandbox" in icon.headers["content-security-policy"]


async def test_a_change_leaves_the_rest_as_it_was(house: House, front: Front, app_database: Database) -> None:
    await give(house, front, app_database, Look(support_email="help@north.example"))
    await give(house, front, app_database, Look(font="serif"))
    brand = (await house.north.get("/portal/brand")).json
    assert (brand["name"], brand["support_email"], brand["font"]) == ("North Portal", "help@north.example", "serif")


async def test_a_partner_without_a_brand_has_its_name_and_a_quiet_colour(
    house: House, front: Front, app_database: Database
) -> None:
    await house.operator.post("/v1/partners", {"slug": "plain", "name": "Plain Partner"})
    async with app_database.session(Scope.operator()) as session:
        partner = await organizations.find_partner(session, "plain")
        await branding.add_host(session, partner, "plain.localhost", actor="test")
        await session.commit()
    front.portal.brands.forget()
    brand = (await house.north.at("plain.localhost").get("/portal/brand")).json
    assert (brand["name"], brand["accent"]) == ("Plain Partner", branding.NEUTRAL_ACCENT)
