"""Words that would like to be markup, a template or a formula stay words, wherever they are answered (S-102, S-103)."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from infra.database import Database, Scope
from services.portal.app import Front
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tenants.organizations.branding import Look
from tests.services.portal.visitors import House

WORDS = "<img src=x onerror=alert(1)>"
MARKS = "{{7*7}} ${7*7} #{7*7} %7*7%"


@pytest.mark.parametrize("name", [MARKS, WORDS])
async def test_S_102_marks_of_templates_in_a_brands_name_are_text(
    house: House, front: Front, app_database: Database, name: str
) -> None:
    async with app_database.session(Scope.operator()) as session:
        partner = await organizations.find_partner(session, "north")
        await branding.set_brand(session, partner, Look(name=name), actor="test")
        await session.commit()
    front.portal.brands.forget()
    assert (await house.north.get("/portal/brand")).json["name"] == name
    page = (await house.north.get("/")).body.decode()
    assert "49" not in page
    assert WORDS not in page
    assert "<script" not in page
    clerk = await house.north.signed_in()
    begun = await clerk.send("POST", "/portal/second-factor", {})
    assert name in unquote(begun.json["uri"])


async def test_S_103_a_name_that_is_markup_is_answered_as_json_that_nobody_guesses_at(house: House) -> None:
    acme = house.operator.having(house.keys["acme"])
    settings = {"base_url": "http://127.0.0.1:9", "allow_http": True}
    made = await acme.post(
        "/v1/connections", {"name": "shop", "connector": "http", "settings": settings, "owner": WORDS}
    )
    assert made.status == 201, made.body
    clerk = await house.north.signed_in()
    listed = await clerk.get("/v1/connections", accept="text/html")
    assert listed.json["items"][0]["owner"] == WORDS
    refused = await clerk.get(f"/v1/runs?state={WORDS}", accept="text/html")
    for answer, media_type in ((listed, "application/json"), (refused, "application/problem+json")):
        assert answer.headers["content-type"] == media_type
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_S_103_the_page_of_a_problem_holds_nothing_of_a_request(house: House) -> None:
    page = await house.north.get(f"/problems/not-found?x={WORDS}", accept="text/html")
    assert WORDS.encode() not in page.body
    unknown = await house.north.get(f"/problems/{WORDS}", accept="text/html")
    assert unknown.headers["content-type"] == "application/problem+json"
