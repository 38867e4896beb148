"""Hosts, pages, files and the headers of every answer (attacks B7, E19)."""

from __future__ import annotations

import gzip
import logging
import re
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from infra.database import Database, Scope
from infra.settings import Settings
from services.portal.app import Front, create_app
from services.portal.files import Files
from tests.asgi import Answer, Caller, running
from tests.services.portal.conftest import PAGE
from tests.services.portal.visitors import NORTH, SOUTH, House


@pytest.mark.parametrize(
    "host", [NORTH, f"{NORTH}:8420", "NORTH.LocalHost:1", f"{NORTH}.", "PORTAL.SOUTH.EXAMPLE:8443", SOUTH]
)
async def test_E_19_a_host_counts_whatever_its_case_and_port(house: House, host: str) -> None:
    brand = await house.north.get("/portal/brand", host=host)
    assert brand.status == 200
    assert brand.json["name"] == ("North Portal" if "north" in host.lower() else "South Portal")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        f"x{NORTH}",
        f"{NORTH}.evil.example",
        f"evil.{NORTH}",
        "portalXsouth.example",
        "south.example",
        "'; DROP TABLE app.brand; --",
        "ñ.example",
        "a\0b.example",
        "x" * 300,
    ],
)
async def test_an_unknown_host_is_the_same_bare_404(house: House, front: Front, host: str) -> None:
    for path in ("/", "/portal/brand", "/portal/session", "/v1/runs", "/assets/index-a1b2c3.js"):
        answer = await house.north.get(path, host=host, x_forwarded_host=NORTH, forwarded=f"host={NORTH}")
        api = await Caller(front.api).get(path, headers={"host": host})
        assert (answer.status, answer.problem) == (404, "not-found")
        assert answer.headers.keys() == api.headers.keys()
        assert {**answer.json, "request_id": ""} == {**api.json, "request_id": ""}


async def test_the_api_keeps_its_hosts(house: House) -> None:
    for path in ("/", "/portal/brand", "/runs", "/assets/index-a1b2c3.js"):
        assert (await house.operator.get(path)).problem == "not-found"
    assert (await house.operator.get("/v1/me")).status == 200
    # Probes come by address, also to a brand's host.
    assert (await house.north.get("/health/ready")).json["status"] == "ready"


POLICY = "content-security-policy"
# By the answer's type, word for word: whoever changes one of these means it.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-N'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
POLICIES = {
    "text/html": PAGE_POLICY,
    "image/svg+xml": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
    "text/javascript": "default-src 'none'; script-src 'self'; connect-src 'self'",
}
NOTHING = "default-src 'none'; frame-ancestors 'none'"


def check_headers(answer: Answer, *, tls: bool) -> None:
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert ("strict-transport-security" in headers) is tls
    assert headers["x-frame-options"] == "DENY"
    kind, policy = headers.get("content-type", ""), re.sub(r"'nonce-[\w-]+'", "'nonce-N'", headers[POLICY])
    assert policy == next((given for start, given in POLICIES.items() if kind.startswith(start)), NOTHING), kind
    assert not [name for name in headers if name.startswith("access-control")]
    assert "waybill" not in (repr(headers) + answer.body.decode("latin-1")).lower()
    assert "litestar" not in repr(headers).lower()


async def test_every_answer_carries_its_headers_and_no_name_of_ours(house: House) -> None:
    for visitor, tls in ((await house.north.signed_in(), False), (await house.south.signed_in(), True)):
        for path in (
            "/",
            "/runs",
            "/robots.txt",
            "/assets/index-a1b2c3.js",
            "/assets/none.js",
            "/portal/brand",
            "/portal/brand.css",
            "/portal/icon.svg",
            "/portal/logo.svg",
            "/portal/nothing",
            "/portal/session",
            "/v1/runs",
            "/v1/nothing",
            "/v1/partners",
            "/v1/openapi.json",
            "/problems/not-signed-in",
            "/problems/forbidden",
        ):
            check_headers(await visitor.get(path), tls=tls)
        check_headers(await visitor.sign_in(password="wrong password"), tls=tls)  # noqa: S106 (wrong on purpose)
        check_headers(await visitor.send("DELETE", "/portal/session"), tls=tls)


async def test_private_answers_are_kept_nowhere(house: House) -> None:
    clerk = await house.north.signed_in()
    for path in ("/", "/portal/session", "/v1/runs", "/v1/me", "/v1/nothing"):
        assert (await clerk.get(path)).headers["cache-control"] == "no-store"


async def test_S_102_the_page_is_under_a_strict_policy_with_a_nonce_of_its_own(house: House) -> None:
    seen = set()
    for path in ("/", "/runs", "/runs/run_01h455vb4pex5vsknk084sn02q", "/docs", "/x/y", "/nothing"):
        page = await house.north.get(path)
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        policy = page.headers["content-security-policy"]
        match = re.search(r"'nonce-([A-Za-z0-9_-]{20,})'", policy)
        assert match is not None
        assert page.body.decode().count(match[1]) == PAGE.count("__CSP_NONCE__")
        assert "unsafe" not in policy
        assert "script-src 'self';" in policy
        assert policy.startswith("default-src 'none'")
        # What is left once the nonce is taken out: a nonce may have two underscores of its own.
        assert "__" not in page.body.decode().replace(match[1], "")
        assert "<title>North Portal</title>" in page.body.decode()
        seen.add(match[1])
    assert len(seen) == 6


