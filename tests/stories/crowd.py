"""Many people who decide at once, each as a careful client: the same again while they are told to come again."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tests.patience import PATIENCE
from tests.portal.site import Site
from tests.stories.somebody import Somebody, hired
from tests.stories.town import Town

WORKFLOW: Final = "ask"
_END: Final = b"\r\n\r\n"
_COME_AGAIN: Final = frozenset({429, 503})
_HURRY: Final = 32


class Wanted(msgspec.Struct, frozen=True):
    """What one person is to decide of one task; `tag` is the task's as they saw it."""

    task: str
    who: Somebody
    outcome: str
    tag: str


class Crowd:
    """`told`: how many answers of each status; 0 counts the lines that were cut. `took`: seconds of each decision."""

    def __init__(self, town: Town, people: Sequence[Somebody]) -> None:
        self.town, self.people = town, people
        self.told: Counter[int] = Counter()
        self.took: list[float] = []
        self.unclear: list[str] = []
        self._port = int(town.site.api_url.rpartition(":")[2])

    async def asked(self, count: int) -> list[str]:
        """The ids of so many open tasks, made by as many runs."""
        room = asyncio.Semaphore(_HURRY)

        async def begin(number: int) -> None:
            async with room:
                name = f"ASK-{number}"
                assert await self.town.send("order.asked", name, {"number": name}) == 202

        await asyncio.gather(*(begin(number) for number in range(count)))
        statement = "SELECT task_id::text AS task FROM app.human_task WHERE tenant_id = $1 AND kind = 'ask'"
        until = time.monotonic() + PATIENCE + count
        while len(await self.town.rows(statement)) < count:
            assert time.monotonic() < until, await self.town.faults()
            await asyncio.sleep(0.25)
        return await self._listed(count)

    async def _listed(self, count: int) -> list[str]:
        found: list[str] = []
        path = "/v1/tasks?kind=ask&limit=200"
        while True:
            page = await self.people[0].get(path)
            found += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            path = f"/v1/tasks?kind=ask&limit=200&cursor={page['next']}"
        assert len(set(found)) == count
        return found

    async def wishes(self, tasks: Sequence[str]) -> list[Wanted]:
        """One for each: its people take turns, and so do the outcomes."""
        room = asyncio.Semaphore(_HURRY)

        async def seen(place: int, task: str) -> Wanted:
            who = self.people[place % len(self.people)]
            async with room:
                said = await who.ask("GET", f"/v1/tasks/{task}")
            assert said.status == 200, said.json
            return Wanted(task, who, "reject" if place % 3 == 0 else "approve", said.headers["etag"])

        return list(await asyncio.gather(*(seen(place, task) for place, task in enumerate(tasks))))

    async def decide(self, wanted: Sequence[Wanted], *, seconds: float = 300.0) -> None:
        """All at once. Returns when each of them was told that it is decided."""
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(self._insist(one) for one in wanted))

    async def _insist(self, wanted: Wanted) -> None:
        began = time.perf_counter()
        while True:
            try:
                status, headers, body = await self._post(wanted)
            except (OSError, EOFError):
                self.told[0] += 1
                await asyncio.sleep(0.2 + random.random())  # noqa: S311 (spreads load, guards nothing)
                continue
            self.told[status] += 1
            if status not in _COME_AGAIN:
                if status != 200:
                    self.unclear.append(f"{status} {body[:300]!r}")
                break
            assert b"application/problem+json" in headers, headers
            wait = int(headers.partition(b"retry-after: ")[2].partition(b"\r\n")[0])
            assert msgspec.json.decode(body)["type"] in {"/problems/unavailable", "/problems/too-many-requests"}
            await asyncio.sleep(wait * (1 + random.random()))  # noqa: S311 (as above)
        self.took.append(time.perf_counter() - began)

    async def _post(self, wanted: Wanted) -> tuple[int, bytes, bytes]:
        """Status, headers in lower case, and body; a line of its own. Raises OSError or EOFError when it is cut."""
        host = f"{self.town.site.harbor.host}:{self._port}"
        content = msgspec.json.encode({"outcome": wanted.outcome, "seconds": 1})
        head: dict[str, Any] = {
            "Host": host,
            "Origin": f"http://{host}",
            "Sec-Fetch-Site": "same-origin",
            "Cookie": wanted.who.cookie,
            "If-Match": wanted.tag,
            "Content-Type": "application/json",
            "Content-Length": len(content),
            "Connection": "close",
        }
        lines = [
            f"POST /v1/tasks/{wanted.task}/complete HTTP/1.1",
            *(f"{name}: {value}" for name, value in head.items()),
        ]
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write("\r\n".join(lines).encode() + _END + content)
            headers = (await reader.readuntil(_END)).lower()
            length = headers.partition(b"content-length: ")[2].partition(b"\r\n")[0]
            return int(headers.split(b" ", 2)[1]), headers, await reader.readexactly(int(length or b"0"))
        finally:
            writer.close()


async def gathered(site: Site, slug: str, people: int) -> Crowd:
    """So many clerks of a client of their own, where orders are asked about; no worker yet."""
    town = await Town.founded(site, slug, ["desk"], [])
    clerks = await hired(site, town.tenant, {f"clerk-{n}@{slug}.example": ["desk"] for n in range(people)})
    await town.publish(WORKFLOW)
    return Crowd(town, clerks)
