"""Being let in, proving who one is, and acting as a client, on the pages."""

from __future__ import annotations

import re

from playwright.async_api import Browser, expect

from tests.portal.people import code_now, look, staff
from tests.portal.person import PHONE, person
from tests.portal.site import Site

NEW = "violet otter paints 7 bridges"


async def test_somebody_of_the_partner_acts_as_a_client_under_a_banner(browser: Browser, site: Site) -> None:
    boss = await staff(site, "hana@harbor.example")
    async with person(browser, site, boss) as someone:
        await someone.open()
        await someone.fill_in(boss.password)
        await someone.heading("Clients").wait_for()
        await someone.page.get_by_role("button", name=re.compile("^Act as Acme Wholesale")).first.click()
        await someone.page.get_by_label("Reason").fill("Ticket 4711: their orders wait")
        await look(someone, "acting-choice")
        await someone.page.locator("form").get_by_role("button", name=re.compile("^Act as")).click()
        await someone.heading().wait_for()
        banner = someone.page.get_by_role("complementary", name=re.compile("^You act as Acme Wholesale"))
        await expect(banner).to_contain_text("Ticket 4711")
        await look(someone, "acting-banner")
        await banner.get_by_role("button", name="Stop acting").click()
        await someone.heading("Clients").wait_for()


async def test_who_is_invited_chooses_a_password_and_enters(browser: Browser, site: Site) -> None:
    boss = await staff(site, "hugo@harbor.example")
    async with person(browser, site, boss) as someone:
        await someone.open()
        await someone.fill_in(boss.password)
        await someone.heading("Clients").wait_for()
        link = await someone.page.evaluate(
            """async () => {
              const roles = (await (await fetch("/v1/roles")).json()).items;
              const role = roles.find(one => one.slug === "viewer" && one.level === "partner").id;
              const body = JSON.stringify({ email: "nina@harbor.example", name: "Nina", roles: [role] });
              const headers = { "content-type": "application/json" };
              return (await (await fetch("/v1/invitations", { method: "POST", headers, body })).json()).link;
            }"""
        )
    async with person(browser, site, site.harbor, size=PHONE) as nina:
        await nina.open(f"/invitation#{link.partition('#')[2]}")
        await look(nina, "invitation")
        await nina.page.get_by_role("button", name="Continue").click()
        await nina.page.get_by_role("textbox", name="Choose a password").fill("password1234")
        await nina.page.get_by_role("button", name="Create account").click()
        await expect(nina.page.get_by_role("alert")).to_contain_text("Many people use that password")
        await look(nina, "invitation-weak")
        await nina.page.get_by_role("textbox", name="Choose a password").fill(NEW)
        await nina.page.get_by_role("button", name="Create account").click()
        await nina.heading("Clients").wait_for()


async def test_a_second_factor_is_set_up_and_asked_for(browser: Browser, site: Site) -> None:
    boss = await staff(site, "hedy@harbor.example")
    async with person(browser, site, boss) as someone:
        await someone.open("/account/second-factor")
        await someone.fill_in(boss.password)
        await someone.heading("Second factor").wait_for()
        await someone.page.get_by_role("button", name="Set up").click()
        secret = (await someone.page.locator("form code").inner_text()).replace(" ", "")
        await look(someone, "second-factor")
        await someone.page.get_by_label("Code").fill(code_now(secret, 0))
        await someone.page.get_by_role("button", name="Confirm").click()
        await expect(someone.page.get_by_role("listitem")).to_have_count(10)
        await someone.page.get_by_role("button", name="Sign in").click()
        await someone.fill_in(boss.password)
        await expect(someone.page.get_by_role("alert")).to_contain_text("Enter the code")
        await look(someone, "sign-in-code")
        await someone.page.get_by_label("Code").fill(code_now(secret, 1))
        await someone.page.get_by_role("button", name="Sign in").click()
        await someone.heading("Clients").wait_for()


async def test_S_96_the_page_of_clients_goes_on_to_the_last_one(browser: Browser, site: Site) -> None:
    boss = await staff(site, "hilde@harbor.example")
    async with person(browser, site, boss) as someone:
        await someone.open()
        await someone.fill_in(boss.password)
        await someone.heading("Clients").wait_for()
        await someone.page.get_by_role("listitem").first.wait_for()
        there = await someone.page.get_by_role("listitem").count()
        await someone.page.evaluate(
            """async count => {
              const headers = { "content-type": "application/json" };
              for (let number = 0; number < count; number += 1) {
                const body = JSON.stringify({ slug: `many-${number}`, name: `Many ${number}` });
                await fetch("/v1/clients", { method: "POST", headers, body });
              }
            }""",
            60,
        )
        try:
            await someone.open("/clients")
            await expect(someone.page.get_by_role("listitem")).to_have_count(50)
            await expect(someone.page.get_by_text("50 shown")).to_be_visible()
            await someone.page.get_by_role("button", name="Show more clients").click()
            await expect(someone.page.get_by_role("listitem")).to_have_count(60 + there)
            await expect(someone.page.get_by_text(f"{60 + there} clients")).to_be_visible()
            await expect(someone.page.get_by_role("button", name="Show more clients")).to_have_count(0)
            names = await someone.page.get_by_role("listitem").all_inner_texts()
            assert len(set(names)) == len(names)
            await someone.page.get_by_text(f"{60 + there} clients").scroll_into_view_if_needed()
            await look(someone, "people-clients-many")
        finally:
            # Others see the clients that they had.
            await site.query("UPDATE app.client SET status = 'disabled' WHERE slug LIKE 'many-%'")
