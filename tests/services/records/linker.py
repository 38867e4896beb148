"""A run of a client that says which ids are of one thing, and what it leaves."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.database import Database
from services.engine.claims import Claim, Claims
from services.engine.functions import Answer, Call, Done, Failed
from services.records.function import CrossReferenceFunction
from template_library.cross_references import NAME
from tests.world import World, deploy, make_tenant, start_runs

_KEYS: Final = "SELECT system, id, linked_by, entity_id FROM app.entity_key ORDER BY linked_at"


class Linker(msgspec.Struct):
    """`connections` by the names that the document has for them."""

    app: Database
    worker: Database
    world: World
    claim: Claim
    connections: dict[str, UUID]

    async def call(self, do: str = "link", *keys: dict[str, Any], kind: str = "customer", **more: Any) -> Answer:
        said: dict[str, Any] = {"keys": list(keys)} if do == "link" else {"key": keys[0]}
        call = Call(
            function=NAME,
            arguments={"do": do, "kind": kind, **said},
            reference="/do/0/link",
            key="k",
            tenant=self.world.tenant_id,
            run=self.claim.run_id,
            fence=self.claim.fence,
            bindings=self.connections,
        )
        return await CrossReferenceFunction(self.worker)(msgspec.structs.replace(call, **more))

    async def said(self, do: str, *keys: dict[str, Any], **more: Any) -> dict[str, Any]:
        answer = await self.call(do, *keys, **more)
        assert isinstance(answer, Done), answer
        assert isinstance(answer.output, dict)
        return answer.output

    async def refused(self, do: str, *keys: dict[str, Any], **more: Any) -> tuple[str, int, str]:
        """The last word of its type, its status and its detail."""
        answer = await self.call(do, *keys, **more)
        assert isinstance(answer, Failed), answer
        assert not answer.sent
        return answer.error.type.rpartition("/")[2], answer.error.status, answer.error.detail

    async def connect(self, name: str) -> UUID:
        made = ids.new()
        async with self.app.tenant(self.world.tenant_id) as connection:
            await connection.execute(
                "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
                "VALUES ($1, $2, $3, 'http', '{}')",
                *(self.world.tenant_id, made, name),
            )
        return made

    async def rows(self, statement: str = _KEYS, *given: Any) -> list[Any]:
        async with self.app.tenant(self.world.tenant_id) as connection:
            return [dict(row) for row in await connection.fetch(statement, *given)]

    async def keys(self) -> list[str]:
        """In the order of their linking; a bar between two of different entities."""
        rows = await self.rows()
        found = sorted(rows, key=lambda row: [str(one["entity_id"]) for one in rows].index(str(row["entity_id"])))
        text = ""
        for row, before in zip(found, [None, *found], strict=False):
            text += " | " if before is not None and before["entity_id"] != row["entity_id"] else " "
            text += f"{row['system']}:{row['id']}"
        return text.split()

    async def exceptions(self) -> list[tuple[str, str, str]]:
        """Cause, entity of data and state, the oldest first."""
        rows = await self.rows("SELECT cause, entity, state FROM app.exception ORDER BY exception_id")
        return [(row["cause"], row["entity"], row["state"]) for row in rows]


async def linker(app: Database, worker: Database, *names: str, slug: str = "acme") -> Linker:
    """With a run in hand, and connections of these names."""
    world = await make_tenant(app, slug)
    await deploy(app, world.tenant_id, "document: {}", event_type="order.captured")
    await start_runs(app, world.tenant_id, 1)
    (claim,) = await Claims(worker, "test", 3_600).take(1)
    made = Linker(app, worker, world, claim, {})
    made.connections = {name: await made.connect(name) for name in names}
    return made
