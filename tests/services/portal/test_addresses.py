"""What a person may have typed or been sent is answered by a page, what a program asks for is not (S-97, S-100)."""

from __future__ import annotations

import pytest

from tests.services.portal.test_pages import check_headers
from tests.services.portal.visitors import House


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/runs/", "/runs"),
        ("/runs/?state=waiting&q=a%2fb", "/runs?state=waiting&q=a%2fb"),
        ("/runs/run_01h455vb4pex5vsknk084sn02q/", "/runs/run_01h455vb4pex5vsknk084sn02q"),
        ("//runs", "/runs"),
        ("//", "/"),
        ("///evil//x///", "/evil/x"),
        ("//evil@host:80/", "/evil@host:80"),
        ("/runs%3fx/", "/runs%3Fx"),
        ("/caf%C3%A9/", "/caf%C3%A9"),
    ],
)
async def test_S_97_S_100_slashes_too_many_lead_to_the_one_address(house: House, path: str, location: str) -> None:
    for visitor, tls in ((house.north, False), (house.south, True)):
        for method in ("GET", "HEAD"):
            answer = await visitor.send(method, path)
            assert (answer.status, answer.headers["location"], answer.body) == (308, location, b"")
            check_headers(answer, tls=tls)
        assert (await visitor.get(location)).status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/runs%2frun_1", 404),
        ("/runs%2f", 404),
        ("/%5cevil", 404),
        ("/\\evil/", 404),
        ("//evil%00/", 404),
        ("/runs%0d%0aset-cookie:%20x/", 404),
        ("/runs?q=" + "a" * 9000, 400),
        ("/runs/?q=" + "a" * 9000, 400),
    ],
)
async def test_S_97_any_other_odd_address_is_the_page_that_says_so(house: House, path: str, status: int) -> None:
    answer = await house.south.get(path)
    assert (answer.status, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert "'nonce-" in answer.headers["content-security-policy"]
    assert b"<title>South Portal</title>" in answer.body
    check_headers(answer, tls=True)


@pytest.mark.parametrize(
    "path",
    ["/v1/runs/", "//v1/runs", "/v1//runs", "/v1%2fruns", "/portal/session/", "/problems/forbidden/", "/assets/"],
)
async def test_S_97_what_programs_ask_for_stays_a_problem(house: House, path: str) -> None:
    someone = await house.south.signed_in()
    answer = await someone.get(path)
    assert (answer.status, answer.problem) == (404, "not-found")
    check_headers(answer, tls=True)
    assert (await someone.send("POST", "/runs/", {})).problem == "not-found"


@pytest.mark.parametrize(
    "path",
    [
        "/favicon.ico",
        "/apple-touch-icon.png",
        "/sitemap.xml",
        "/.well-known/security.txt",
        "/.well-known/change-password",
        "/.well-known/acme-challenge/x",
        "/.env",
        "/.git/config",
        "/wp-login.php",
        "/index.php/admin",
        "/index.html",
        "/x/y.z",
        "/runs.json",
        "/runs/../v1/runs",
        "/%2e%2e/v1/runs",
        "/.",
    ],
)
async def test_S_97_a_file_that_is_not_there_is_no_page(house: House, path: str) -> None:
    answer = await house.south.get(path)
    assert (answer.status, answer.problem) == (404, "not-found")
    check_headers(answer, tls=True)


async def test_a_portal_asks_to_be_left_out_of_searches(house: House) -> None:
    answer = await house.south.get("/robots.txt")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert answer.body == b"User-agent: *\nDisallow: /\n"
    assert answer.headers["cache-control"] == "no-cache"
