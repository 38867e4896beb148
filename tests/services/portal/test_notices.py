"""The link of a notice: looking changes nothing, a POST of a reader of mail ends further ones (S-69, RFC 8058)."""

from __future__ import annotations

from typing import Any

import pytest

from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from infra.ids import TenantId
from services.portal import notice_page
from tests.services.customer_notices.noticed import TOKEN, leave
from tests.services.portal.visitors import House

AT = f"/portal/notices/{TOKEN}"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
async def told(house: House, stack: Stack, endpoints: Endpoints) -> House:
    await leave(stack, endpoints, house.ids["north"], house.ids["acme"])
    return house


async def rows(database: Database, house: House, query: str) -> list[Any]:
    async with database.tenant(TenantId(house.ids["acme"])) as connection:
        return list(await connection.fetch(query))


async def outs(database: Database, house: House) -> list[str]:
    return [one["source"] for one in await rows(database, house, "SELECT source FROM app.notice_opt_out")]


async def test_S_69_looking_changes_nothing_and_one_click_without_a_cookie_ends_it(
    told: House, app_database: Database
) -> None:
    for _ in range(3):
        seen = await told.north.get(AT)
        assert seen.status == 200
        assert f'<form method="post" action="{AT}">' in seen.body.decode()
    assert await outs(app_database, told) == []
    # As a reader of mail sends it: no cookie, no origin.
    body: dict[str, Any] = {
        "raw": b"List-Unsubscribe=One-Click",
        "headers": {"host": f"{told.north.host}:8420", "content-type": FORM},
    }
    for _ in range(2):
        clicked = await told.north.caller.send("POST", AT, **body)
        assert clicked.status == 200, clicked.body
    assert await outs(app_database, told) == ["link"]
    page = (await told.north.get(AT, accept_language="es-MX,en;q=0.5")).body.decode()
    assert "Ya no recibirá mensajes" in page
    back = await told.north.send("POST", f"{AT}/again")
    assert (back.status, await outs(app_database, told)) == (200, [])
    audited = await rows(app_database, told, "SELECT actor || ' ' || action AS said FROM app.audit ORDER BY audit_id")
    said = [one["said"] for one in audited if "notice." in one["said"]]
    assert said == ["recipient notice.opted-out", "recipient notice.opted-in"]
    elsewhere = await told.north.send("POST", f"{AT}/again", origin="https://evil.example", sec_fetch_site="cross-site")
    assert (elsewhere.status, elsewhere.problem) == (403, "cross-site")


async def test_S_69_an_unknown_link_and_another_partner_s_are_answered_alike(
    told: House, app_database: Database
) -> None:
    answers = [
        await told.south.send(method, path)
        for path in (AT, "/portal/notices/nothing", f"/portal/notices/{'x' * 500}")
        for method in ("GET", "POST")
    ]
    assert {(one.status, one.body) for one in answers} == {(404, answers[0].body)}
    assert b"<form" not in answers[0].body
    assert await outs(app_database, told) == []


async def test_the_page_runs_nothing_loads_nothing_of_others_and_is_kept_by_nobody(told: House) -> None:
    seen = await told.north.get(AT)
    assert seen.headers["content-security-policy"] == notice_page.POLICY
    assert seen.headers["cache-control"] == "no-store"
    assert seen.headers["referrer-policy"] == "same-origin"
    assert b"<script" not in seen.body
    assert b"North Portal" in seen.body
    assert b"waybill" not in seen.body.lower()
    style = await told.north.get("/portal/notices.css")
    assert (style.status, style.headers["content-type"]) == (200, "text/css; charset=utf-8")


def test_S_102_a_brand_is_escaped_on_the_page_and_no_template() -> None:
    page = notice_page.page("ask", brand="{{said}}<b>", has_logo=False, language="en", address="/portal/notices/x")
    assert b"{{said}}&lt;b&gt;" in page
    assert b"<b>" not in page
    assert set(notice_page.WORDS) == {"en", "es", "de", "fr", "nl"}
    assert notice_page.language_of("fr-CA;q=0.8, en") == "fr"
    assert notice_page.language_of("*") == "en"
