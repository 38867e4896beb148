"""Two partners with a host and a brand each, their clients, and people who sign in there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from services.portal.cookies import DEVICE, NAME
from tenants.identity import accounts
from tenants.identity import service as identity
from tenants.identity.accounts import NewAccount
from tenants.identity.passwords import Passwords
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tenants.organizations.branding import Look
from tests.asgi import Answer, Caller
from tests.services.api.parties import first_key, make_key

PASSWORD = "correct horse battery staple"  # noqa: S105 (everybody's in these tests)
NORTH, SOUTH = "north.localhost", "portal.south.example"
CLERK, APPROVER, BUYER = "clerk@acme.example", "approver@acme.example", "buyer@foreign.example"


class Visitor(msgspec.Struct, frozen=True):
    """A browser on a host: sends what one sends, with the cookie that it has."""

    caller: Caller
    host: str
    token: str | None = None
    device: str | None = None

    @property
    def origin(self) -> str:
        return f"http://{self.host}:8420" if self.host.endswith("localhost") else f"https://{self.host}"

    def having(self, token: str | None) -> Visitor:
        return msgspec.structs.replace(self, token=token)

    def at(self, host: str) -> Visitor:
        return msgspec.structs.replace(self, host=host)

    def by(self, address: str) -> Visitor:
        """Connecting from another address."""
        return msgspec.structs.replace(self, caller=self.caller.by(address))

    def known_by(self, device: str | None) -> Visitor:
        return msgspec.structs.replace(self, device=device)

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A header of the value '' is left out; `_` in names stands for `-`."""
        port = ":8420" if self.host.endswith("localhost") else ""
        sent = {"host": f"{self.host}{port}", "origin": self.origin, "sec-fetch-site": "same-origin"}
        given = {"theme": "dark", NAME: self.token, DEVICE: self.device}
        if self.token is not None or self.device is not None:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in given.items() if value is not None)
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.caller.send(method, path, body, headers=sent)

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.send("GET", path, **headers)

    async def sign_in(self, email: str = CLERK, password: str = PASSWORD, **headers: str) -> Answer:
        return await self.send("POST", "/portal/session", {"email": email, "password": password}, **headers)

    async def signed_in(self, email: str = CLERK) -> Visitor:
        answer = await self.sign_in(email)
        assert answer.status == 201, answer.body
        return self.having(token_of(answer)).known_by(cookies_of(answer).get(DEVICE, self.device))


class House(msgspec.Struct, frozen=True):
    """`north` and `south` are browsers on the hosts of two partners; `operator` calls the API."""

    operator: Caller
    north: Visitor
    south: Visitor
    ids: dict[str, UUID]
    keys: dict[str, str]

    def calling(self, nobody: Caller) -> House:
        """The same of another application, which `nobody` calls without a key."""
        north, south = (Visitor(nobody, one.host) for one in (self.north, self.south))
        return House(nobody.having(self.operator.key), north, south, dict(self.ids), dict(self.keys))


def token_of(answer: Answer) -> str:
    return cookies_of(answer)[NAME]


def cookies_of(answer: Answer) -> dict[str, str]:
    """The cookies that an answer sets, by name."""
    pairs = (line.partition(";")[0].partition("=") for line in answer.headers["set-cookie"].split("\n"))
    return {name: value for name, _, value in pairs}


CAST = (("north", NORTH, "acme", (CLERK, APPROVER)), ("south", SOUTH, "foreign", (BUYER, CLERK)))
"""Slugs, hosts, clients and their people, of two partners."""


async def make_house(nobody: Caller, database: Database, cast: Sequence[Sequence[Any]] = CAST) -> House:
    async with database.session(Scope.operator()) as session:
        _, text = await identity.create_operator(session, "first", actor="test")
        await session.commit()
    operator = nobody.having(text)
    found: dict[str, UUID] = {}
    keys = {"operator": text}
    passwords = Passwords()
    stored = await passwords.hash(PASSWORD)
    passwords.close()
    for partner, host, client, people in cast:
        made = await operator.post("/v1/partners", {"slug": partner, "name": partner.title()})
        found[partner] = ids.read("ptr", made.json["id"])
        keys[partner] = await make_key(operator, partner=partner)
        made = await nobody.having(keys[partner]).post("/v1/clients", {"slug": client, "name": client.title()})
        tenant = ids.read("ten", next(one["id"] for one in made.json["tenants"] if one["environment"] == "live"))
        found[client] = tenant
        keys[client] = await first_key(nobody, f"{partner}/{client}/live")
        async with database.session(Scope.operator()) as session:
            row = await organizations.find_partner(session, partner)
            look = Look(name=f"{partner.title()} Portal", accent="#ffd400" if partner == cast[1][0] else "#0b7285")
            await branding.set_brand(session, row, look, actor="test")
            await branding.add_host(session, row, host, actor="test")
            await session.commit()
        async with database.session(Scope.tenant(tenant)) as session:
            for email in people:
                new = NewAccount(
                    partner_id=found[partner], tenant_id=tenant, email=email, name=email.partition("@")[0].title(),
                    password_hash=stored,
                )  # fmt: skip
                row_of = await accounts.create(session, new, actor="test")
                found[f"{email} at {partner}"] = row_of.account_id
            await session.commit()
    return House(operator, Visitor(nobody, cast[0][1]), Visitor(nobody, cast[1][1]), found, keys)


async def change(database: Database, scope: Scope, statement: str, **values: object) -> None:
    async with database.session(scope) as session:
        await session.execute(text(statement), values)
        await session.commit()