async def test_S_102_a_brands_name_is_text(house: House, front: Front, app_database: Database) -> None:
    async with app_database.session(Scope.operator()) as session:
        await session.execute(
            text("UPDATE app.brand SET name = :n WHERE partner_id = :p"),
            {"n": "</title><script>alert(1)</script>", "p": house.ids["north"]},
        )
        await session.commit()
    front.portal.brands.forget()
    for path in ("/", "/portal/icon.svg"):
        assert b"<script" not in (await house.north.get(path)).body
    assert b"&lt;/title&gt;&lt;script&gt;" in (await house.north.get("/")).body


async def test_hashed_files_never_change_and_the_others_are_asked_about(house: House) -> None:
    file = await house.north.get("/assets/index-a1b2c3.js")
    assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert file.headers["content-type"] == "text/javascript; charset=utf-8"
    packed = await house.north.get("/assets/index-a1b2c3.js", accept_encoding="br, gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == file.body
    robots = await house.north.get("/robots.txt")
    assert robots.headers["cache-control"] == "no-cache"
    again = await house.north.get("/robots.txt", if_none_match=robots.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    head = await house.north.send("HEAD", "/assets/index-a1b2c3.js")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(file.body)))


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js",
        "/assets/notes.html",
        "/assets/",
        "/assets/../index.html",
        "/assets/%2e%2e/%2e%2e/kek",
        "/assets/..%2f..%2fkek",
        "/assets/index-a1b2c3.js%00",
        "/v1/nothing",
        "/portal/nothing",
    ],
)
async def test_S_18_S_97_what_is_no_file_is_404(house: House, path: str) -> None:
    assert (await house.north.get(path)).problem == "not-found"


async def test_a_page_takes_no_changes(house: House) -> None:
    answer = await house.north.send("POST", "/runs", {})
    assert (answer.status, answer.problem, answer.headers["allow"]) == (405, "method-not-allowed", "GET, HEAD")


async def test_a_new_build_is_served_without_a_restart(house: House, built: Path) -> None:
    await house.north.get("/")
    (built / "assets" / "index-ffff.js").write_text("export {}")
    (built / "index.html").write_text("<title>__BRAND_NAME__, again</title>")
    assert (await house.north.get("/")).body == b"<title>North Portal, again</title>"
    assert (await house.north.get("/assets/index-ffff.js")).status == 200


async def test_without_a_build_the_page_says_so_plainly_and_the_api_works(
    house: House, front: Front, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    front.inner.files = Files(tmp_path / "nothing")
    monkeypatch.setattr(logging.getLogger("portal"), "handlers", [caplog.handler])
    caplog.set_level(logging.WARNING, "portal")
    page = await house.north.get("/")
    assert (page.status, page.headers["content-type"]) == (503, "text/plain; charset=utf-8")
    assert page.headers["retry-after"] == "30"
    check_headers(page, tls=False)
    assert "make portal" in caplog.text
    assert (await (await house.north.signed_in()).get("/v1/runs")).status == 200
    assert (await house.operator.get("/v1/me")).status == 200


async def test_a_page_is_still_shown_while_the_database_is_away(house: House, front: Front) -> None:
    assert (await house.north.get("/")).status == 200
    await front.portal.brands._database.close()
    front.portal.brands._known = {host: (0.0, brand) for host, (_, brand) in front.portal.brands._known.items()}
    assert (await house.north.get("/")).status == 200
    assert (await house.north.get("/", host="other.example")).problem == "unavailable"
    await front.portal.brands._database.open()


async def test_the_api_host_wins_over_a_host_of_the_same_name(
    house: House, front: Front, app_database: Database
) -> None:
    async with app_database.session(Scope.operator()) as session:
        await session.execute(
            text("INSERT INTO app.portal_host (host, partner_id) VALUES ('localhost', :p)"), {"p": house.ids["north"]}
        )
        await session.commit()
    assert (await Caller(front).get("/", headers={"host": "localhost:8420"})).problem == "not-found"


async def test_a_configured_api_host_leaves_the_rest_to_the_portal(
    house: House, portal_settings: Settings, built: Path
) -> None:
    del house
    app = create_app(msgspec.structs.replace(portal_settings, api_hosts=("api.example.com",)))
    app.inner.files = Files(built)
    async with running(app):
        caller = Caller(app)
        assert (await caller.get("/v1/openapi.json", headers={"host": "api.example.com"})).status == 200
        assert (await caller.get("/v1/openapi.json", headers={"host": "127.0.0.1"})).status == 404
        assert (await caller.get("/", headers={"host": NORTH})).status == 200


async def test_a_request_without_host_or_with_two_is_refused(front: Front) -> None:
    caller = Caller(front)
    assert (await caller.exchange("GET", "/", [], [b""])).status == 400
    twice = [(b"host", NORTH.encode()), (b"host", b"127.0.0.1")]
    assert (await caller.exchange("GET", "/", twice, [b""])).status == 400
    assert (await caller.exchange("GET", "/", twice[::-1], [b""])).status == 400
