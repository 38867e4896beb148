"""S-100: whatever an address asks for, an answer leads to a path of the same host or nowhere."""

from __future__ import annotations

import re

import pytest

from tests.services.portal.visitors import House

ELSEWHERE = (
    "//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example",
    "%0d%0aLocation:%20//evil.example",
    "@evil.example", "data:text/html,x", "javascript:alert(1)", "//portal.south.example",
    "/%2f/evil.example", "/%5cevil.example",
)  # fmt: skip
PATHS = ("/", "/sign-in", "/runs/", "//runs", "///evil.example//x", "/portal/session", "/v1/runs")
OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20]*")


@pytest.mark.parametrize("given", ELSEWHERE)
async def test_S_100_no_parameter_leads_elsewhere(house: House, given: str) -> None:
    for path in PATHS:
        for name in ("next", "return_to", "redirect_uri", "post_logout_redirect_uri"):
            answer = await house.north.get(f"{path}?{name}={given}")
            location = answer.headers.get("location")
            assert location is None or OWN_PATH.fullmatch(location.partition("?")[0]), (path, name, location)


@pytest.mark.parametrize("given", ELSEWHERE)
async def test_S_100_no_path_leads_elsewhere(house: House, given: str) -> None:
    for path in (f"/{given}", f"//{given}", f"/{given}/", f"/runs//{given}"):
        location = (await house.north.get(path.replace("?", ""))).headers.get("location")
        assert location is None or OWN_PATH.fullmatch(location.partition("?")[0]), (path, location)


async def test_S_100_signing_in_and_out_leads_nowhere(house: House) -> None:
    entered = await house.north.sign_in()
    assert "location" not in entered.headers
    signed_in = await house.north.signed_in()
    for name in ("next", "post_logout_redirect_uri"):
        assert "location" not in (await signed_in.send("DELETE", f"/portal/session?{name}=//evil.example")).headers
