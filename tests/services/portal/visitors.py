"""Two partners with a host and a brand each, their clients, and people who sign in there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from services.portal.cookies import NAME
from tenants.identity import accounts
from tenants.identity import service as identity
from tenants.identity.accounts import NewAccount
from tenants.identity.passwords import Passwords
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tenants.organizations.branding import Look
from tests.asgi import Answer, Caller
from tests.services.api.parties import make_key

PASSWORD = "correct horse battery staple"  # noqa: S105 (everybody's in these tests)
NORTH, SOUTH = "north.localhost", "portal.south.example"
ANA, BEN, SUE = "ana@acme.example", "ben@acme.example", "ana@foreign.example"


class Visitor(msgspec.Struct, frozen=True):
    """A browser on a host: sends what one sends, with the cookie that it has."""

    caller: Caller
    host: str
    token: str | None = None

    @property
    def origin(self) -> str:
        return f"http://{self.host}:8420" if self.host.endswith("localhost") else f"https://{self.host}"

    def having(self, token: str | None) -> Visitor:
        return Visitor(self.caller, self.host, token)

    def at(self, host: str) -> Visitor:
        return Visitor(self.caller, host, self.token)

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A header of the value '' is left out; `_` in names stands for `-`."""
        port = ":8420" if self.host.endswith("localhost") else ""
        sent = {"host": f"{self.host}{port}", "origin": self.origin, "sec-fetch-site": "same-origin"}
        if self.token is not None:
            sent["cookie"] = f"theme=dark; {NAME}={self.token}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.caller.send(method, path, body, headers=sent)

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.send("GET", path, **headers)

    async def sign_in(self, email: str = ANA, password: str = PASSWORD, **headers: str) -> Answer:
        return await self.send("POST", "/portal/session", {"email": email, "password": password}, **headers)

    async def signed_in(self, email: str = ANA) -> Visitor:
        answer = await self.sign_in(email)
        assert answer.status == 201, answer.body
        return self.having(token_of(answer))


class House(msgspec.Struct, frozen=True):
    """`north` and `south` are browsers on the hosts of two partners; `operator` calls the API."""

    operator: Caller
    north: Visitor
    south: Visitor
    ids: dict[str, UUID]
    keys: dict[str, str]


def token_of(answer: Answer) -> str:
    return answer.headers["set-cookie"].partition("=")[2].partition(";")[0]


async def make_house(nobody: Caller, database: Database) -> House:
    async with database.session(Scope.operator()) as session:
        _, text = await identity.create_operator(session, "first", actor="test")
        await session.commit()
    operator = nobody.having(text)
    found: dict[str, UUID] = {}
    keys = {"operator": text}
    passwords = Passwords()
    stored = await passwords.hash(PASSWORD)
    passwords.close()
    for partner, host, client, people in (
        ("north", NORTH, "acme", (ANA, BEN)),
        ("south", SOUTH, "foreign", (SUE, ANA)),
    ):
        made = await operator.post("/v1/partners", {"slug": partner, "name": partner.title()})
        found[partner] = ids.read("ptr", made.json["id"])
        keys[partner] = await make_key(operator, partner=partner)
        made = await nobody.having(keys[partner]).post("/v1/clients", {"slug": client, "name": client.title()})
        tenant = ids.read("ten", next(one["id"] for one in made.json["tenants"] if one["environment"] == "live"))
        found[client] = tenant
        keys[client] = await make_key(nobody.having(keys[partner]), client=client, environment="live")
        async with database.session(Scope.operator()) as session:
            row = await organizations.find_partner(session, partner)
            look = Look(name=f"{partner.title()} Portal", accent="#ffd400" if partner == "south" else "#0b7285")
            await branding.set_brand(session, row, look, actor="test")
            await branding.add_host(session, row, host, actor="test")
            await session.commit()
        async with database.session(Scope.tenant(tenant)) as session:
            for email in people:
                new = NewAccount(
                    partner_id=found[partner], tenant_id=tenant, email=email, name=email[:3].title(),
                    password_hash=stored,
                )  # fmt: skip
                row_of = await accounts.create(session, new, actor="test")
                found[f"{email} at {partner}"] = row_of.account_id
            await session.commit()
    return House(operator, Visitor(nobody, NORTH), Visitor(nobody, SOUTH), found, keys)


async def change(database: Database, scope: Scope, statement: str, **values: object) -> None:
    async with database.session(scope) as session:
        await session.execute(text(statement), values)
        await session.commit()
