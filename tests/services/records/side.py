"""A client's shop, ERP and warehouse, whose events become records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.database import Database, Scope
from services.engine import starter
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.events.cloud_event import CloudEvent, read
from services.events.intake import Intake
from services.records import knowing, meeting
from services.records.intake import Intake as Recording
from services.records.keys import Key
from services.records.knowing import Known
from services.records.mapping import shelf
from services.records.mapping.document import Document, Mapping
from services.records.mapping.document import read as document
from services.records.mapping.shelf import Shelf
from services.records.meeting import Named
from tests.world import World, make_tenant

ACTOR: Final = "key:key_test"
PROGRAM: Final = """{number: .no, state: .status, ordered_at: .placed, customer: {id: .buyer}, currency: .currency,
 lines: [.rows[] | {line: .n, item: {id: .sku}, quantity: {value: .qty, unit: .uom}}]}
 | with_entries(select(.value != null))"""
ROW: Final = {"n": "1", "sku": "SKU-1", "qty": "2", "uom": "EACH"}
ORDER: Final = {
    "no": "SO-1",
    "status": "new",
    "placed": "2026-01-15T09:00:00Z",
    "buyer": "ACME",
    "currency": "USD",
    "rows": [ROW],
}
RECORD: Final = {
    "number": "SO-1",
    "state": "captured",
    "ordered_at": "2026-01-15T09:00:00Z",
    "customer": {"id": "ACME"},
    "currency": "USD",
    "lines": [{"line": "1", "item": {"id": "SKU-1"}, "quantity": {"value": "2", "unit": "EA"}}],
}
STATUSES: Final = {"new": "captured", "ok": "released", "sent": "shipped", "gone": "cancelled", "printed": None}


def mapping(system: str = "shop", **changes: Any) -> dict[str, Any]:
    """Of an order, as `system` tells of it by `<system>.order`."""
    return {
        "record": "sales-order",
        "system": system,
        "events": {f"{system}.order": None},
        "program": PROGRAM,
        "statuses": {"statuses": list(STATUSES), "states": STATUSES},
        "units": {"EACH": "EA", "CASE": "XCS"},
        "examples": [{"name": "placed", "data": ORDER, "record": RECORD}],
        **changes,
    }


def told(number: int, at: int, kind: str = "shop.order", **changes: Any) -> CloudEvent:
    """An event of minute `at`."""
    named = {"specversion": "1.0", "id": str(number), "source": "/shop", "type": kind}
    body = {**named, "time": f"2026-01-15T09:{at:02}:00Z", "data": {**ORDER, **changes}}
    return read({"content-type": "application/cloudevents+json"}, msgspec.json.encode(body))


async def release(app: Database, world: World, name: str, said: dict[str, Any]) -> Mapping:
    """A mapping of the client's, as it is done from now on."""
    its = Shelf(world.partner_id, world.tenant_id)
    async with app.session(Scope.tenant(world.tenant_id)) as session:
        draft = await shelf.put(session, its, name, document(said), actor=ACTOR)
        await shelf.release(session, its, draft, actor=ACTOR)
        whole = await shelf.whole(session, its, name, draft.document)
        await session.commit()
    return whole


class Side(msgspec.Struct):
    app: Database
    worker: Database
    world: World
    events: Intake
    recording: Recording

    async def use(self, name: str, said: dict[str, Any]) -> Mapping:
        """Release a mapping; its examples are the business of other tests."""
        return await release(self.app, self.world, name, said)

    async def share(self, name: str, said: dict[str, Any]) -> Document:
        """Release a mapping of the partner's."""
        its = Shelf(self.world.partner_id)
        async with self.app.session(Scope.partner(self.world.partner_id)) as session:
            draft = await shelf.put(session, its, name, document(said), actor=ACTOR)
            made = await shelf.release(session, its, draft, actor=ACTOR)
            await session.commit()
        return made.document

    async def send(self, *events: CloudEvent) -> list[UUID]:
        """And take them into records."""
        found = [(await self.events.receive(self.world.tenant_id, one, ACTOR)).event_id for one in events]
        await self.record()
        return found

    async def record(self) -> None:
        await self.recording.round(self.world.tenant_id)

    async def known(self, id_: str, system: str = "shop", kind: str = "sales-order") -> Known:
        tenant = self.world.tenant_id
        async with self.worker.tenant(tenant) as connection:
            entity = await meeting.find(connection, tenant, Named(kind, Key(system, id_)))
            assert entity is not None
            return await knowing.known(connection, tenant, entity, kind)

    async def rows(self, query: str) -> list[Any]:
        async with self.app.tenant(self.world.tenant_id) as connection:
            return [dict(row) for row in await connection.fetch(query)]

    async def told(self) -> list[tuple[str, Any]]:
        """The events of the catalogue that followed: type and data, in the order of their moments."""
        found = await self.rows("SELECT type, content::text AS content FROM app.event WHERE source = 'urn:records'")
        read_ = [(row["type"], msgspec.json.decode(row["content"])) for row in found]
        return [(kind, one["data"]) for kind, one in sorted(read_, key=lambda pair: (pair[1]["time"], pair[1]["id"]))]

    async def exceptions(self, state: str = "open") -> list[tuple[str, str]]:
        """Cause and title."""
        query = "SELECT cause, title, state FROM app.exception ORDER BY exception_id"
        return [(row["cause"], row["title"]) for row in await self.rows(query) if row["state"] == state]

    async def waiting(self) -> list[str | None]:
        return [row["problem"] for row in await self.rows("SELECT problem FROM app.translation ORDER BY event_id")]


@asynccontextmanager
async def side(app: Database, worker: Database, slug: str = "acme") -> AsyncIterator[Side]:
    world = await make_tenant(app, slug)
    async with ExpressionPool(size=1) as pool:
        events = Intake(app, starter.follow, lambda: None, judge=lambda: None)
        yield Side(app, worker, world, events, Recording(worker, Expressions(pool)))
