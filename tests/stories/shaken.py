"""A client whose people work while worker and API are killed, at a crash point or just so, and begun anew."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from http.client import HTTPConnection, HTTPException
from typing import Any, Final, Self

import msgspec
import pytest

from infra import egress
from infra.database import Database, Scope
from tenants.mail import service as mail
from tenants.organizations import service as organizations
from tests.faults.deaths import crashes
from tests.faults.plant import end
from tests.patience import PATIENCE
from tests.portal.postbox import Postbox, parts, postbox
from tests.portal.site import Site
from tests.stories.somebody import Said
from tests.stories.town import Town

ROLES: Final = ("clerk", "manager", "finance")
_LINK: Final = re.compile(r"https?://[^/\s]+/(?:answer|status)#([\w.-]+)")
_TO: Final = re.compile(r"^To: .*?([^\s<>]+@[^\s<>]+)", re.MULTILINE)
_TAKEN: Final = (
    "UPDATE app.mail SET taken_until = NULL WHERE tenant_id = $1",
    "UPDATE app.task_mail SET due_at = clock_timestamp() WHERE tenant_id = $1",
    "UPDATE app.deadline SET wake_at = least(wake_at, next_at) WHERE tenant_id = $1 AND next_at IS NOT NULL",
    "UPDATE app.evidence_pack SET taken_until = NULL WHERE tenant_id = $1",
)
"""What somebody had in hand who died is anybody's again after minutes: here they have passed."""


class Shaken(Town):
    """`box`: every mail that left, as its server got it."""

    box: Postbox

    @classmethod
    @asynccontextmanager
    async def living(cls, site: Site, slug: str, rows: Sequence[Mapping[str, Any]]) -> AsyncIterator[Self]:
        """With a person for each of `ROLES`, a mail server, and a worker; both end with it."""
        async with postbox("mail.carrier.example") as box:
            town = await cls.founded(site, slug, ROLES, rows)
            town.box = box
            database = await Database(site.stack.endpoints.database_url, pool_size=1).open()
            async with database.session(Scope.operator()) as session:
                partner = await organizations.find_partner(session, site.harbor.partner_slug)
                await mail.set_sending(session, partner, sender="notices@harbor.example", language="en", actor="tests")
                await session.commit()
            await database.close()
            town.start_worker()
            yield town
            town.stop()

    def start_worker(self, point: str = "") -> None:
        self.worker = self.site.start_worker(point, changes=self._posts())

    def start_doomed(self, point: str) -> None:
        self.start_worker(point)

    def _posts(self) -> dict[str, str]:
        given = {"HOST": "127.0.0.1", "PORT": str(self.box.port), "SECURITY": "none"}
        return {f"WAYBILL_MAIL_{name}": value for name, value in given.items()}

    async def dies(self) -> None:
        """Worker and API at once, wherever they are; others follow."""
        end(self.worker)
        end(self.site.api)
        await self._follow()

    async def worker_dies_at(self, point: str, doing: Awaitable[Any]) -> None:
        """The worker ends; another one is killed at this point while that is done, and is followed by a third."""
        end(self.worker)
        self.start_worker(point)
        await doing
        await self.dies_at(point)
        await self.forget_the_dead()

    async def api_dies_at(self, point: str, doing: Awaitable[Any]) -> None:
        """The API is killed at this point while it is asked that: nobody is told what came of it."""
        end(self.site.api)
        api = self.site.start_api({"WAYBILL_CRASH_POINTS": "1", "WAYBILL_CRASH_POINT": point})
        await self.site.answers(self.site.api_url + "/health/ready")
        with pytest.raises((OSError, HTTPException, egress.Failed)):
            await doing
        assert crashes(self.site, api)[point.partition("~")[0]] == 1
        end(api)
        await self._follow(worker=False)

    async def _follow(self, *, worker: bool = True) -> None:
        await self.forget_the_dead()
        self.site.start_api()
        if worker:
            self.start_worker()
        await self.site.answers(self.site.api_url + "/health/ready")

    async def forget_the_dead(self) -> None:
        for statement in _TAKEN:
            await self.rows(statement)

    async def once(self, mark: str, path: str, body: Any, *, key: str = "") -> Any:
        """Post with this `Idempotency-Key`; by the client's key, or by `key`."""
        answer = await self.site.request("POST", path, body, {"Idempotency-Key": mark}, key=key or self.key)
        assert answer.status in {200, 201, 202}, (path, answer.body)
        return msgspec.json.decode(answer.body)

    async def file(self, path: str, content: bytes) -> str:
        """A document with this content; its id."""
        return str((await asyncio.to_thread(self._raw, "POST", path, content)).json["id"])

    async def content(self, path: str) -> bytes:
        found = await self.site.request("GET", path, key=self.key)
        assert found.status == 200, found.body
        return found.body

    async def count(self, query: str, *values: Any) -> int:
        """The one row of a query that counts as `n`; `$1` is the environment."""
        (row,) = await self.rows(query, *values)
        found: int = row["n"]
        return found

    async def make(self, document: str, name: str) -> str:
        """Publish and deploy it; the deployment's id."""
        made = await self.post("/v1/workflows", {"document": document})
        found: str = (await self.post("/v1/deployments", {"name": name, "workflow": made["id"]}))["id"]
        return found

    async def began(self, workflow: str) -> str:
        """The one run of it."""
        (one,) = await self.until(lambda: self.runs(workflow), f"{workflow} is to begin")
        run: str = one["id"]
        return run

    def got(self, address: str) -> list[list[str]]:
        """The mails that somebody got, whole."""
        mails = [parts(one) for one in self.box.taken]
        return [one for one in mails if any(found[1] == address for found in map(_TO.match, one) if found)]

    async def token(self, address: str) -> str:
        """Of the link in the one mail that somebody got, once it is there."""

        async def came() -> list[list[str]]:
            return self.got(address)

        (one,) = await self.until(came, f"a mail is to come to {address}")
        found = next(filter(None, map(_LINK.search, one)), None)
        assert found is not None, one
        return found[1]

    async def by_link(self, method: str, path: str, token: str, body: Any = None) -> Said:
        """As the page of a link asks, on the partner's host."""
        return await asyncio.to_thread(self._by_link, method, path, token, body)

    def _by_link(self, method: str, path: str, token: str, body: Any) -> Said:
        host = f"{self.site.harbor.host}:{self._port}"
        sent = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin", "X-Link": token}
        return self._send(method, path, sent, body)

    def _raw(self, method: str, path: str, content: bytes) -> Said:
        return self._send(method, path, {"Authorization": f"Bearer {self.key}"}, content)

    @property
    def _port(self) -> int:
        return int(self.site.api_url.rpartition(":")[2])

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> Said:
        content = body if isinstance(body, bytes) else None if body is None else msgspec.json.encode(body)
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        sent = {**headers, **({"Content-Type": kind} if content is not None else {})}
        with contextlib.closing(HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)) as line:
            line.request(method, path, content, sent)
            answer = line.getresponse()
            told = answer.read()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Said(answer.status, found, msgspec.json.decode(told) if told else None)
