"""Somebody before a screen: a page of the browser with what these tests ask of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from playwright.async_api import Browser, ConsoleMessage, Error, Locator, Page, expect

from services.cli.running import Portal
from tests.house.tree import ROOT
from tests.patience import PATIENCE
from tests.portal.site import Site

Scheme = Literal["light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
DESK: Final = (1440, 900)
PHONE: Final = (390, 844)
SCREENSHOTS: Final = ROOT / "tests/portal/screenshots"
_AXE: Final = ROOT / "services/portal/web/node_modules/axe-core/axe.min.js"
# A refused request is an answer like any other to the page, and an error to the browser's log.
_ANSWERED: Final = re.compile(r"Failed to load resource|net::ERR_")
# Without preload: it asks the server for style sheets again, also in tests where there is no server.
_RULES: Final = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html.slice(0, 160)).join(" | ")}`);
}"""
expect.set_options(timeout=PATIENCE * 1_000)


class Person:
    """At a partner's portal. `complaints` gathers what the browser's console says of errors and of the policy."""

    def __init__(self, page: Page, site: Site, portal: Portal) -> None:
        self.page = page
        self.site = site
        self.portal = portal
        self.complaints: list[str] = []
        page.on("console", self._listen)
        page.on("pageerror", self._broken)

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _ANSWERED.search(message.text):
            self.complaints.append(message.text)

    def _broken(self, error: Error) -> None:
        self.complaints.append(str(error))

    async def open(self, path: str = "/") -> None:
        await self.page.goto(self.site.url(self.portal, path))

    async def sign_in(self, path: str = "/", heading: str = "Runs") -> None:
        """Arrives at `path`, which asks who it is, and goes on there."""
        await self.open(path)
        await self.fill_in(self.portal.password)
        await self.heading(heading).wait_for()

    async def fill_in(self, password: str) -> None:
        await self.page.get_by_label("Email").fill(self.portal.email)
        await self.page.get_by_role("textbox", name="Password").fill(password)
        await self.page.get_by_role("button", name="Sign in", exact=True).click()

    def heading(self, name: str = "Runs") -> Locator:
        return self.page.get_by_role("heading", name=name, exact=True, level=1)

    def row(self, order: str) -> Locator:
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("link", name=order, exact=True))

    async def see(self, order: str, word: str) -> None:
        """Wait until the order's row says `word`."""
        await self.row(order).get_by_text(word, exact=True).wait_for()

    async def turn(self, scheme: Scheme) -> None:
        """The machine's theme changes, and the page with it."""
        await self.page.emulate_media(color_scheme=scheme)
        await self.page.locator(f"html[data-mantine-color-scheme={scheme}]").wait_for(state="attached")

    async def flaws(self) -> list[str]:
        """What axe finds on the screen as it stands."""
        if await self.page.evaluate("typeof axe === 'undefined'"):
            await self.page.evaluate(_axe())
        found: list[str] = await self.page.evaluate(_RULES)
        return found

    async def shoot(self, name: str, *, whole: bool = False) -> Path:
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        # What is measured before it is drawn, such as the words on an edge, takes two frames.
        await self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        await self.page.screenshot(path=path, full_page=whole)
        return path


@cache
def _axe() -> str:
    return _AXE.read_text(encoding="utf-8")


@asynccontextmanager
async def person(
    browser: Browser,
    site: Site,
    portal: Portal,
    *,
    size: tuple[int, int] = DESK,
    scheme: Scheme = "light",
    language: str = "en-US",
    still: bool = True,
) -> AsyncIterator[Person]:
    """Nobody leaves while the console has complaints. `still`: without motion, so that pictures stay the same."""
    options: dict[str, Any] = {"is_mobile": True, "has_touch": True} if size == PHONE else {}
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        locale=language,
        timezone_id="America/Chicago",
        reduced_motion="reduce" if still else "no-preference",
        **options,
    )
    context.set_default_timeout(PATIENCE * 1_000)
    try:
        someone = Person(await context.new_page(), site, portal)
        yield someone
        assert not someone.complaints, "\n".join(someone.complaints)
    finally:
        await context.close()
