"""Proving at a real OpenID provider who one is, in the middle of something: it goes on afterwards (S-63, ADR 0044)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Route, expect

from tests.counterparts.oidc_provider import serving
from tests.marks import night
from tests.portal.device import device
from tests.portal.people import grow_old, look, staff
from tests.portal.person import DESK, PHONE, Person, person
from tests.portal.site import Site

_ADD = """async ([issuer, secret]) => {
  const roles = (await (await fetch("/v1/roles")).json()).items;
  const role = roles.find(one => one.slug === "administrator" && one.level === "partner").id;
  const given = { name: "Harbor staff", issuer, client_id: "portal", client_secret: secret, newcomers: role };
  const body = JSON.stringify(given);
  const headers = { "content-type": "application/json" };
  const answer = await fetch("/v1/identity-providers", { method: "POST", headers, body });
  return (await answer.json()).return_path;
}"""


async def _stay_here(route: Route) -> None:
    """The provider's pages for tests want a font of somebody else's."""
    if re.match(r"https?://(127\.0\.0\.1|[a-z]+\.localhost)[:/]", route.request.url):
        await route.fallback()
    else:
        await route.abort()


@asynccontextmanager
async def alice(browser: Browser, site: Site, size: tuple[int, int]) -> AsyncIterator[Person]:
    """Somebody who came by harbor's provider, and has no password."""
    with serving.provider(serving.programs()) as provider:
        boss = await staff(site, f"idp-{provider.issuer.rpartition(':')[2]}@harbor.example")
        async with person(browser, site, boss) as keeper:
            await keeper.open()
            await keeper.fill_in(boss.password)
            await keeper.heading("Clients").wait_for()
            path = await keeper.page.evaluate(_ADD, [provider.issuer, serving.SECRET])
        provider.begin([site.url(site.harbor, path)])
        async with person(browser, site, site.harbor, size=size) as someone:
            await someone.page.route("**/*", _stay_here)
            await someone.open()
            await someone.page.get_by_role("button", name="Sign in with Harbor staff").click()
            await at_provider(someone)
            await someone.heading("Clients").wait_for()
            yield someone
    # Nobody else is shown its button.
    await site.query("UPDATE app.identity_provider SET status = 'disabled'")


async def at_provider(someone: Person) -> None:
    """Signs in there as alice, and consents where she is asked."""
    await someone.page.locator("input[name=login]").fill("alice")
    await someone.page.locator("input[name=password]").fill("any")
    await someone.page.locator("button[type=submit]").click()
    back = re.compile(r"^http://harbor\.localhost")
    await someone.page.wait_for_url(lambda url: bool(back.match(url)) or "/interaction/" in url)
    for _ in range(3):
        if back.match(someone.page.url):
            return
        async with someone.page.expect_navigation():
            await someone.page.locator("button[type=submit]").click()


async def prove(someone: Person) -> None:
    proof = someone.page.get_by_role("region", name="Prove that it is you")
    await proof.get_by_role("button", name="Prove it at Harbor staff").click()
    await at_provider(someone)


@pytest.mark.parametrize("size", [pytest.param(PHONE, id="phone")])
async def test_S_63_what_was_to_be_done_goes_on_after_a_proof_at_the_provider(
    browser: Browser, site: Site, size: tuple[int, int]
) -> None:
    async with alice(browser, site, size) as someone:
        await grow_old(someone)
        await someone.page.get_by_role("button", name=re.compile("^Act as Acme")).first.click()
        await someone.page.get_by_label("Reason").fill("Ticket 4711: their orders wait")
        await someone.page.get_by_label("For how long").select_option("15")
        await someone.page.locator("form").get_by_role("button", name="Act as client").click()
        await someone.page.get_by_role("button", name="Prove it at Harbor staff").wait_for()
        await look(someone, "people-proof-at-provider-phone")
        await prove(someone)
        banner = someone.page.get_by_role("complementary", name=re.compile("^You act as Acme"))
        await expect(banner).to_contain_text("Ticket 4711")
        assert await someone.page.evaluate("sessionStorage.getItem('act')") is None
        await banner.get_by_role("button", name="Stop acting").click()
        await someone.heading("Clients").wait_for()

        await grow_old(someone)
        await someone.open("/account/second-factor")
        await someone.page.get_by_role("button", name="Set up").click()
        await prove(someone)
        await someone.page.get_by_role("img", name="The key as a picture").wait_for()
        # It was done once: whoever loads the page again begins anew.
        assert "resume" not in someone.page.url
        await someone.page.reload()
        await someone.page.get_by_role("button", name="Set up").wait_for()

        await grow_old(someone)
        await device(someone.page)
        await someone.open("/account/passkeys")
        await someone.page.get_by_role("button", name="Add a passkey").click()
        await someone.page.get_by_role("textbox", name="Name").fill("Tablet of the yard")
        await someone.page.get_by_role("dialog").get_by_role("button", name="Continue").click()
        await prove(someone)
        await expect(someone.page.get_by_role("textbox", name="Name")).to_have_value("Tablet of the yard")
        await someone.page.get_by_role("dialog").get_by_role("button", name="Continue").click()
        await someone.page.get_by_role("listitem").filter(has_text="Tablet of the yard").wait_for()

        await grow_old(someone)
        await someone.page.get_by_role("button", name="Remove Tablet of the yard").click()
        await someone.page.get_by_role("button", name="Remove passkey").click()
        await prove(someone)
        await someone.page.get_by_text("The passkey is removed").wait_for()


