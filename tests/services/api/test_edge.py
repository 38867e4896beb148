"""What is refused before a handler runs, and what every answer carries."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from infra.settings import Settings
from services.api.app import create_app, hosts_of
from tests.asgi import Caller, running
from tests.services.api.well_formed import well_formed

ID = "key_01h455vb4pex5vsknk084sn02q"


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/nothing", "/metrics", "/favicon.ico", "/v1/me/more", "/schema", "/docs/../v1"]
)
async def test_an_unknown_route_is_a_problem(nobody: Caller, path: str) -> None:
    well_formed(await nobody.get(path), 404, "not-found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "CONNECT", "PROPFIND"])
async def test_S_97_a_method_that_is_not_offered_is_405_with_those_that_are(nobody: Caller, method: str) -> None:
    answer = await nobody.send(method, "/v1/partners")
    well_formed(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, POST"


async def test_S_97_method_override_headers_change_nothing(operator: Caller) -> None:
    headers = {"x-http-method-override": "POST", "x-method-override": "POST"}
    assert (await operator.get("/v1/partners", headers=headers)).json["items"] == []


@pytest.mark.parametrize(
    "path",
    [
        "//v1/me",
        "/v1//me",
        "/v1/me/",
        "/v1/../v1/me",
        "/v1/./me",
        "/v1/%2e%2e/v1/me",
        "/v1/%6de",
        "/%761/me",
        "/v1/m%65",
        "/v1%2fme",
        "/v1/me%00",
        "/v1\\me",
        "/V1/me",
        "/v1/ME",
        "/v1/me;x=1",
    ],
)
async def test_S_66_S_97_a_path_has_one_spelling(operator: Caller, path: str) -> None:
    well_formed(await operator.get(path), 404, "not-found")


async def test_S_97_a_request_without_host_or_with_two_is_refused(nobody: Caller) -> None:
    well_formed(await nobody.exchange("GET", "/v1/me", [], [b""]), 400, "bad-request")
    twice = [(b"host", b"127.0.0.1"), (b"host", b"evil.example")]
    well_formed(await nobody.exchange("GET", "/v1/me", twice, [b""]), 400, "bad-request")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "x127.0.0.1", "evil.example:8420", "api"])
async def test_an_unknown_host_is_404(operator: Caller, host: str) -> None:
    well_formed(await operator.get("/v1/me", headers={"host": host}), 404, "not-found")
    forwarded = {"host": host, "x-forwarded-host": "127.0.0.1"}
    well_formed(await operator.get("/v1/me", headers=forwarded), 404, "not-found")


@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST:8420", "localhost.", "[::1]:9", "127.0.0.1:1"])
async def test_a_host_counts_whatever_its_case_and_port(operator: Caller, host: str) -> None:
    assert (await operator.get("/v1/me", headers={"host": host})).status == 200


async def test_configured_hosts_replace_the_address(api_settings: Settings) -> None:
    named = msgspec.structs.replace(api_settings, api_hosts=("api.example.com",))
    assert hosts_of(named) == ("api.example.com",)
    app = create_app(named)
    async with running(app):
        caller = Caller(app)
        assert (await caller.get("/docs", headers={"host": "API.example.com"})).status != 404
        assert (await caller.get("/v1/openapi.json", headers={"host": "127.0.0.1"})).status == 404
        # A probe comes by address.
        assert (await caller.get("/health/live", headers={"host": "10.0.0.7:8420"})).status == 200


@pytest.mark.parametrize(
    "path", ["/v1/keys/x", "/v1/keys/KEY_01", f"/v1/keys/{ID}", "/v1/keys/%00", "/v1/keys/%F0%9F%98%80"]
)
async def test_a_malformed_id_reads_as_an_unknown_one(operator: Caller, path: str) -> None:
    well_formed(await operator.get(path), 404, "not-found")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("colour=red", "unknown-parameter"),
        ("status=active&status=active", "unknown-parameter"),
        ("Limit=1", "unknown-parameter"),
        ("limit=0", "bad-parameter"),
        ("limit=-1", "bad-parameter"),
        ("limit=1000000000", "bad-parameter"),
        ("limit=1e3", "bad-parameter"),
        ("limit=", "bad-parameter"),
        ("status=sleeping", "bad-parameter"),
        ("access_token=x", "unknown-parameter"),
    ],
)
async def test_S_96_a_query_is_read_strictly(operator: Caller, query: str, name: str) -> None:
    answer = await operator.get(f"/v1/partners?{query}")
    well_formed(answer, 400, name)
    assert answer.json["parameter"] == query.split("=", 1)[0]


async def test_a_long_target_is_refused(operator: Caller) -> None:
    well_formed(await operator.get(f"/v1/partners?cursor={'a' * 9000}"), 400, "bad-request")


async def test_head_is_get_without_a_body(operator: Caller) -> None:
    whole, head = await operator.get("/v1/me"), await operator.send("HEAD", "/v1/me")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]


async def test_S_83_request_ids_are_ours_and_random(nobody: Caller) -> None:
    given = {"x-request-id": "chosen-by-the-caller"}
    found = {(await nobody.get("/health/live", headers=given)).headers["request-id"] for _ in range(50)}
    assert len(found) == 50
    assert all(len(one) == 24 and one.isalnum() for one in found)


async def test_every_answer_carries_its_security_headers(nobody: Caller, operator: Caller) -> None:
    answers = [
        await nobody.get("/v1/me"),
        await operator.get("/v1/me"),
        await nobody.get("/x"),
        await nobody.get("/docs"),
    ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] in {"no-store", "no-cache"}
        assert answer.headers["server"] == "api"


async def test_S_98_no_origin_is_allowed(operator: Caller) -> None:
    for origin in ("https://evil.example", "null", "http://127.0.0.1:8420"):
        answers = [
            await operator.get("/v1/me", headers={"origin": origin}),
            await operator.send(
                "OPTIONS", "/v1/me", headers={"origin": origin, "access-control-request-method": "GET"}
            ),
        ]
        assert not [name for answer in answers for name in answer.headers if name.startswith("access-control")]


async def test_the_product_is_named_nowhere(nobody: Caller, operator: Caller) -> None:
    answers = [
        await nobody.get("/v1/openapi.json"),
        await nobody.get("/docs"),
        await nobody.get("/x"),
        await operator.get("/v1/me"),
        *[await nobody.get(f"/problems/{name}") for name in ("not-found", "internal-error", "client-grant-needed")],
    ]
    for answer in answers:
        seen = (answer.body + repr(answer.headers).encode()).lower()
        assert b"waybill" not in seen
        assert b"litestar" not in seen


async def test_a_websocket_is_turned_away(nobody: Caller) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    await nobody.app({"type": "websocket", "path": "/v1/me", "headers": []}, receive, send)
    assert [one["type"] for one in sent] == ["websocket.close"]
