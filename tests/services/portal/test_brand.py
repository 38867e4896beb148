"""What a brand may change of the pages, and what it may not (S-101, S-102)."""

from __future__ import annotations

import asyncio
import base64
import io
import re

import pytest
from PIL import Image
from sqlalchemy import text

from infra.database import Database, Scope
from services.portal.app import Front
from services.portal.stylesheet import FONTS
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tenants.organizations.branding import FONTS as KNOWN_FONTS
from tenants.organizations.branding import Look
from tenants.organizations.colours import contrast
from tests.asgi import Answer
from tests.services.api.parties import make_key
from tests.services.portal.staff import staff
from tests.services.portal.visitors import NORTH, House

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


def picture(kind: str = "PNG", colour: str = "#123456") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 320), colour).save(out, kind)
    return out.getvalue()


def sent(content: bytes) -> dict[str, str]:
    return {"picture": base64.b64encode(content).decode()}


async def test_a_partner_sets_its_brand_and_its_hosts_show_it(house: House, front: Front) -> None:
    partner = house.operator.having(house.keys["north"])
    seen = await partner.get("/v1/brand")
    assert (seen.json["name"], seen.json["accent"], seen.json["logo"]) == ("North Portal", "#0b7285", None)
    assert seen.json["hosts"] == [NORTH]
    wish = {"name": "Nordlicht", "accent": "#FFD400", "font": "serif", "support_email": "help@north.example"}
    changed = await partner.send("PATCH", "/v1/brand", {**wish, "logo": sent(picture())}, headers=seen_as(seen))
    assert changed.status == 200, changed.body
    assert changed.headers["etag"] == (await partner.get("/v1/brand")).headers["etag"] != seen.headers["etag"]
    front.portal.brands.forget()
    shown = (await house.north.get("/portal/brand")).json
    assert {**wish, "accent": "#ffd400", "logo": True}.items() <= shown.items()
    assert (shown["accent_light"], shown["on_accent_light"]) == tuple(changed.json["light"].values())
    assert (shown["accent_dark"], shown["on_accent_dark"]) == tuple(changed.json["dark"].values())
    assert (await house.north.get("/portal/logo.svg")).body.decode() == changed.json["logo"]
    stale = await partner.send("PATCH", "/v1/brand", {"name": "Other"}, headers=seen_as(seen))
    assert (stale.status, stale.problem) == (412, "precondition-failed")
    bare = await partner.send("PATCH", "/v1/brand", {"logo": None, "support_email": None})
    assert (bare.json["logo"], bare.json["support_email"], bare.json["name"]) == (None, None, "Nordlicht")
    assert (await house.south.get("/portal/brand")).json["name"] == "South Portal"


def seen_as(answer: Answer) -> dict[str, str]:
    return {"if-match": answer.headers["etag"]}


async def test_S_101_a_picture_that_a_partner_sends_is_drawn_anew(house: House, front: Front) -> None:
    partner = house.operator.having(house.keys["north"])
    hidden = picture() + b"<script>alert(document.domain)</script>"
    for content in (hidden, picture("JPEG"), picture("WEBP")):
        drawn = await partner.send("PATCH", "/v1/brand", {"logo": sent(content)})
        assert drawn.status == 200, drawn.body
        assert re.fullmatch(
            r'<svg [^<]*viewBox="0 0 512 256"[^<]*><image [^<]*data:image/png;base64,[^<]*/></svg>', drawn.json["logo"]
        )
        assert base64.b64encode(b"<script>")[:10].decode() not in drawn.json["logo"]
    front.portal.brands.forget()
    served = await house.north.get("/portal/logo.svg")
    assert "sandbox" in served.headers["content-security-policy"]
    before = (await partner.get("/v1/brand")).headers["etag"]
    for logo in (
        sent(b"no picture"),
        sent(picture("GIF")),
        sent(b""),
        # A drawing is the operator's alone to give, also one that the operator's command takes.
        {"svg": LOGO},
        sent(LOGO.encode()),
        {"picture": "not base 64!"},
        {},
        {"svg": LOGO, **sent(picture())},
        {"url": "https://evil.example/x.svg"},
    ):
        refused = await partner.send("PATCH", "/v1/brand", {"logo": logo})
        assert (refused.status, refused.json["errors"][0]["pointer"][:5]) == (422, "/logo"), (logo, refused.body)
    assert (await partner.get("/v1/brand")).headers["etag"] == before


@pytest.mark.parametrize(
    "look", [{"name": "a\u202eb"}, {"accent": "#12345"}, {"font": "Comic Sans"}, {"support_email": "a@b\r\nBcc: c@d"}]
)
async def test_S_102_what_a_partner_sends_is_tokens_and_no_text_of_another_kind(
    house: House, look: dict[str, str]
) -> None:
    partner = house.operator.having(house.keys["north"])
    refused = await partner.send("PATCH", "/v1/brand", look)
    assert (refused.status, refused.problem) == (422, "invalid-payload")
    assert (await partner.get("/v1/brand")).json["name"] == "North Portal"


async def test_S_68_a_brand_is_its_partners_to_change(house: House, app_database: Database) -> None:
    keeper = house.operator.having(await make_key(house.operator, partner="north", permissions=["brand:read"]))
    assert (await keeper.get("/v1/brand")).status == 200
    for caller in (keeper, house.operator.having(house.keys["acme"]), house.operator):
        refused = await caller.send("PATCH", "/v1/brand", {"name": "Other"})
        assert (refused.status, refused.problem) == (403, "forbidden")
    boss = await staff(house, app_database, "boss@north.example", "administrator")
    assert (await boss.send("PATCH", "/v1/brand", {"name": "Ours"})).status == 200
    assert (await house.operator.having(house.keys["south"]).get("/v1/brand")).json["name"] == "South Portal"
    async with app_database.session(Scope.partner(house.ids["north"])) as session:
        query = text("SELECT actor, after FROM app.organization_audit WHERE action = 'brand.changed' ORDER BY at DESC")
        actor, after = (await session.execute(query)).all()[0]
    assert actor.startswith("account:acc_")
    assert after == {"name": "Ours"}


async def test_of_eight_who_saw_the_same_brand_one_changes_it(house: House) -> None:
    """Of a partner that never set one, whose brand has no row to lock."""
    await house.operator.post("/v1/partners", {"slug": "east", "name": "East"})
    partner = house.operator.having(await make_key(house.operator, partner="east"))
    seen = await partner.get("/v1/brand")
    assert (seen.json["name"], seen.json["hosts"]) == ("East", [])
    answers = await asyncio.gather(
        *(partner.send("PATCH", "/v1/brand", {"name": f"E{n}"}, headers=seen_as(seen)) for n in range(8))
    )
    assert sorted(one.status for one in answers) == [200] + [412] * 7


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
