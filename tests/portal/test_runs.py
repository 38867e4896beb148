"""The list of runs: live, filtered by its address, walked by keys."""

from __future__ import annotations

import asyncio
import re
from typing import Final

from playwright.async_api import Browser, expect

from tests.patience import PATIENCE, Pauses
from tests.portal.person import Person, person
from tests.portal.site import Site

_FURTHER: Final = 200


async def test_the_list_is_empty_at_first_and_says_what_to_do(browser: Browser, site: Site) -> None:
    """In the client's environment for development, which nobody mistakes for the live one."""
    await _move_to(site, "dev")
    try:
        async with person(browser, site, site.summit) as someone:
            await someone.sign_in()
            await expect(someone.page.get_by_role("heading", name="No runs yet")).to_be_visible()
            await expect(someone.page.get_by_role("banner").get_by_text("Development", exact=True)).to_be_visible()
            await someone.shoot("runs-empty")
            assert not await someone.flaws()
    finally:
        await _move_to(site, "test")


_SIGN_OUT = """DELETE FROM app.{table} s USING app.account a
  WHERE a.account_id = s.account_id AND a.email = 'demo@summit.example'"""
_MOVE = """UPDATE app.account a SET tenant_id = t.tenant_id FROM app.tenant t, app.tenant mine
  WHERE mine.tenant_id = a.tenant_id AND t.client_id = mine.client_id AND a.email = 'demo@summit.example'
  AND t.environment = """


async def _move_to(site: Site, environment: str) -> None:
    """The person at the second partner, into another environment of its client; their sessions end."""
    for table in ("portal_session", "known_device"):
        await site.query(_SIGN_OUT.format(table=table))
    await site.query(_MOVE + f"'{environment}'")


async def test_a_run_appears_and_completes_without_a_reload(browser: Browser, site: Site) -> None:
    async with person(browser, site, site.harbor) as someone:
        await someone.sign_in()
        await expect(someone.page.get_by_text("Up to date")).to_be_visible()
        await site.send("live-1")
        await someone.see("PO-live-1", "Completed")


async def scrolled(someone: Person) -> None:
    """The page stands further down. Asked from outside: its policy lets no text become code in it."""
    looks = Pauses()
    async with asyncio.timeout(PATIENCE):
        while await someone.page.evaluate("scrollY") <= _FURTHER:
            await looks.pause()


async def test_what_arrives_while_the_reader_is_further_down_waits_behind_a_pill(browser: Browser, site: Site) -> None:
    for number in range(24):
        await site.send(f"pill-{number}")
    async with person(browser, site, site.harbor, size=(1440, 500)) as someone:
        await someone.sign_in()
        await someone.see("PO-pill-23", "Completed")
        await someone.page.mouse.wheel(0, 400)
        await scrolled(someone)
        await site.send("pill-new-1")
        await site.send("pill-new-2")
        pill = someone.page.get_by_role("button", name="2 new")
        await expect(pill).to_be_visible()
        await expect(someone.row("PO-pill-new-2")).to_have_count(0)
        await someone.shoot("runs-new")
        await pill.click()
        await someone.see("PO-pill-new-2", "Completed")


async def test_filters_stand_in_the_address(browser: Browser, site: Site) -> None:
    await site.send("filter-1")
    await site.send("filter-2")
    async with person(browser, site, site.harbor) as someone:
        await someone.sign_in()
        await someone.see("PO-filter-2", "Completed")
        await someone.page.get_by_role("link", name="Completed").click()
        await expect(someone.page).to_have_url(re.compile(r"state=completed"))
        await someone.page.get_by_role("searchbox").fill("filter-1")
        await expect(someone.page).to_have_url(re.compile(r"key=filter-1"))
        await expect(someone.row("PO-filter-2")).to_have_count(0)
        await expect(someone.row("PO-filter-1")).to_be_visible()
        await someone.page.reload()
        await expect(someone.row("PO-filter-1")).to_be_visible()
        await someone.page.get_by_role("searchbox").fill("there is none of this number")
        await expect(someone.page.get_by_role("heading", name="No run matches")).to_be_visible()
        words = someone.page.get_by_text("there is none of this number")
        await expect(words).to_contain_text("with the state “Completed”")
        await someone.shoot("runs-no-match")
        await someone.page.get_by_role("button", name="Clear filter").click()
        await expect(someone.row("PO-filter-2")).to_be_visible()


