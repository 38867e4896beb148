"""How bodies are read: strictly, and within limits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.api import edge
from tests.asgi import Caller
from tests.services.api.well_formed import well_formed

NEW = {"slug": "north", "name": "North"}
ID = "key_01h455vb4pex5vsknk084sn02q"


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
