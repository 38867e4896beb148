"""A person of a client's who is signed in to the portal of its partner, and decides by the same API as its pages."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.database import Database, Scope
from services.portal.cookies import NAME
from tenants.identity import accounts, role_repository
from tenants.identity.accounts import NewAccount
from tenants.identity.passwords import Passwords
from tests.patience import PATIENCE
from tests.portal.site import Site

PASSWORD: Final = "correct horse battery staple"  # noqa: S105 (of everybody in these tests)


class Said(msgspec.Struct, frozen=True):
    """An answer; `json` is None where it has no body."""

    status: int
    headers: dict[str, str]
    json: Any

    @property
    def problem(self) -> str:
        """The name of the problem that it tells."""
        return str(self.json["type"]).rpartition("/")[2]


class Somebody:
    """One whom `hired` let in; `cookie` is of their session."""

    def __init__(self, site: Site, email: str) -> None:
        self.site, self.email = site, email
        self.cookie = ""

    async def sign_in(self) -> None:
        said = await self.ask("POST", "/portal/session", {"email": self.email, "password": PASSWORD})
        assert said.status == 201, said.json
        pairs = dict(line.partition(";")[0].split("=", 1) for line in said.headers["set-cookie"].split("\n"))
        self.cookie = f"{NAME}={pairs[NAME]}"

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Said:
        """On the partner's host, as its pages ask; `_` in names of headers stands for `-`."""
        return await asyncio.to_thread(self._ask, method, path, body, headers)

    def _ask(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Said:
        port = int(self.site.api_url.rpartition(":")[2])
        host = f"{self.site.harbor.host}:{port}"
        sent = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin", "Cookie": self.cookie}
        sent |= {"Content-Type": "application/json"} if body is not None else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as line:
            line.request(method, path, None if body is None else msgspec.json.encode(body), sent)
            answer = line.getresponse()
            content = answer.read()
        found: dict[str, str] = {}
        for name, value in answer.getheaders():
            found[name.lower()] = f"{found[name.lower()]}\n{value}" if name.lower() in found else value
        return Said(answer.status, found, msgspec.json.decode(content) if content else None)

    async def get(self, path: str) -> Any:
        said = await self.ask("GET", path)
        assert said.status == 200, said.json
        return said.json

    async def task(self, kind: str, run: str) -> dict[str, Any]:
        """The open task of this kind of the run, whole, once it is in a queue of theirs."""
        until = time.monotonic() + PATIENCE
        while not (found := (await self.get(f"/v1/tasks?kind={kind}&run={run}"))["items"]):
            assert time.monotonic() < until, f"no {kind} came to {self.email}"
            await asyncio.sleep(0.25)
        (one,) = found
        whole: dict[str, Any] = await self.get(f"/v1/tasks/{one['id']}")
        return whole

    async def decide(
        self, kind: str, run: str, outcome: str, values: dict[str, Any] | None = None, **given: Any
    ) -> dict[str, Any]:
        """Complete that task as they see it; the task as it was."""
        task = await self.task(kind, run)
        said = await self.complete(task, outcome, values, **given)
        assert said.status == 200, said.json
        return task

    async def complete(
        self, task: dict[str, Any], outcome: str, values: dict[str, Any] | None = None, **given: Any
    ) -> Said:
        etag = (await self.ask("GET", f"/v1/tasks/{task['id']}")).headers["etag"]
        body = {"outcome": outcome, "values": values or {}, "saw": task["saw"], "seconds": 5, **given}
        return await self.ask("POST", f"/v1/tasks/{task['id']}/complete", body, if_match=etag)


async def hired(site: Site, tenant: UUID, people: Mapping[str, Sequence[str]]) -> list[Somebody]:
    """By address, with roles of these slugs, which must be there: made beside the API, and signed in through it."""
    passwords = Passwords()
    stored = await passwords.hash(PASSWORD)
    passwords.close()
    database = await Database(site.stack.endpoints.database_url, pool_size=1).open()
    async with database.session(Scope.tenant(tenant)) as session:
        found = {one.slug: one for one in await role_repository.roles(session)}
        partner = next(one.partner_id for one in found.values() if one.partner_id is not None)
        for email, roles in people.items():
            new = NewAccount(
                partner_id=partner,
                tenant_id=tenant,
                email=email,
                name=email.partition("@")[0].title(),
                password_hash=stored,
                permissions=frozenset(),
            )
            made = await accounts.create(session, new, actor="tests")
            await role_repository.give(session, made, [found[one].role_id for one in roles])
        await session.commit()
    await database.close()
    met = [Somebody(site, email) for email in people]
    for one in met:
        await one.sign_in()
    return met
