"""Everybody who may call: the operator, two partners, their clients, and keys of each kind."""

from __future__ import annotations

import msgspec

from tests.asgi import Caller


class Parties(msgspec.Struct, frozen=True):
    """`acme` and `sibling` are clients of `north`, `foreign` one of `south`; all keys are for `live` unless named."""

    operator: Caller
    north: Caller
    south: Caller
    acme: Caller
    acme_test: Caller
    sibling: Caller
    foreign: Caller
    nobody: Caller
    ids: dict[str, str]


async def make_parties(operator: Caller) -> Parties:
    ids: dict[str, str] = {}
    callers: dict[str, Caller] = {}
    for partner, clients in (("north", ("acme", "sibling")), ("south", ("foreign",))):
        made = await operator.post("/v1/partners", {"slug": partner, "name": partner.title()})
        ids[partner] = made.json["id"]
        callers[partner] = operator.having(await make_key(operator, partner=partner))
        for client in clients:
            made = await callers[partner].post("/v1/clients", {"slug": client, "name": client.title()})
            ids[client] = made.json["id"]
            ids |= {f"{client}:{one['environment']}": one["id"] for one in made.json["tenants"]}
            callers[client] = operator.having(await make_key(callers[partner], client=client, environment="live"))
    callers["acme_test"] = operator.having(await make_key(callers["north"], client="acme", environment="test"))
    return Parties(operator=operator, nobody=operator.having(None), ids=ids, **callers)


async def make_key(maker: Caller, **body: object) -> str:
    """The text of a new key."""
    made = await maker.post("/v1/keys", {"name": "test", **body})
    assert made.status == 201, made.body
    text: str = made.json["key"]
    return text


async def id_of(caller: Caller) -> str:
    """The id of the caller's own key."""
    key: str = (await caller.get("/v1/me")).json["key"]
    return key
