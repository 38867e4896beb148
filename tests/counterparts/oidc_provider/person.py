"""A person at the provider's pages: signs in, consents, is sent back, and signs out there."""

from __future__ import annotations

import re
from typing import Final

import aiohttp
from yarl import URL

_STEPS: Final = 12
_PROMPT: Final = re.compile(r'name="prompt" value="(\w+)"')
_ACTION: Final = re.compile(r'action="([^"]+)"')
_XSRF: Final = re.compile(r'name="xsrf" value="(\w+)"')


def browser() -> aiohttp.ClientSession:
    """One that keeps the provider's cookies, and with them its session."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


async def sign_in(location: str, login: str, returns_to: str) -> URL:
    """The address that the provider sends a new browser back to."""
    async with browser() as new:
        return await sign_in_with(new, location, login, returns_to)


async def sign_in_with(browser: aiohttp.ClientSession, location: str, login: str, returns_to: str) -> URL:
    """The address that the provider sends the browser back to."""
    answer = await browser.get(location, allow_redirects=False)
    for _ in range(_STEPS):
        if "location" in answer.headers:
            target = answer.url.join(URL(answer.headers["location"], encoded=True))
            if str(target).startswith(returns_to):
                return target
            answer = await browser.get(target, allow_redirects=False)
            continue
        page = await answer.text()
        prompt, action = _PROMPT.search(page), _ACTION.search(page)
        assert prompt is not None, page
        assert action is not None, page
        form = {"prompt": prompt[1]} | ({"login": login, "password": "any"} if prompt[1] == "login" else {})
        answer = await browser.post(answer.url.join(URL(action[1])), data=form, allow_redirects=False)
    raise AssertionError("the provider never sent the browser back")


async def sign_out(browser: aiohttp.ClientSession, issuer: str) -> None:
    """Ends the browser's session there; the provider has told everybody when this returns."""
    page = await (await browser.get(f"{issuer}/session/end")).text()
    xsrf, action = _XSRF.search(page), _ACTION.search(page)
    assert xsrf is not None, page
    assert action is not None, page
    answer = await browser.post(URL(action[1]), data={"xsrf": xsrf[1], "logout": "yes"})
    assert answer.status == 200, await answer.text()
