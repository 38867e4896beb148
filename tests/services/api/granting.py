"""What somebody with any permissions tries to give away at a client, by each way that there is (S-05, S-68)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Literal, get_args

import msgspec
from hypothesis import strategies as st

from infra.database import Database, Scope
from infra.settings import Settings
from services.api.app import create_app
from tenants.identity import service as identity
from tenants.identity.permissions import ALLOWED
from tenants.identity.permissions import Scope as Level
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tests.asgi import Answer, Caller, running
from tests.services.api.directories import Directory, make_directory
from tests.services.api.parties import Parties, holding_all, make_key, make_parties
from tests.services.api.things import make_person

Way = Literal["key", "default key", "rotate", "role", "change", "invite", "give", "enable", "group"]
WAYS: Final[tuple[Way, ...]] = get_args(Way)
HOST: Final = "north.localhost"


class Try(msgspec.Struct, frozen=True):
    """`who` chooses among those who may try, `what` among the roles that there are."""

    way: Way
    who: int
    what: int
    permissions: frozenset[str]


TRIES: Final = st.lists(
    st.builds(
        Try,
        way=st.sampled_from(WAYS),
        who=st.integers(0, 99),
        what=st.integers(0, 99),
        permissions=st.frozensets(st.sampled_from(sorted(ALLOWED[Level.CLIENT])), min_size=1, max_size=4),
    ),
    min_size=3,
    max_size=12,
)


class Maker(msgspec.Struct, frozen=True):
    """Whoever tries, and what it holds; a partner's names the client."""

    caller: Caller
    held: frozenset[str]
    place: dict[str, str]


class Desk(msgspec.Struct):
    """One installation for all examples; acme has an administrator, `boss`, and a viewer, `low`.

    Its directory has made `ada`, who is in no group.
    """

    parties: Parties
    boss: str
    low: str
    directory: Directory
    ada: str
    given: int = 0
    joined: int = 0
    number: int = 0

    async def example(self, held: frozenset[str], tries: list[Try]) -> None:
        partner = self.parties.nobody.having(
            await make_key(self.parties.operator, partner="north", permissions=sorted(held))
        )
        makers = [Maker(partner, held, {"client": "acme", "environment": "live"})]
        for one in tries:
            maker = makers[one.who % len(makers)]
            # The administrator sees every role, whoever tries.
            listed = (await self.parties.acme.get("/v1/roles?limit=200")).json["items"]
            role = listed[one.what % len(listed)]
            if one.way == "group" and one.what % 2 == 0:
                role = next(of for of in listed if of["slug"] == "look")
            try_it = self._join if one.way == "group" else self._try
            answer = await try_it(one, maker, role["id"])
            assert answer.status < 500, answer.body
            if answer.status >= 300:
                continue
            if one.way == "group":
                given = frozenset(role["permissions"])
                await self._leave(role["id"])
            else:
                given = await self._given(answer.json)
            assert given <= maker.held, (one, sorted(given - maker.held), answer.body)
            self.given += len(given)
            self.joined += one.way == "group"
            if one.way != "group" and "key" in answer.json:
                makers.append(Maker(partner.having(answer.json["key"]), given, {}))

    async def _leave(self, group: str) -> None:
        nobody = {"op": "replace", "path": "members", "value": []}
        left = await self.directory.patch(f"/Groups/{group}", nobody)
        assert left.status == 204, left.body

    async def _try(self, one: Try, maker: Maker, role: str) -> Answer:
        self.number += 1
        permissions = sorted(one.permissions)
        whom = self.boss if one.what % 5 == 0 else self.low
        sent: tuple[str, str, Any]
        match one.way:
            case "key":
                sent = ("POST", "/v1/keys", {"name": "k", "permissions": permissions, **maker.place})
            case "default key":
                sent = ("POST", "/v1/keys", {"name": "k", **maker.place})
            case "rotate":
                keys = (await self.parties.acme.get("/v1/keys?limit=200")).json["items"]
                sent = ("POST", f"/v1/keys/{keys[one.what % len(keys)]['id']}/rotate", {})
            case "role":
                new = {"slug": f"r-{self.number}", "name": "R", "level": "client", "permissions": permissions}
                sent = ("POST", "/v1/roles", new)
            case "change":
                sent = ("PATCH", f"/v1/roles/{role}", {"permissions": permissions})
            case "invite":
                wish = {"email": f"n{self.number}@acme.example", "name": "N", "roles": [role], "host": HOST}
                sent = ("POST", "/v1/invitations", {**wish, **maker.place})
            case "give":
                sent = ("PUT", f"/v1/people/{whom}/roles", {"roles": [role]})
            case _:
                sent = ("POST", f"/v1/people/{whom}/enable", None)
        return await maker.caller.send(*sent)

    async def _join(self, _one: Try, maker: Maker, group: str) -> Answer:
        """By the key of a directory of acme's that gets all that the maker may hand on."""
        held = sorted((maker.held & ALLOWED[Level.CLIENT]) | {"scim:write"})
        made = await maker.caller.post("/v1/keys", {"name": "k", "permissions": held, **maker.place})
        porter = maker.caller.having(made.json["key"]) if made.status == 201 else maker.caller
        one_more = {"op": "add", "path": "members", "value": [{"value": self.ada}]}
        return await msgspec.structs.replace(self.directory, caller=porter).patch(f"/Groups/{group}", one_more)

    async def _given(self, made: dict[str, Any]) -> frozenset[str]:
        """What a key, a role, an invitation or a person may do from now on."""
        assert not made.get("is_first"), "acme has an administrator"
        given = frozenset(made.get("permissions", ()))
        for one in made.get("roles", ()):
            role = one if isinstance(one, dict) else (await self.parties.acme.get(f"/v1/roles/{one}")).json
            given |= frozenset(role["permissions"])
        return given


@asynccontextmanager
async def opened(given: Settings) -> AsyncIterator[Desk]:
    app = create_app(given)
    async with running(app):
        database = await Database(given.database_url, pool_size=4).open()
        try:
            async with database.session(Scope.operator()) as session:
                _, key = await identity.create_operator(session, "first", actor="test")
                await session.commit()
            parties = await holding_all(await make_parties(Caller(app, key)))
            async with database.session(Scope.operator()) as session:
                partner = await organizations.find_partner(session, "north")
                await branding.add_host(session, partner, HOST, actor="test")
                await session.commit()
            boss = await _person(parties, database, "administrator")
            low = await _person(parties, database, "viewer")
            look = {"slug": "look", "name": "Look", "permissions": ["runs:read"]}
            assert (await parties.acme.post("/v1/roles", look)).status == 201
            directory = await make_directory(parties)
            yield Desk(parties, boss, low, directory, await directory.made("ada"))
        finally:
            await database.close()


async def _person(parties: Parties, database: Database, slug: str) -> str:
    known = (await parties.acme.get("/v1/roles")).json["items"]
    role = next(one["id"] for one in known if (one["slug"], one["level"]) == (slug, "client"))
    tenant = parties.ids["acme:live"]
    return await make_person(database, parties.ids["north"], tenant, role, f"{slug}@acme.example")
