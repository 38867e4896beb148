"""Everybody who may call: the operator, two partners, their clients, and keys of each kind."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from infra.database import Database
from services.cli.commands.key import make_first
from tenants.identity.permissions import ALLOWED, Permission, Scope
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

    def calling(self, other: Caller) -> Parties:
        """The same by the same keys, of the application that `other` calls."""
        callers = {name: getattr(self, name) for name in self.__struct_fields__ if name != "ids"}
        return Parties(ids=dict(self.ids), **{name: other.having(one.key) for name, one in callers.items()})


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
            callers[client] = operator.having(await first_key(operator, f"{partner}/{client}/live"))
    callers["acme_test"] = operator.having(await first_key(operator, "north/acme/test"))
    return Parties(operator=operator, nobody=operator.having(None), ids=ids, **callers)


async def holding_all(parties: Parties) -> Parties:
    """The same with keys that hold whatever one of their scope may, so that nothing is refused for want of it."""
    callers: dict[str, Caller] = {}
    for partner, clients in (("north", ("acme", "sibling")), ("south", ("foreign",))):
        held = sorted(ALLOWED[Scope.PARTNER])
        callers[partner] = parties.nobody.having(await make_key(parties.operator, partner=partner, permissions=held))
        for client in clients:
            callers[client] = await _client_holding_all(parties.nobody, f"{partner}/{client}/live")
    callers["acme_test"] = await _client_holding_all(parties.nobody, "north/acme/test")
    return msgspec.structs.replace(parties, **callers)


async def _client_holding_all(nobody: Caller, place: str) -> Caller:
    return nobody.having(await first_key(nobody, place, ALLOWED[Scope.CLIENT]))


async def first_key(caller: Caller, place: str, permissions: Collection[str] | None = None) -> str:
    """The text of a key of a client's, such as `north/acme/live`: nobody above it could make one that holds as much.

    `caller` calls the installation that it is of.
    """
    edge = getattr(caller.app, "api", caller.app)
    database: Database = edge.app.state.resources.database
    wanted = None if permissions is None else frozenset(map(Permission, permissions))
    return (await make_first(database, place, "test", wanted))[1]


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
