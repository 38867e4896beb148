"""The page "a new client live in test in ten minutes", as it is pasted and clicked (ADR 0120).

Its commands in their order, and between them the portal's pages, by the words of their buttons.
"""

from __future__ import annotations

import asyncio
import re
import shlex
from pathlib import Path
from typing import Any, Final

import msgspec
from playwright.async_api import Browser, Locator, expect

from tests.faults.warm import WarmStarter
from tests.house.tree import ROOT
from tests.portal.people import look, staff
from tests.portal.person import DESK, PHONE, Person, person
from tests.portal.site import Site
from tests.portal.test_people_look import answers

PAGE: Final = (ROOT / "docs/partner/ten-minutes.md").read_text(encoding="utf-8")
OPERATOR: Final = (ROOT / "docs/operator/first-operator.md").read_text(encoding="utf-8")
BLOCK: Final = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FAILED: Final[dict[str, Any]] = {
    "template": "order-release", "version": "1.2.0", "digest": "0" * 64, "passed": 1, "failed": 1,
    "scenarios": [
        {"name": "the package", "passed": True, "wrong": []},
        {"name": "an order above the floor is released", "passed": False,
         "wrong": ["/output/released: true was expected, false came", "/holds: none was expected, and margin came"]},
    ],
}  # fmt: skip


class Shell:
    """Runs the page's commands one after the other, in a folder of their own."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self.folder = site, folder
        text = PAGE.replace("=URL", f"={site.erp_url}").replace("HOME/", f"{site.home}/")
        text = text.replace("docs/examples", f"{ROOT}/docs/examples")
        lines = [line for block in BLOCK.findall(text) for line in block.replace("\\\n", " ").splitlines()]
        self.commands = [line for line in lines if line.startswith("waybill ")]
        self.key = (site.home / "secrets" / "partner-key").read_text(encoding="ascii").strip()

    async def run(self, beginning: str, *, instead: tuple[str, str] = ("", "")) -> str:
        """What the page's one command of this beginning prints; `instead`: a word of it by another."""
        (command,) = [one for one in self.commands if one.startswith(f"waybill {beginning}")]
        return await self._done(command.replace(*instead))

    async def handed_over(self) -> None:
        """The operator gives the partner what makes keys of shops, once, as its page says."""
        blocks = [one.replace("\\\n", " ").splitlines() for one in BLOCK.findall(OPERATOR)]
        (command,) = [line for block in blocks for line in block if "harbor-shops.key" in line]
        command = command.replace("--partner harbor ", f"--partner {self.site.harbor.partner_slug} ")
        await self._done(command.replace("operator.key", f"{self.site.home}/secrets/operator-key"))

    async def _done(self, command: str) -> str:
        words = ["services.cli.main", *shlex.split(command)[1:]]
        given = {"WAYBILL_API_URL": self.site.api_url, "WAYBILL_API_KEY": self.key}
        environment = self.site.environment() | given
        done = await asyncio.to_thread(WarmStarter.get().run, words, environment, cwd=self.folder)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return str(done.stdout)


def named(words: str) -> str:
    """What is clicked is what the page says."""
    assert f"**{words}**" in PAGE, words
    return words


async def seen(someone: Person, name: str) -> None:
    """On a phone and at a desk."""
    for size, kind in ((PHONE, "phone"), (DESK, "desk")):
        await someone.page.set_viewport_size({"width": size[0], "height": size[1]})
        await someone.shoot(f"{name}-{kind}-whole", whole=True)
        if kind == "phone":
            assert not await someone.flaws(), name
            assert await someone.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    await look(someone, name)


async def test_a_new_client_is_live_in_test(browser: Browser, site: Site, tmp_path: Path) -> None:
    shell = Shell(site, tmp_path)
    await shell.run("client create")
    await shell.run("connection create")
    assert "amber" in await shell.run("readiness")
    first = await staff(site, "lena@harbor.example", name="Lena Library")
    second = await staff(site, "sven@harbor.example", name="Sven Second")
    async with person(browser, site, first) as someone:
        await someone.open()
        await someone.fill_in(first.password)
        await someone.heading("Clients").wait_for()
        await chosen(someone)
        await rehearsed(someone)
        await filled_in(someone)
        await deployed(someone)
        await shell.handed_over()
        await shell.run("key create")
        sent = await shell.run("send")
        assert "✓ create-sale" in sent, sent
        assert sent.rstrip().endswith("completed"), sent
        assert "completed  PO-10045" in await shell.run("run list")
        await shell.run("connection create", instead=("--environment test", "--environment live"))
        promotion = await proposed(someone)
    async with person(browser, site, second) as someone:
        await someone.sign_in(promotion, heading="Run order-release here?")
        await approved(someone)


async def chosen(someone: Person) -> None:
    page = someone.page
    await page.get_by_role("link", name=named("Example Parts")).click()
    await page.get_by_role("heading", name="Nothing runs here yet").wait_for()
    await page.get_by_role("link", name="Readiness").click()
    await someone.heading("Readiness").wait_for()
    await expect(page.get_by_role("region", name="Order release 1.2.0")).to_contain_text("Look first")
    await page.go_back()
    await page.get_by_role("link", name=named("Deploy a template")).click()
    await someone.heading("Library").wait_for()
    await page.get_by_role("link", name=named("Order release")).wait_for()
    await seen(someone, "library")
    await page.get_by_role("link", name="Order release").click()
    await someone.heading("Order release").wait_for()
    for words in ("Set up in about 30 minutes", "erp.sales-orders.create", "Pricing desk", "What may go another way"):
        await expect(page.get_by_role("main")).to_contain_text(words)
    await expect(page.get_by_role("region", name="How it works")).to_contain_text("An order arrives once")
    await seen(someone, "library-template")


