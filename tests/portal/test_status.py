"""The status page that the link of a notice opens: a customer without an account, on a phone (ADR 0127)."""

from __future__ import annotations

import hashlib

import pytest
from playwright.async_api import Browser, expect

from infra import ids
from services.cli.running import Portal
from tenants.organizations import link_texts
from tests.marks import night
from tests.portal.people import look
from tests.portal.person import DESK, PHONE, person
from tests.portal.site import Site

ORDER = "SO-status-1"
ENGLISH = ("It is on its way", "Promised for", "Order")
SPANISH = ("Está en camino", "Prometido para", "Pedido")
LONG = "PO-of-the-northern-associations-of-wholesale-partners-" * 3


async def told(site: Site, portal: Portal, about: str, language: str) -> str:
    """The path of a link to how an order stands that was promised anew and then left, as its notices leave it."""
    (place,) = await site.query(
        "SELECT t.tenant_id, app.notice_address(t.tenant_id, 'buyer@shop.example') AS whose FROM app.tenant t "
        "JOIN app.client c USING (partner_id, client_id) JOIN app.partner p USING (partner_id) "
        "WHERE p.slug = $1 AND c.slug = $2 AND t.environment = $3",
        portal.partner_slug,
        portal.client_slug,
        portal.environment,
    )
    steps = (("delayed", "2030-01-07", "2030-01-09", 2), ("shipped", None, None, 1), ("survey", None, None, 0))
    for milestone, was, now, days in steps:
        await site.query(
            "INSERT INTO app.customer_notice (tenant_id, notice_id, key, run_id, notice, milestone, about_kind, "
            "about_key, outcome, language, address_digest, mail_id, due_at, promise_was, promise_now) VALUES "
            "($1, $2, $2::uuid::text, $2, 'news', $3, 'sales-order', $4, 'sent', $5, $6, $2, "
            "now() - make_interval(days => $7), $8, $9)",
            place["tenant_id"],
            ids.new(),
            milestone,
            about,
            language,
            place["whose"],
            days,
            was,
            now,
        )
    token = link_texts.new(place["tenant_id"])
    await site.query(
        "INSERT INTO app.link (tenant_id, link_id, purpose, subject, recipient, occasion, token_hash, is_lasting, "
        "made_by, expires_at) VALUES ($1, $2, 'status', 'sales-order:' || $3, 'customer:' || encode($4, 'hex'), 'x', "
        "$5, true, 'run:x', now() + interval '1 day')",
        place["tenant_id"],
        ids.new(),
        about,
        place["whose"],
        hashlib.sha256(token.encode()).digest(),
    )
    return f"/status#{token}"


@pytest.mark.parametrize("size", [night(DESK), PHONE], ids=["desk", "phone"])
async def test_a_customer_sees_how_an_order_stands_without_an_account(
    browser: Browser, site: Site, size: tuple[int, int]
) -> None:
    kind, portal = ("desk", site.harbor) if size == DESK else ("phone", site.summit)
    path = await told(site, portal, f"{ORDER}-{kind}", "en" if size == DESK else "es-MX")
    async with person(browser, site, portal, size=size) as someone:
        page = someone.page
        await someone.open(path)
        words = (
            ("It is on its way", "Promised for", "Order")
            if size == DESK
            else ("Está en camino", "Prometido para", "Pedido")
        )
        await expect(page.get_by_role("heading", level=1)).to_have_text(f"{words[2]} {ORDER}-{kind}")
        await expect(page.get_by_role("status")).to_have_text(words[0])
        await expect(page.get_by_text(words[1]).first).to_be_visible()
        assert "#" not in page.url, "the text is not for the browser's history"
        await look(someone, f"status-{kind}")
        await page.reload()
        await expect(page.get_by_role("status")).to_have_text(words[0])


async def test_a_long_number_stays_on_the_page_and_a_link_that_is_over_says_so(browser: Browser, site: Site) -> None:
    path = await told(site, site.harbor, LONG[:200], "en")
    async with person(browser, site, site.harbor, size=PHONE) as someone:
        await someone.open(path)
        await expect(someone.page.get_by_role("status")).to_have_text("It is on its way")
        await look(someone, "status-long-phone")
    async with person(browser, site, site.harbor, size=PHONE) as someone:
        await someone.open("/status#0123")
        await expect(someone.page.get_by_role("alert")).to_contain_text("This link is over")
        await look(someone, "status-over-phone")
