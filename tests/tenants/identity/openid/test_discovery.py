"""S-59: what a provider says of itself, from a server on loopback that says what a test wants."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from joserfc.jwk import RSAKey

from infra import ids
from infra.egress import Client, Guard
from tenants.identity.openid.discovery import Discovery
from tenants.identity.openid.errors import ProviderAway, ProviderRefused

KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
PARTNER = ids.new()


class Said(dict[str, Any]):
    """Answers by path; `issuer` is the server's own address."""

    issuer: str


@pytest.fixture
async def said() -> AsyncIterator[Said]:
    answers = Said()

    async def answer(request: web.Request) -> web.Response:
        found = answers.get(request.path)
        text = found if isinstance(found, str) else json.dumps(found)
        return web.Response(text=text, status=200 if found is not None else 404, content_type="application/json")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    answers.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    answers["/.well-known/openid-configuration"] = {
        "issuer": answers.issuer,
        "authorization_endpoint": f"{answers.issuer}/auth",
        "token_endpoint": f"{answers.issuer}/token",
        "jwks_uri": f"{answers.issuer}/keys",
    }
    answers["/keys"] = {"keys": [{"kty": "from another time"}, KEY.as_dict(private=False)]}
    yield answers
    await runner.cleanup()


@pytest.fixture
async def discovery() -> AsyncIterator[Discovery]:
    async with Client(Guard(allow_loopback=True)) as client:
        yield Discovery(client)


async def test_metadata_and_keys_are_read_and_kept(said: Said, discovery: Discovery) -> None:
    found = await discovery.metadata(PARTNER, said.issuer)
    assert found.token_endpoint == f"{said.issuer}/token"
    keys = await discovery.keys(PARTNER, said.issuer)
    assert [one.kid for one in keys.keys] == ["one"]
    said.clear()
    assert await discovery.metadata(PARTNER, said.issuer) == found
    discovery.forget()
    with pytest.raises(ProviderAway):
        await discovery.metadata(PARTNER, said.issuer)


@pytest.mark.parametrize("wrong", ["https://evil.example", "{issuer}/", "{issuer}#", ""])
async def test_S_59_metadata_of_another_issuer_are_refused(said: Said, discovery: Discovery, wrong: str) -> None:
    said["/.well-known/openid-configuration"]["issuer"] = wrong.format(issuer=said.issuer)
    with pytest.raises(ProviderRefused):
        await discovery.metadata(PARTNER, said.issuer)


@pytest.mark.parametrize("page", ["javascript:alert(1)", "data:text/html,x", "/auth", "https://a@evil.example/", "x y"])
async def test_S_59_a_browser_is_sent_to_no_script(said: Said, discovery: Discovery, page: str) -> None:
    said["/.well-known/openid-configuration"]["authorization_endpoint"] = page
    with pytest.raises(ProviderAway):
        await discovery.metadata(PARTNER, said.issuer)


@pytest.mark.parametrize("document", ["", "[]", "{", '{"issuer": 1}', "x" * 300_000, '{"issuer":"a","issuer":"b"}'])
async def test_S_59_what_is_no_metadata_is_a_provider_that_is_away(
    said: Said, discovery: Discovery, document: str
) -> None:
    said["/.well-known/openid-configuration"] = document
    with pytest.raises(ProviderAway):
        await discovery.metadata(PARTNER, said.issuer)


async def test_S_50_the_way_out_is_guarded(said: Said) -> None:
    async with Client(Guard()) as client:
        for issuer in (said.issuer, "https://169.254.169.254", "https://10.0.0.1"):
            with pytest.raises(ProviderAway):
                await Discovery(client).metadata(PARTNER, issuer)


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": "x"}, [], {"keys": [{"kty": "oct", "k": ""}]}])
async def test_S_59_a_provider_without_keys_lets_nobody_in(said: Said, discovery: Discovery, keys: Any) -> None:
    said["/keys"] = keys
    with pytest.raises(ProviderAway):
        await discovery.keys(PARTNER, said.issuer)
