"""Debian's Chromium, driven by Playwright; nothing is downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, async_playwright

_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    # Without these it knocks at hosts of its maker's, which no test may reach.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")


def executable() -> str:
    """Skips the test where there is no browser; under CI that is a failure."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        words = "no Chromium is installed: `apt install chromium` brings the one that these tests drive"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    return found


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    path = executable()
    async with async_playwright() as playwright:
        fonts = str(Path(__file__).with_name("fonts.conf"))
        browser = await playwright.chromium.launch(
            executable_path=path, args=list(_FLAGS), env={**os.environ, "FONTCONFIG_FILE": fonts}
        )
        try:
            yield browser
        finally:
            await browser.close()