async def rehearsed(someone: Person) -> None:
    """Of the version with the fewest scenarios."""
    page = someone.page
    await page.get_by_label("Version", exact=True).select_option("1.0.0")
    await expect(page.get_by_text("Set up in about")).to_have_count(0)
    there = page.get_by_role("region", name="Rehearsal")
    await there.get_by_role("button", name=named("Rehearse")).click()
    await expect(there.get_by_role("status")).to_contain_text("scenarios passed")
    await expect(there.get_by_role("status")).to_contain_text("the package")
    await page.get_by_label("Version", exact=True).select_option("1.2.0")
    await page.get_by_text("Set up in about").wait_for()


def systems(someone: Person) -> Locator:
    return someone.page.get_by_role("region", name=named("Systems"))


async def filled_in(someone: Person) -> None:
    """What the server refuses stands at its field; what a rehearsal finds stands below."""
    page = someone.page
    await page.get_by_role("link", name=named("Deploy to a client")).click()
    await someone.heading("Deploy Order release 1.2.0").wait_for()
    # The way through the library has kept whom it is for.
    await expect(page.get_by_label("Client", exact=True)).to_have_value("example-parts")
    await expect(page.get_by_label("Environment", exact=True)).to_have_value("test")
    await expect(systems(someone)).to_contain_text("its connector is proven against a simulator alone")
    # Units are those of the schema.
    for words in ("Credit tolerance (%)", "Days of grace (days)", "Warn of a delay before (hours of business time)"):
        await expect(page.get_by_label(words, exact=True)).to_be_visible()
    await page.get_by_label("Amount", exact=True).fill("12,500")
    await page.get_by_label("Currency", exact=True).fill("USD")
    await page.get_by_label("Decide within").fill("soon")
    await page.get_by_role("button", name=named("Deploy to Test")).click()
    await expect(page.get_by_label("Decide within")).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_text("It was not deployed.")).to_be_visible()
    await seen(someone, "library-deploy-refused")
    await page.get_by_label("Decide within").fill("PT3H")
    await answers(someone, "**/rehearsals", FAILED)
    await page.get_by_role("button", name=named("Rehearse with these values")).click()
    report = page.get_by_role("region", name=named("Parameters")).get_by_role("status")
    await expect(report).to_contain_text("1 of 2 scenarios did not pass")
    await expect(report).to_contain_text("margin came")
    await seen(someone, "library-rehearsed")


async def deployed(someone: Person) -> None:
    page = someone.page
    await systems(someone).get_by_role("combobox", name="ERP").select_option("")
    await expect(systems(someone)).to_contain_text("Not ready")
    await page.get_by_role("button", name="Deploy to Test").click()
    await expect(page.get_by_text("connection `erp` is not bound")).to_be_visible()
    await systems(someone).get_by_role("combobox", name="ERP").select_option(index=1)
    await page.get_by_role("button", name="Deploy to Test").click()
    await someone.heading("order-release").wait_for()
    await expect(page.get_by_text("$12,500.00")).to_be_visible()
    await expect(page.get_by_role("region", name="Bill of materials")).to_contain_text("erp-simulator")
    await seen(someone, "library-deployed")


async def proposed(someone: Person) -> str:
    """The path of the proposal's page."""
    page = someone.page
    await page.get_by_role("button", name=named("Propose for live")).click()
    await page.get_by_label("Why, for who decides").fill("Tried for a week, with the orders of two shops.")
    await look(someone, "library-propose")
    await page.locator("form").get_by_role("button", name="Propose for live").click()
    await someone.heading("Run order-release here?").wait_for()
    await expect(page.get_by_text("A second person has to approve this")).to_be_visible()
    await expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    path: str = await page.evaluate("location.pathname")
    assert path.startswith("/clients/example-parts/live/promotions/prm_"), path
    return path


async def approved(someone: Person) -> None:
    """And rolled back, once there is something to go back to."""
    page, site = someone.page, someone.site
    await page.get_by_role("button", name=named("Approve")).click()
    await page.get_by_label("Reason").fill("As we said on Monday")
    await page.locator("form").get_by_role("button", name="Approve").click()
    await page.get_by_role("link", name="Revision 1").click()
    await someone.heading("order-release").wait_for()
    await expect(page.get_by_role("button", name="Propose for live")).to_have_count(0)
    deployment = (await page.evaluate("location.pathname")).rpartition("/")[2]
    key = (site.home / "secrets" / "partner-key").read_text(encoding="ascii").strip()
    at = f"/v1/clients/example-parts/live/deployments/{deployment}"
    answer = await site.request("PATCH", at, {"parameters": {"allow_backorder": True}}, key=key)
    assert msgspec.json.decode(answer.body)["revision"] == 2, answer.body
    await page.reload()
    await page.get_by_role("button", name=f"{named('Roll back')} to revision 1").click()
    await page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    await expect(page.get_by_text("Revision 3").first).to_be_visible()
    await page.get_by_role("link", name=named("Deployments"), exact=True).first.click()
    await page.get_by_role("link", name="order-release", exact=True).wait_for()
    await seen(someone, "library-client-live")
