"""S-65, S-66, S-68: keys that work from their networks alone, and tell when they were used."""

from __future__ import annotations

import msgspec
import pytest

from infra import settings
from infra.setting_values import networks
from services.api.app import create_app
from tests.asgi import Caller, running
from tests.services.api.parties import Parties, make_key, make_parties

HOME = "203.0.113.7"


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("203.0.113.0/24", "203.0.113.7", "203.0.114.7"),
        ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
        ("2001:db8::/48", "2001:db8:0:1::7", "2001:db8:1::7"),
        ("2001:db8::7", "2001:db8::7", "2001:db8::8"),
    ],
)
async def test_a_key_works_from_its_network_and_nowhere_else(
    network: str, inside: str, outside: str, parties: Parties
) -> None:
    key = parties.acme.having(await make_key(parties.acme, networks=[network]))
    assert (await key.by(inside).get("/v1/me")).status == 200
    for place in (outside, "127.0.0.1", "::1"):
        answer = await key.by(place).get("/v1/me")
        assert (answer.status, answer.problem) == (403, "network-not-allowed")
        assert inside not in answer.body.decode()
    assert (await parties.acme.by(outside).get("/v1/me")).status == 200


async def test_S_66_what_the_caller_writes_of_its_address_opens_nothing(parties: Parties) -> None:
    key = parties.acme.having(await make_key(parties.acme, networks=["203.0.113.0/24"]))
    for name in ("x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip"):
        answer = await key.send("GET", "/v1/me", headers={name: HOME if name != "forwarded" else f"for={HOME}"})
        assert answer.status == 403, name


async def test_a_trusted_proxy_tells_the_address(api_settings: settings.Settings, operator_key: str) -> None:
    proxied = msgspec.structs.replace(api_settings, trusted_proxies=networks("10.0.0.0/8"))
    app = create_app(proxied)
    async with running(app):
        parties = await make_parties(Caller(app, operator_key))
        key = parties.acme.having(await make_key(parties.acme, networks=["203.0.113.0/24"])).by("10.1.1.1")
        assert (await key.send("GET", "/v1/me", headers={"x-forwarded-for": HOME})).status == 200
        assert (await key.send("GET", "/v1/me", headers={"x-forwarded-for": f"{HOME}, 198.51.100.9"})).status == 403
        assert (await key.get("/v1/me")).status == 403


async def test_S_68_nobody_makes_a_key_for_a_network_that_is_not_theirs(parties: Parties) -> None:
    bound = parties.acme.having(await make_key(parties.acme, networks=["203.0.113.0/24"])).by(HOME)
    for wider in (["0.0.0.0/0"], ["203.0.112.0/23"], ["203.0.113.8", "198.51.100.1"], ["2001:db8::/32"]):
        answer = await bound.post("/v1/keys", {"name": "wider", "networks": wider})
        assert (answer.status, answer.problem) == (403, "not-yours-to-grant")
    made = await bound.post("/v1/keys", {"name": "narrower", "networks": ["203.0.113.7"]})
    assert made.json["networks"] == ["203.0.113.7/32"]
    inherited = await bound.post("/v1/keys", {"name": "same"})
    assert inherited.json["networks"] == ["203.0.113.0/24"]
    rotated = await parties.acme.post(f"/v1/keys/{inherited.json['id']}/rotate", {})
    assert rotated.json["networks"] == ["203.0.113.0/24"]


@pytest.mark.parametrize("network", ["", "nonsense", "203.0.113.7/24", "203.0.113.0/33", "10.0.0.0/8 ", "::/129"])
async def test_what_is_no_network_is_refused_with_its_place(network: str, parties: Parties) -> None:
    answer = await parties.acme.post("/v1/keys", {"name": "x", "networks": ["203.0.113.7", network]})
    assert answer.status == 422
    assert answer.json["errors"][0]["pointer"] == "/networks/1"


async def test_S_65_a_key_tells_when_it_was_used_and_not_who_guessed(parties: Parties) -> None:
    made = (await parties.acme.post("/v1/keys", {"name": "fresh"})).json
    text, path = made["key"], f"/v1/keys/{made['id']}"
    uses = parties.acme.app.app.state.resources.uses

    async def told() -> str | None:
        await uses.write()
        found: str | None = (await parties.acme.get(path)).json["last_used_at"]
        return found

    assert await told() is None
    guess = parties.acme.having(text[:-1] + ("a" if text[-1] != "a" else "b"))
    assert (await guess.get("/v1/me")).status == 401
    assert await told() is None
    await parties.acme.having(text).get("/v1/me")
    first = await told()
    assert first is not None
    await parties.acme.having(text).get("/v1/me")
    assert (await told() or "") > first
