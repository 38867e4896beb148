"""What is refused before a handler runs, and what every answer carries."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from infra.settings import Settings
from services.api import edge
from services.api.app import create_app, hosts_of
from tests.asgi import Answer, Caller, running

NEW = {"slug": "north", "name": "North"}
ID = "key_01h455vb4pex5vsknk084sn02q"


def well_formed(answer: Answer, status: int, name: str) -> None:
    """A problem document with all its members, and the headers of every answer."""
    assert (answer.status, answer.problem) == (status, name), answer.body
    assert {"type", "title", "status", "detail", "request_id"} <= set(answer.json)
    assert answer.json["status"] == status
    assert answer.json["request_id"] == answer.headers["request-id"]


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", "/favicon.ico", "/v1/me/more", "/schema", "/docs/../v1"])
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
        "/v1%2fme",
        "/v1/me%00",
        "/v1\\me",
    ],
)
async def test_S_97_a_path_has_one_spelling(operator: Caller, path: str) -> None:
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
    ("raw", "name"),
    [
        (b"{", "malformed-body"),
        (b"", "malformed-body"),
        (b"1 2 3", "malformed-body"),
        (b'{"slug":"a","name":"b"}{"slug":"c","name":"d"}', "malformed-body"),
        (b'{"slug":"a","slug":"b","name":"c"}', "malformed-body"),
        (b'{"slug":"a","name":"\\ud800"}', "malformed-body"),
        (b'{"slug":"a","name":"x\\u0000y"}', "malformed-body"),
        (b'{"slug":"a","name":"x\0y"}', "malformed-body"),
        (b'{"slug":"a","name":"\xff"}', "malformed-body"),
        (b'\xef\xbb\xbf{"slug":"a","name":"b"}', "malformed-body"),
        (b'{"slug":NaN,"name":"b"}', "malformed-body"),
        (b'{"slug":Infinity,"name":"b"}', "malformed-body"),
        (b"[" * 100_000, "malformed-body"),
        (b'{"a":' * 100_000, "malformed-body"),
        (b"[" * 100_000 + b"]" * 100_000, "malformed-body"),
        (b'{"slug":"a","name":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "malformed-body"),
    ],
    ids=lambda value: value[:24].decode("latin-1") if isinstance(value, bytes) else value,
)
async def test_S_30_S_31_a_body_that_is_not_one_sound_json_text_is_400(operator: Caller, raw: bytes, name: str) -> None:
    well_formed(await operator.post("/v1/partners", raw=raw), 400, name)
    assert (await operator.get("/v1/partners")).json["items"] == []


async def test_S_31_deep_nesting_is_400_on_every_route_with_a_body(operator: Caller) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    for path in ("/v1/partners", "/v1/clients", "/v1/keys", f"/v1/keys/{ID}/rotate"):
        assert (await operator.post(path, raw=deep)).status == 400


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "text/plain; charset=utf-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-7",
        "application/json; charset=utf-16",
        "application/json, text/plain",
        "application/msgpack",
        "application/jsonp",
        "",
    ],
)
async def test_S_64_only_json_is_read_as_json(operator: Caller, kind: str) -> None:
    answer = await operator.post("/v1/partners", NEW, headers={"content-type": kind})
    well_formed(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
async def test_json_is_read_whatever_its_spelling(operator: Caller, kind: str) -> None:
    assert (await operator.post("/v1/partners", NEW, headers={"content-type": kind})).status == 201


async def test_S_32_a_compressed_body_is_415(operator: Caller) -> None:
    for coding in ("gzip", "br", "deflate"):
        answer = await operator.post("/v1/partners", NEW, headers={"content-encoding": coding})
        well_formed(answer, 415, "unsupported-media-type")


async def test_S_32_a_body_over_the_limit_is_413(operator: Caller) -> None:
    limit = 1024 * 1024
    for more in (
        {"raw": b" " * (limit + 1)},
        {"chunks": [b" " * 65_536] * 17},
        {"chunks": [b" " * limit, b" "], "headers": {"content-length": "12"}},
        {"raw": b"{}", "headers": {"content-length": "99999999999"}},
    ):
        kinds: dict[str, Any] = dict(more)
        well_formed(await operator.post("/v1/partners", **kinds), 413, "too-large")
    answer = await operator.post("/v1/partners", raw=b"{}", headers={"content-length": "2x"})
    well_formed(answer, 400, "bad-request")


async def test_S_32_a_body_that_never_ends_is_given_up(operator: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "BODY_SECONDS", 0.02)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    headers.append((b"authorization", f"Bearer {operator.key}".encode()))
    scope = {"type": "http", "method": "POST", "path": "/v1/partners", "query_string": b"", "headers": headers}
    await operator.app(scope | {"asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http"}, receive, send)
    assert sent[0]["status"] == 408


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({**NEW, "is_admin": True}, "/is_admin"),
        ({**NEW, "id": "x"}, "/id"),
        ({**NEW, "a/b~c": 1}, "/a~1b~0c"),
        ({"slug": "north"}, "/name"),
        ({"slug": 1, "name": "North"}, "/slug"),
        ({"slug": "North", "name": "North"}, "/slug"),
        ({"slug": "north\n", "name": "North"}, "/slug"),
        ({"slug": "a--b", "name": "North"}, "/slug"),
        ({"slug": "a" * 100, "name": "North"}, "/slug"),
        ({"slug": "north", "name": ""}, "/name"),
        ({"slug": "north", "name": "N" * 201}, "/name"),
        ({"slug": "north", "name": " North"}, "/name"),
        ({"slug": "north", "name": "a\u202eb"}, "/name"),
        ({"slug": "north", "name": "a\r\nb"}, "/name"),
        ([], ""),
    ],
)
async def test_S_67_a_wrong_field_is_named_by_its_pointer(operator: Caller, body: Any, pointer: str) -> None:
    answer = await operator.post("/v1/partners", body)
    well_formed(answer, 422, "invalid-payload")
    assert [one["pointer"] for one in answer.json["errors"]] == [pointer]
    assert (await operator.get("/v1/partners")).json["items"] == []


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
