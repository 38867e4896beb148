"""Documents from outside (S-33, S-50, S-53, S-55, S-57)."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from infra import clock
from services.protocols.errors import Refusal
from services.protocols.exchange import Exchange
from services.protocols.resources import documents, fetching
from services.protocols.resources.fetching import Reference, Resources
from services.protocols.resources.references import at, follow

TENANT = UUID(int=1)


class Counted:
    def __init__(self, body: str = '{"a": 1}') -> None:
        self.body = body
        self.headers: list[Any] = []

    async def get(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(dict(request.headers))
        await asyncio.sleep(0)
        return web.Response(text=self.body)


async def test_a_document_is_fetched_once_for_a_tenant_and_its_credentials(
    serve: Any, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted()
    uri = await serve({"GET /document": counted.get}) + "/document"
    resources = Resources(exchange)
    found = await asyncio.gather(*(resources.document(TENANT, Reference(uri)) for _ in range(5)))
    assert [value for _, value in found] == [{"a": 1}] * 5
    assert len(counted.headers) == 1
    await resources.document(UUID(int=2), Reference(uri))
    await resources.document(TENANT, Reference(uri, {"bearer": {"token": "abc"}}))
    assert [headers.get("Authorization") for headers in counted.headers] == [None, None, "Bearer abc"]
    later = clock.monotonic() + 301
    monkeypatch.setattr(clock, "monotonic", lambda: later)
    await resources.document(TENANT, Reference(uri))
    assert len(counted.headers) == 4


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "FILE://app/greet.proto", "ftp://example.com/x", "data:,x", "x"])
async def test_S_55_only_http_leads_to_a_document(exchange: Exchange, uri: str) -> None:
    with pytest.raises(Refusal) as refused:
        await Resources(exchange).get(TENANT, Reference(uri))
    assert refused.value.error.type.endswith("/configuration")
    assert not refused.value.sent


async def test_S_50_the_guard_stands_before_documents_too(strict: Exchange) -> None:
    for uri in ("https://169.254.169.254/latest", "https://127.0.0.1/", "http://example.com/", "https://10.0.0.8/x"):
        with pytest.raises(Refusal):
            await Resources(strict).get(TENANT, Reference(uri))


async def test_S_53_redirects_are_few_and_lose_the_credentials_at_another_origin(
    serve: Any, exchange: Exchange
) -> None:
    counted = Counted()
    other = await serve({"GET /document": counted.get})

    async def away(request: web.Request) -> web.StreamResponse:
        left = int(request.match_info["left"])
        raise web.HTTPFound(f"/{left - 1}" if left else other + "/document")

    async def inside(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("http://169.254.169.254/")

    url = await serve({"GET /inside": inside, "GET /{left}": away})
    policy = {"bearer": {"token": "canary"}}
    resources = Resources(exchange)
    resource = await resources.get(TENANT, Reference(url + "/1", policy))
    assert resource.uri == other + "/document"
    assert "Authorization" not in counted.headers[0]
    for uri in (url + "/3", url + "/inside"):
        with pytest.raises(Refusal):
            await resources.get(TENANT, Reference(uri, policy))


async def test_S_57_a_document_that_is_too_large_is_refused(
    serve: Any, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = await serve({"GET /": "x" * 2000})
    monkeypatch.setattr(documents, "JSON_BYTES", 1999)
    with pytest.raises(Refusal) as refused:
        await Resources(exchange).get(TENANT, Reference(uri))
    assert "more than" in refused.value.error.detail


async def test_S_57_a_server_that_sends_slowly_is_waited_for_no_longer_than_its_time(
    serve: Any, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"{")
        await asyncio.Event().wait()
        return response

    monkeypatch.setattr(fetching, "_FETCH_SECONDS", 0.2)
    with pytest.raises(Refusal) as refused:
        await Resources(exchange).get(TENANT, Reference(await serve({"GET /": slow})))
    assert refused.value.error.status == 504


async def test_an_error_is_not_kept(serve: Any, exchange: Exchange) -> None:
    statuses = [500, 200]

    async def once(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=statuses.pop(0), text="[]")

    uri = await serve({"GET /": once})
    resources = Resources(exchange)
    with pytest.raises(Refusal) as refused:
        await resources.get(TENANT, Reference(uri))
    assert refused.value.error.status == 500
    assert (await resources.document(TENANT, Reference(uri)))[1] == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1.10}', {"a": 1.1}),
        ("a: no\nb: 012\nc: [x, 2020-01-01]\n'<<': 1", {"a": "no", "b": 12, "c": ["x", "2020-01-01"], "<<": 1}),
        ("{a: 1}", {"a": 1}),
        ("\ufeffa: 1", {"a": 1}),
        ("", None),
    ],
)
def test_a_document_is_json_or_yaml(text: str, value: Any) -> None:
    assert documents.parse(text.encode()) == value


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: *x",
        "a: &x 1",
        "b: *x",
        "a: !!python/object/apply:os.system ['id']",
        "a: 1\na: 2",
        "<<: {a: 1}",
        "[" * 100 + "]" * 100,
        "? [a]\n: 1",
        "a: 1\n---\nb: 2",
        "a: .inf",
        "{",
        "\x00",
        "- 1\n" * 200_001,
    ],
    ids=lambda text: repr(text[:20]),
)
def test_S_33_bombs_of_yaml_are_refused(text: str) -> None:
    with pytest.raises(Refusal):
        documents.parse(text.encode())


def test_references_are_followed_inside_the_document_only() -> None:
    document = {"a": {"b/c": [{"x": 1}]}, "r": {"$ref": "#/s"}, "s": {"$ref": "#/a/b~1c/0"}, "t": {"$ref": "#/t"}}
    assert follow(document, document["r"]) == {"x": 1}
    assert at(document, "#") is document
    for reference in ("#/t", "#/none", "#/a/b~1c/7", "other.yaml#/a", "https://169.254.169.254/", "#a"):
        with pytest.raises(Refusal):
            follow(document, {"$ref": reference})