async def cancel(someone: Person, *, late: bool = False) -> None:
    """Leaves to prove it, and says no there; `late`: after eleven minutes."""
    proof = someone.page.get_by_role("region", name="Prove that it is you")
    await proof.get_by_role("button", name="Prove it at Harbor staff").click()
    no = someone.page.get_by_role("link", name="Cancel")
    if late:
        await no.wait_for()
        await someone.site.query("UPDATE app.sign_in_flow SET expires_at = expires_at - interval '11 minutes'")
    await no.click()
    await someone.page.wait_for_url(re.compile(r"^http://harbor\.localhost"))


@pytest.mark.parametrize("size", [PHONE, night(DESK)], ids=["phone", "desk"])
async def test_S_63_a_proof_that_fails_comes_back_to_the_page_with_what_was_said(
    browser: Browser, site: Site, size: tuple[int, int]
) -> None:
    name = "phone" if size == PHONE else "desk"
    async with alice(browser, site, size) as someone:
        told = someone.page.get_by_role("alert").filter(has_text="did not confirm that it is you")
        await grow_old(someone)
        await someone.page.get_by_role("button", name=re.compile("^Act as Acme")).first.click()
        await someone.page.get_by_label("Reason").fill("Ticket 4711: their orders wait")
        await someone.page.locator("form").get_by_role("button", name="Act as client").click()
        await cancel(someone)
        await told.wait_for()
        await expect(someone.page.get_by_label("Reason")).to_have_value("Ticket 4711: their orders wait")
        assert "failed" not in someone.page.url
        await look(someone, f"people-proof-failed-acting-{name}")
        # A second try that succeeds goes on.
        await someone.page.locator("form").get_by_role("button", name="Act as client").click()
        await prove(someone)
        await someone.page.get_by_role("complementary", name=re.compile("^You act as Acme")).wait_for()
        await someone.page.get_by_role("button", name="Stop acting").click()
        await someone.heading("Clients").wait_for()

        await grow_old(someone)
        await someone.open("/account/second-factor")
        await someone.page.get_by_role("button", name="Set up").click()
        await cancel(someone)
        await told.wait_for()
        await someone.page.get_by_role("button", name="Set up").wait_for()
        await look(someone, f"people-proof-failed-factor-{name}")

        await device(someone.page)
        await someone.open("/account/passkeys")
        await someone.page.get_by_role("button", name="Add a passkey").click()
        await someone.page.get_by_role("textbox", name="Name").fill("Tablet of the yard")
        await someone.page.get_by_role("dialog").get_by_role("button", name="Continue").click()
        await cancel(someone)
        await told.wait_for()
        await expect(someone.page.get_by_role("textbox", name="Name")).to_have_value("Tablet of the yard")
        await look(someone, f"people-proof-failed-passkey-{name}")
        await someone.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        await someone.page.get_by_role("button", name="Add a passkey").click()
        await expect(told).to_have_count(0)

        await someone.open("/account/second-factor")
        await someone.page.get_by_role("button", name="Set up").click()
        await cancel(someone, late=True)
        await someone.heading("You are signed in").wait_for()
        await look(someone, f"people-proof-late-{name}")
        await someone.page.get_by_role("link", name="Go on").click()
        await someone.heading("Clients").wait_for()


@pytest.mark.parametrize("size", [pytest.param(PHONE, id="phone")])
async def test_S_63_an_act_of_another_account_or_without_its_id_is_not_gone_on_with(
    browser: Browser, site: Site, size: tuple[int, int]
) -> None:
    async with alice(browser, site, size) as someone:
        kept = """([account, until]) => sessionStorage.setItem("act", JSON.stringify(
          { id: "one", account, until, act: { kind: "set-up-factor" } }))"""
        own = await someone.page.evaluate("async () => (await (await fetch('/portal/session')).json()).account.id")
        later = 4_000_000_000_000
        for account, until, address in (
            ("acc_of_somebody_else", later, "/account/second-factor?resume=one"),
            (own, 1, "/account/second-factor?resume=one"),
            (own, later, "/account/second-factor?resume=two"),
            (own, later, "/account/second-factor"),
        ):
            await someone.page.evaluate(kept, [account, until])
            await someone.open(address)
            await someone.page.get_by_role("button", name="Set up").wait_for()
            await expect(someone.page.get_by_role("img", name="The key as a picture")).to_have_count(0)
        await someone.page.evaluate(kept, [own, later])
        await someone.open("/account/second-factor?resume=one")
        await someone.page.get_by_role("img", name="The key as a picture").wait_for()


async def test_who_came_by_a_provider_is_told_that_there_is_no_password(browser: Browser, site: Site) -> None:
    async with alice(browser, site, PHONE) as someone:
        await someone.open("/account/password")
        await someone.page.get_by_text("your account has no password here").wait_for()
        await look(someone, "people-password-none-phone")