async def test_a_state_that_there_is_not_leaves_the_address(browser: Browser, site: Site) -> None:
    async with person(browser, site, site.harbor) as someone:
        await someone.sign_in("/runs?state=bogus&key=none")
        await expect(someone.page).to_have_url(re.compile(r"/runs\?key=none$"))


async def test_the_keyboard_alone_finds_opens_and_leaves_a_run(browser: Browser, site: Site) -> None:
    await site.send("keys-1")
    await site.send("keys-2")
    async with person(browser, site, site.harbor) as someone:
        await someone.sign_in()
        await someone.see("PO-keys-2", "Completed")
        press = someone.page.keyboard.press
        await press("?")
        await expect(someone.page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
        await someone.shoot("help")
        await press("Escape")
        await expect(someone.page.get_by_role("dialog")).to_have_count(0)
        await press("j")
        await press("j")
        await expect(someone.page.get_by_role("link", name="PO-keys-1")).to_be_focused()
        await someone.shoot("runs-focus")
        await press("k")
        await press("Enter")
        await someone.heading("PO-keys-2").wait_for()
        await someone.page.get_by_role("region", name="Journal").get_by_role("button").first.wait_for()
        await press("j")
        await press("Enter")
        await expect(someone.page.get_by_role("complementary")).to_be_visible()
        await press("Escape")
        await expect(someone.page.get_by_role("complementary")).to_have_count(0)
        await press("Escape")
        await someone.heading().wait_for()
        await press("/")
        await expect(someone.page.get_by_role("searchbox")).to_be_focused()


async def test_single_keys_can_be_turned_off_and_stay_off(browser: Browser, site: Site) -> None:
    """WCAG 2.1.4: who speaks to the machine may say a letter by chance. What is no single letter goes on."""
    await site.send("silent-1")
    async with person(browser, site, site.harbor) as someone:
        await someone.sign_in()
        await someone.see("PO-silent-1", "Completed")
        await someone.page.get_by_role("button", name="Account").click()
        switch = someone.page.get_by_role("group", name="Single-key shortcuts")
        await switch.get_by_role("button", name="Off").click()
        await someone.shoot("account-keys")
        assert not await someone.flaws()
        await someone.page.reload()
        await someone.see("PO-silent-1", "Completed")
        for key in ("j", "/", "?"):
            await someone.page.keyboard.press(key)
        await expect(someone.page.locator("body")).to_be_focused()
        await expect(someone.page.get_by_role("dialog")).to_have_count(0)
        await someone.page.keyboard.press("ArrowDown")
        await expect(someone.page.locator("[data-row]").first).to_be_focused()


async def test_held_orders_are_listed_by_themselves(browser: Browser, site: Site) -> None:
    await site.send("desk-held", customer="NOBODY-404")
    await site.send("desk-released")
    async with person(browser, site, site.harbor) as someone:
        await someone.sign_in()
        await someone.see("PO-desk-held", "Held")
        await someone.see("PO-desk-released", "Completed")
        await someone.page.get_by_role("navigation", name="State").get_by_role("link", name="Held").click()
        await expect(someone.page).to_have_url(re.compile(r"state=held"))
        await expect(someone.row("PO-desk-released")).to_have_count(0)
        await expect(someone.row("PO-desk-held")).to_be_visible()
        await site.send("desk-held-live", customer="NOBODY-404")
        await someone.see("PO-desk-held-live", "Held")
        await someone.shoot("runs-held-filter")


async def test_the_pill_counts_only_what_the_shown_list_will_have(browser: Browser, site: Site) -> None:
    for number in range(24):
        await site.send(f"quiet-{number}", customer="NOBODY-404")
    async with person(browser, site, site.harbor, size=(1440, 500)) as someone:
        await someone.sign_in()
        await someone.see("PO-quiet-23", "Held")
        await someone.page.get_by_role("navigation", name="State").get_by_role("link", name="Held").click()
        await expect(someone.page).to_have_url(re.compile(r"state=held"))
        await someone.see("PO-quiet-23", "Held")
        await someone.page.mouse.wheel(0, 400)
        await scrolled(someone)
        await site.send("quiet-released")
        await site.send("quiet-new", customer="NOBODY-404")
        await expect(someone.page.get_by_role("button", name=re.compile(r"^\d+ new$"))).to_have_text("1 new")
