"""Passkeys on the pages, with a device that Chromium keeps in software (ADR 0045)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from playwright._impl._api_structures import SetCookieParam
from playwright.async_api import Browser, Locator, Route, expect

from services.cli.running import Portal
from services.portal.cookies import PASSKEY
from tests.portal.device import Device, device
from tests.portal.people import grow_old, look, staff
from tests.portal.person import Person, person
from tests.portal.site import Site

REFUSED = "opens nothing here"
CANCELLED = "No passkey was used"
ASK = "**/portal/passkey-session/ask"
ENTER = "**/portal/passkey-session"


@asynccontextmanager
async def owner(browser: Browser, site: Site, email: str, *, name: str = "") -> AsyncIterator[tuple[Person, Device]]:
    """Somebody on the page of their passkeys, with a device beside; of `name` they have one already."""
    boss = await staff(site, email)
    async with person(browser, site, boss) as someone:
        own = await device(someone.page)
        await someone.open("/account/passkeys")
        await someone.fill_in(boss.password)
        await someone.heading("Passkeys").wait_for()
        if name:
            await add(someone, name)
            await row(someone, name).wait_for()
        yield someone, own


async def begin(someone: Person, name: str) -> None:
    await someone.page.get_by_role("button", name="Add a passkey").click()
    await dialog(someone).get_by_role("textbox", name="Name").fill(name)


async def add(someone: Person, name: str) -> None:
    await begin(someone, name)
    await dialog(someone).get_by_role("button", name="Continue").click()


async def sign_out(someone: Person) -> None:
    await someone.page.get_by_role("button", name="Account").click()
    await someone.page.get_by_role("button", name="Sign out").click()
    await someone.page.get_by_role("button", name="Use a passkey").wait_for()


async def enter(someone: Person) -> None:
    await someone.page.get_by_role("button", name="Use a passkey").click()


def dialog(someone: Person) -> Locator:
    return someone.page.get_by_role("dialog")


def row(someone: Person, name: str) -> Locator:
    return someone.page.get_by_role("listitem").filter(has_text=name)


def alert(someone: Person) -> Locator:
    return someone.page.get_by_role("alert")


async def test_a_passkey_is_added_by_name_and_opens(browser: Browser, site: Site) -> None:
    async with owner(browser, site, "hilda@harbor.example") as (someone, own):
        await someone.page.get_by_role("heading", name="No passkeys yet").wait_for()
        button = someone.page.get_by_role("button", name="Add a passkey")
        await button.click()
        field = dialog(someone).get_by_role("textbox", name="Name")
        await expect(field).to_be_focused()
        await expect(field).to_have_value("Chrome on Linux")
        await field.fill(" ")
        await someone.page.keyboard.press("Enter")
        await expect(field).to_have_accessible_description(re.compile("Give it a name"))
        await field.fill("Desk by the window")
        await someone.page.keyboard.press("Enter")
        await expect(row(someone, "Desk by the window")).to_contain_text("Not used yet")
        await expect(someone.page.get_by_text("“Desk by the window” is added")).to_be_visible()
        await expect(button).to_be_focused()
        assert len(await own.passkeys()) == 1
        await sign_out(someone)
        await enter(someone)
        await someone.heading("Clients").wait_for()
        await someone.open("/account/passkeys")
        await expect(row(someone, "Desk by the window")).to_contain_text("Last used just now")


async def test_a_passkey_leads_to_where_the_person_wanted(browser: Browser, site: Site) -> None:
    async with owner(browser, site, "hope@harbor.example", name="Desk") as (someone, _):
        await sign_out(someone)
        await someone.open("/account/second-factor")
        await enter(someone)
        await someone.heading("Second factor").wait_for()


async def test_it_is_all_done_by_keys_in_another_language(browser: Browser, site: Site) -> None:
    boss = await staff(site, "hebe@harbor.example")
    async with person(browser, site, boss, language="es-MX") as someone:
        own = await device(someone.page)
        await someone.open("/account/passkeys")
        await someone.page.get_by_label("Correo").fill(boss.email)
        await someone.page.get_by_role("textbox", name="Contraseña").fill(boss.password)
        await someone.page.keyboard.press("Enter")
        await someone.heading("Llaves de acceso").wait_for()
        await someone.page.get_by_role("button", name="Añadir una llave de acceso").focus()
        await someone.page.keyboard.press("Enter")
        await expect(dialog(someone).get_by_role("textbox", name="Nombre")).to_have_value("Chrome en Linux")
        await look(someone, "passkey-name-es")
        await someone.page.keyboard.press("Enter")
        await row(someone, "Chrome en Linux").wait_for()
        assert len(await own.passkeys()) == 1
        await someone.page.get_by_role("button", name="Quitar Chrome en Linux").focus()
        await someone.page.keyboard.press("Enter")
        await expect(dialog(someone).get_by_role("button", name="Cancelar")).to_be_focused()
        await someone.page.keyboard.press("Escape")
        await expect(someone.page.get_by_role("button", name="Quitar Chrome en Linux")).to_be_focused()
        await someone.page.keyboard.press("Enter")
        await expect(dialog(someone).get_by_role("button", name="Cancelar")).to_be_focused()
        await someone.page.keyboard.press("Tab")
        await someone.page.keyboard.press("Enter")
        await expect(someone.page.get_by_role("status").first).to_contain_text("La llave de acceso se quitó")
        await someone.page.get_by_role("button", name="Usar una llave de acceso").focus()
        await someone.page.keyboard.press("Enter")
        await expect(alert(someone)).to_contain_text("no abre nada aquí")
        await look(someone, "sign-in-passkey-refused-es")


async def test_S_63_an_old_proof_is_asked_for_anew_by_password_and_by_passkey(browser: Browser, site: Site) -> None:
    async with owner(browser, site, "hera@harbor.example") as (someone, own):
        await grow_old(someone)
        await add(someone, "Desk")
        proof = someone.page.get_by_role("region", name="Prove that it is you")
        password = proof.get_by_role("textbox", name="Password")
        await expect(password).to_be_focused()
        assert not await own.passkeys()
        await password.fill("not the password")
        await someone.page.keyboard.press("Enter")
        await expect(password).to_have_accessible_description("That password is wrong. Try again.")
        await password.fill(someone.portal.password)
        await someone.page.keyboard.press("Enter")
        await row(someone, "Desk").wait_for()
        await grow_old(someone)
        await someone.page.get_by_role("button", name="Remove Desk").click()
        await dialog(someone).get_by_role("button", name="Remove passkey").click()
        await own.knows_its_person(yes=False)
        await proof.get_by_role("button", name="Use a passkey").click()
        await expect(alert(someone)).to_contain_text(CANCELLED)
        await own.knows_its_person(yes=True)
        await proof.get_by_role("button", name="Use a passkey").click()
        await expect(someone.page.get_by_role("status").first).to_contain_text("The passkey is removed")
        await enter(someone)
        await expect(alert(someone)).to_contain_text(REFUSED)


async def test_what_the_person_cancels_is_told_and_tried_again(browser: Browser, site: Site) -> None:
    async with owner(browser, site, "hettie@harbor.example") as (someone, own):
        await own.knows_its_person(yes=False)
        await add(someone, "Desk")
        await expect(alert(someone)).to_contain_text("No passkey was made")
        await look(someone, "passkey-cancelled")
        await own.knows_its_person(yes=True)
        await dialog(someone).get_by_role("button", name="Continue").click()
        await row(someone, "Desk").wait_for()
        await add(someone, "Desk again")
        await expect(alert(someone)).to_contain_text("has a passkey for your account already")
        await dialog(someone).get_by_role("button", name="Cancel").click()
        await sign_out(someone)
        await own.knows_its_person(yes=False)
        await enter(someone)
        await expect(alert(someone)).to_contain_text(CANCELLED)
        await own.knows_its_person(yes=True)
        await enter(someone)
        await someone.heading("Clients").wait_for()


async def test_whoever_leaves_while_the_device_is_asked_is_not_asked_on(browser: Browser, site: Site) -> None:
    async with owner(browser, site, "hester@harbor.example") as (someone, own):
        await own.is_touched(yes=False)
        await add(someone, "Desk")
        await expect(dialog(someone).get_by_role("status")).to_contain_text("Your browser asks you now")
        await look(someone, "passkey-asking")
        await someone.page.keyboard.press("Escape")
        await expect(dialog(someone)).to_have_count(0)
        await own.is_touched(yes=True)
        await add(someone, "Shelf")
        await row(someone, "Shelf").wait_for()
        assert len(await own.passkeys()) == 1


async def test_a_browser_without_passkeys_says_so_and_lists_them(browser: Browser, site: Site) -> None:
    async with owner(browser, site, "hulda@harbor.example", name="Desk") as (someone, _):
        await someone.page.add_init_script("delete window.PublicKeyCredential")
        await someone.open("/account/passkeys")
        await row(someone, "Desk").wait_for()
        await expect(someone.page.get_by_text("This browser cannot add passkeys here")).to_be_visible()
        await expect(someone.page.get_by_role("button", name="Add a passkey")).to_have_count(0)
        await look(someone, "passkeys-unsupported")
        await sign_out(someone)
        await enter(someone)
        await expect(alert(someone)).to_contain_text("This browser cannot use passkeys here")
        await someone.fill_in(someone.portal.password)
        await someone.heading("Clients").wait_for()


async def test_S_60_an_assertion_that_was_used_opens_nothing(browser: Browser, site: Site) -> None:
    """What was asked, what the device answered and the cookie of both, kept by a thief and sent once more."""
    async with owner(browser, site, "hanna@harbor.example", name="Desk") as (someone, _):
        await sign_out(someone)
        async with someone.page.expect_response(ASK) as asked, someone.page.expect_request(ENTER) as sent:
            await enter(someone)
        await someone.heading("Clients").wait_for()
        options, used = await (await asked.value).body(), await sent.value
        cookie = passkey_cookie(await used.all_headers())
        await sign_out(someone)

        async def ask(route: Route) -> None:
            await route.fulfill(status=201, body=options, content_type="application/json")

        async def replay(route: Route) -> None:
            await route.continue_(post_data=used.post_data)

        url = f"https://{someone.portal.host}/"
        own: SetCookieParam = {"name": PASSKEY, "value": cookie, "url": url, "secure": True, "httpOnly": True}
        await someone.page.context.add_cookies([own])
        await someone.page.route(ASK, ask)
        await someone.page.route(ENTER, replay)
        async with someone.page.expect_response(ENTER) as answered:
            await enter(someone)
        answer = await answered.value
        assert passkey_cookie(await answer.request.all_headers()) == cookie
        assert answer.status == 401
        await expect(alert(someone)).to_contain_text(REFUSED)
        await someone.page.unroute_all()
        await enter(someone)
        await someone.heading("Clients").wait_for()


def passkey_cookie(headers: Mapping[str, str]) -> str:
    found = re.search(rf"{PASSKEY}=([\w-]+)", headers["cookie"])
    assert found is not None
    return found[1]


async def test_S_07_another_hosts_passkey_opens_nothing_here(browser: Browser, site: Site) -> None:
    """The browser does not offer it here; a device that hands it over all the same is refused."""
    async with owner(browser, site, "helga@harbor.example", name="Desk") as (someone, own):
        (mine,) = await own.passkeys()
        elsewhere: Portal = site.summit
        await someone.page.goto(site.url(elsewhere, "/sign-in"))
        await enter(someone)
        await expect(alert(someone)).to_contain_text(CANCELLED)
        await own.put(mine, rpId=elsewhere.host)
        async with someone.page.expect_response(ENTER) as answered:
            await enter(someone)
        assert (await answered.value).status == 401
        await expect(alert(someone)).to_contain_text(REFUSED)
        await own.put(mine)
        await sign_out_at(someone, "/sign-in")
        await enter(someone)
        await someone.heading("Clients").wait_for()


async def sign_out_at(someone: Person, path: str) -> None:
    await someone.open("/")
    await sign_out(someone)
    await someone.open(path)


async def test_S_60_a_passkey_whose_counter_goes_back_was_copied(browser: Browser, site: Site) -> None:
    async with owner(browser, site, "hedwig@harbor.example", name="Desk") as (someone, own):
        await sign_out(someone)
        (copied,) = await own.passkeys()
        for _ in range(2):
            await enter(someone)
            await someone.heading("Clients").wait_for()
            await sign_out(someone)
        (mine,) = await own.passkeys()
        assert mine["signCount"] > copied["signCount"]
        await own.put(copied)
        async with someone.page.expect_response(ENTER) as answered:
            await enter(someone)
        assert (await answered.value).status == 401
        await expect(alert(someone)).to_contain_text(REFUSED)
        await own.put(mine)
        await enter(someone)
        await someone.heading("Clients").wait_for()
