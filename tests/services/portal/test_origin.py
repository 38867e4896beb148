"""S-64: what another site begins changes nothing here, and shows nothing."""

from __future__ import annotations

import pytest

from services.portal.origin import is_own
from tests.services.portal.visitors import NORTH, SOUTH, House

EVIL = [
    "",
    "null",
    "https://evil.example",
    f"http://{SOUTH}",
    f"https://{NORTH}",
    f"http://{NORTH}",
    f"http://{NORTH}:9999",
    f"http://{NORTH}.evil.example:8420",
    f"http://evil.{NORTH}:8420",
    f"http://{NORTH}:8420/",
    f"http://user@{NORTH}:8420",
    f"http://{NORTH}:8420, http://{NORTH}:8420",
    f"HTTP://{NORTH}:8420",
]


@pytest.mark.parametrize("origin", EVIL)
async def test_S_64_a_change_needs_this_hosts_origin(house: House, origin: str) -> None:
    clerk = await house.north.signed_in()
    for method, path in (
        ("POST", "/v1/runs/run_01h455vb4pex5vsknk084sn02q/cancel"),
        ("POST", "/portal/session"),
        ("DELETE", "/portal/session"),
        ("POST", "/v1/events"),
    ):
        body = {"email": "clerk@acme.example", "password": "x"} if method == "POST" else None
        answer = await clerk.send(method, path, body, origin=origin, sec_fetch_site="")
        assert (answer.status, answer.problem) == (403, "cross-site"), (origin, path)
    assert (await clerk.get("/v1/runs")).status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "x"])
async def test_S_64_what_the_browser_says_of_the_site_counts_too(house: House, site: str) -> None:
    clerk = await house.north.signed_in()
    answer = await clerk.send("DELETE", "/portal/session", sec_fetch_site=site)
    assert (answer.status, answer.problem) == (403, "cross-site")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_S_46_a_simple_request_is_no_json(house: House, content_type: str) -> None:
    clerk = await house.north.signed_in()
    answer = await clerk.send("POST", "/v1/events", {"x": 1}, content_type=content_type)
    assert answer.status == 415


async def test_S_64_another_sites_page_sees_nothing_private(house: House) -> None:
    clerk = await house.north.signed_in()
    for site in ("cross-site", "same-site"):
        for path in ("/v1/runs", "/portal/session"):
            assert (await clerk.get(path, sec_fetch_site=site)).problem == "cross-site"
        # A link from elsewhere opens the page all the same.
        assert (await clerk.get("/runs/run_01h455vb4pex5vsknk084sn02q", sec_fetch_site=site)).status == 200
    assert (await clerk.get("/v1/runs", sec_fetch_site="none")).status == 200


async def test_S_97_method_override_headers_change_nothing(house: House) -> None:
    clerk = await house.north.signed_in()
    answer = await clerk.get("/portal/session", x_http_method_override="DELETE", x_method_override="DELETE")
    assert answer.status == 200
    assert (await clerk.get("/portal/session")).status == 200


@pytest.mark.parametrize(
    ("origin", "host", "own"),
    [
        (b"https://a.example", b"a.example", True),
        (b"https://a.example", b"A.EXAMPLE.:443", True),
        (b"https://a.example:8443", b"a.example:8443", True),
        (b"https://a.example:8443", b"a.example", False),
        (b"http://a.example", b"a.example", False),
        (b"http://a.localhost:80", b"a.localhost", True),
        (b"http://localhost.evil.example", b"localhost.evil.example", False),
        (b"https://b.example", b"a.example", False),
        (b"ftp://a.example", b"a.example", False),
        (b"https://a.example\n", b"a.example", False),
    ],
)
def test_S_64_an_origin_is_scheme_host_and_port(origin: bytes, host: bytes, *, own: bool) -> None:
    assert is_own(origin, host) is own
