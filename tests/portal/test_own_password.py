"""Another password on the pages: why one is refused, what it ends, and whom it asks again (S-63, S-65)."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.portal.people import code_now, grow_old, look
from tests.portal.person import DESK, PHONE, Person, person
from tests.portal.site import Site
from tests.portal.test_people_look import boss_of, press, screens

NEW = "violet otter paints 7 bridges"
WEAK = {
    "short": "Use at least 12 characters",
    "password1234": "Many people use that password",
    "qwertyuiop[]": "follows the keys",
    "abcdefghijklmnop": "counts up or down",
}


async def fill(someone: Person, old: str, new: str) -> None:
    await someone.page.get_by_role("textbox", name="Password until now").fill(old)
    await someone.page.get_by_role("textbox", name="New password").fill(new)
    await press(someone, "Change password")


@screens
async def test_S_63_another_password_ends_every_session_and_opens_from_then_on(
    browser: Browser, site: Site, brand: str, size: tuple[int, int]
) -> None:
    boss, kind = await boss_of(site, brand, "word"), f"{brand}-{'desk' if size == DESK else 'phone'}"
    async with person(browser, site, boss) as other, person(browser, site, boss, size=size) as someone:
        await other.open()
        await other.fill_in(boss.password)
        await other.heading("Clients").wait_for()
        await someone.open("/account/password")
        await someone.fill_in(boss.password)
        await someone.heading("Password").wait_for()
        field = someone.page.get_by_role("textbox", name="Password until now")
        await expect(field).to_be_focused()
        await look(someone, f"people-password-{kind}")
        await fill(someone, boss.password, "password1234")
        await expect(someone.page.get_by_role("alert")).to_contain_text("Many people use that password")
        await look(someone, f"people-password-weak-{kind}")
        await fill(someone, "not that one at all", NEW)
        await expect(someone.page.get_by_role("alert")).to_contain_text("That password is wrong")
        await look(someone, f"people-password-wrong-{kind}")
        await fill(someone, boss.password, NEW)
        await someone.page.get_by_text("Your password is changed").wait_for()
        await look(someone, f"people-password-changed-{kind}")
        await other.open()
        await other.page.get_by_role("button", name="Sign in", exact=True).wait_for()
        await someone.fill_in(boss.password)
        await expect(someone.page.get_by_role("alert")).to_contain_text("do not match")
        await someone.fill_in(NEW)
        await someone.heading("Clients").wait_for()


async def test_S_65_a_weak_one_is_told_why(browser: Browser, site: Site) -> None:
    boss = await boss_of(site, "harbor", "weak")
    async with person(browser, site, boss) as someone:
        await someone.open("/account/password")
        await someone.fill_in(boss.password)
        for password, why in {**WEAK, boss.email: "tried first"}.items():
            await fill(someone, boss.password, password)
            await expect(someone.page.get_by_role("alert")).to_contain_text(why)


async def test_S_63_the_old_password_is_the_proof_and_is_asked_once(browser: Browser, site: Site) -> None:
    boss = await boss_of(site, "harbor", "once")
    async with person(browser, site, boss, size=PHONE) as someone:
        await someone.open("/account/password")
        await someone.fill_in(boss.password)
        await someone.heading("Password").wait_for()
        await grow_old(someone)
        await fill(someone, "not that one at all", NEW)
        await expect(someone.page.get_by_role("alert")).to_contain_text("That password is wrong")
        await fill(someone, boss.password, NEW)
        await someone.page.get_by_text("Your password is changed").wait_for()


async def test_S_63_who_has_a_second_factor_is_asked_for_it_where_the_proof_is_old(
    browser: Browser, site: Site
) -> None:
    boss = await boss_of(site, "harbor", "both")
    async with person(browser, site, boss) as someone:
        await someone.open("/account/second-factor")
        await someone.fill_in(boss.password)
        await press(someone, "Set up")
        secret = (await someone.page.locator("form code").inner_text()).replace(" ", "")
        await someone.page.get_by_label("Code").fill(code_now(secret, 0))
        await press(someone, "Confirm")
        await expect(someone.page.get_by_role("listitem")).to_have_count(10)
        recovery = await someone.page.get_by_role("listitem").all_inner_texts()
        await someone.open("/account/password")
        await someone.fill_in(boss.password)
        await someone.page.get_by_label("Code").fill(recovery[0])
        await press(someone, "Sign in")
        await someone.heading("Password").wait_for()
        await grow_old(someone)
        await fill(someone, boss.password, NEW)
        proof = someone.page.get_by_role("region", name="Prove that it is you")
        await proof.get_by_role("textbox", name="Password").fill(boss.password)
        await proof.get_by_role("button", name="Continue").click()
        await proof.get_by_label("Code").fill(recovery[1])
        await proof.get_by_role("button", name="Continue").click()
        await someone.page.get_by_text("Your password is changed").wait_for()


@pytest.mark.parametrize("language", ["en-US", "es-ES"])
async def test_the_way_there_is_under_the_persons_name(browser: Browser, site: Site, language: str) -> None:
    boss = await boss_of(site, "harbor", f"way-{language[:2]}")
    word = "Password" if language == "en-US" else "Contraseña"
    async with person(browser, site, boss, language=language) as someone:
        await someone.open("/clients")
        await someone.page.get_by_role("textbox").first.fill(boss.email)
        await someone.page.get_by_role("textbox", name=word).fill(boss.password)
        await someone.page.keyboard.press("Enter")
        await someone.page.get_by_role("button", name="Hana Boss").click()
        await someone.page.get_by_role("link", name=word, exact=True).click()
        await someone.heading(word).wait_for()
