"""The API of a plant, as the holder of one key."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from infra import ids
from tests.faults.plant import Plant
from tests.patience import PATIENCE, Pauses

_CREATED: Final = frozenset({200, 201})
_EVENTS: Final = {"content-type": "application/cloudevents+json"}


class NotMade(AssertionError):
    """The API refused the document, or another thing; the text is its answer."""


class Desk:
    """Requests of the API as the holder of `key`."""

    def __init__(self, plant: Plant, key: str) -> None:
        self._plant = plant
        self._key = key

    async def get(self, path: str) -> Any:
        answer = await self._plant.request("GET", path, key=self._key)
        assert answer.status == 200, answer.body
        return msgspec.json.decode(answer.body)

    async def lifecycle(self, run: str) -> list[Any]:
        """Every event, page after page."""
        events: list[Any] = []
        path: str | None = f"/v1/runs/{run}/lifecycle?limit=20"
        while path is not None:
            answer = await self._plant.request("GET", path, key=self._key)
            assert answer.status == 200, answer.body
            events += msgspec.json.decode(answer.body)
            link = answer.headers.get("link")
            path = None if link is None else link[1 : link.index(">")]
        return events

    async def make(self, path: str, body: dict[str, Any]) -> Any:
        answer = await self._plant.request("POST", path, body, key=self._key)
        if answer.status not in _CREATED:
            raise NotMade(answer.body.decode())
        return msgspec.json.decode(answer.body)

    async def publish(self, text: str) -> str:
        return str((await self.make("/v1/workflows", {"document": text}))["id"])

    async def send(self, given: dict[str, Any]) -> None:
        answer = await self._plant.request("POST", "/v1/events", given, headers=_EVENTS, key=self._key)
        assert answer.status == 202, answer.body

    async def connect(self, name: str, double: str, secret: Any) -> str:
        """The id of a connection to `double` whose secrets are the members of `secret`."""
        settings = {"base_url": double.partition("#")[0]}
        made = await self.make(
            "/v1/connections", {"name": name, "connector": "http", "settings": settings, "secrets": secret}
        )
        return str(made["id"])

    async def query(self, text: str, *values: Any) -> list[Any]:
        """Rows of the database, as its superuser."""
        return await self._plant.query(text, *values)

    async def emitted(self, run: str, known: set[str]) -> list[dict[str, Any]]:
        """What the runs of the tenant of `run` emitted, when all of it has been taken in: its events but `known`."""
        query = self._plant.query
        (row,) = await query("SELECT tenant_id FROM app.run WHERE run_id = $1", ids.read("run", run))
        tenant = row["tenant_id"]
        looks = Pauses()
        async with asyncio.timeout(PATIENCE):
            while await query("SELECT 1 FROM app.outbox WHERE tenant_id = $1", tenant):
                await looks.pause()
        rows = await query("SELECT content::text FROM app.event WHERE tenant_id = $1 ORDER BY event_id", tenant)
        events = [msgspec.json.decode(row["content"]) for row in rows]
        return [one for one in events if (one["source"], one["id"]) not in {("/tests", name) for name in known}]
