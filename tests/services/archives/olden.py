"""Runs that ended long ago, with all that may belong to one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from infra.ids import TenantId
from services.archives.archiver import archive_due
from services.archives.retention import Rules
from services.engine import payload_rows, starter
from services.engine.claims import Claims
from services.engine.journal import Entry
from services.engine.payloads import Large
from services.engine.starter import Beginning
from tests.world import deploy, make_tenant, progress, write

RULES = Rules(400, 30)
LARGE = {"rows": [{"item": f"A-{number}", "text": "x" * 20} for number in range(1_500)]}


class Olden:
    """A tenant with a deployment, and a folder for archives."""

    def __init__(self, app: Database, worker: Database, server: tuple[Stack, Endpoints], folder: Path) -> None:
        self.app, self.worker, self.folder = app, worker, folder
        self._stack, self._name = server[0], server[1].database_url.rpartition("/")[2]
        self.tenant = TenantId(UUID(int=0))
        self.deployment = UUID(int=0)

    async def open(self, slug: str = "acme") -> Olden:
        self.tenant = (await make_tenant(self.app, slug)).tenant_id
        self.deployment = await deploy(self.app, self.tenant, "document: {}", event_type="order.captured")
        return self

    async def archived(self, tenant: TenantId, deployment: UUID) -> UUID:
        """A run of this deployment, which is in an archive and nowhere else. There is no other run yet."""
        self.tenant, self.deployment = tenant, deployment
        run = await self.ended(410)
        assert await archive_due(self.worker, self.folder, RULES) == 1
        return run

    def sql(self, *statements: str, **named: object) -> str:
        """As the server's administrator; `:'name'` in a statement is what is given as `name`."""
        given = {"tenant": self.tenant, "deployment": self.deployment, **named}
        return self._stack.postgres.run_sql(
            list(statements), self._name, **{name: str(value) for name, value in given.items()}
        )

    async def ended(
        self, days: int, *, state: str = "completed", deployment: UUID | None = None, mentions: int = 1
    ) -> UUID:
        """A run that began and ended so many days ago. `mentions`: lines of its journal that have its large value."""
        moment = datetime.now(UTC) - timedelta(days=days)
        run = UUID(int=ids.least_of(moment).int | 0x7 << 76 | ids.new().int & (2**62 - 1) | 0b10 << 62)
        beginning = Beginning(
            run_id=run,
            deployment_id=deployment or self.deployment,
            revision=1,
            input='[{"data":{"email":"jo@example.com","number":1}}]',
            actor="tests",
            cause={},
            business_key=f"o-{days}",
        )
        async with self.app.tenant(self.tenant) as connection:
            await starter.begin(connection, self.tenant, [beginning])
            large = Large()
            text = large.text({"output": LARGE})
            await payload_rows.insert(connection, self.tenant, run, large.take())
            await connection.execute(
                "INSERT INTO app.run_key (tenant_id, run_id, name, value) VALUES ($1, $2, 'orderNumber', 'SO-1')",
                self.tenant,
                run,
            )
        (claim,) = await Claims(self.worker, "w", 30).take(1)
        made = replace(
            progress(claim, state), entries=[Entry("task.completed", "/do/0/a", "a", text)] * mentions, messages=[]
        )
        made = replace(made, entries=[*made.entries, Entry(f"workflow.{state}", "", "", None)])
        assert await write(self.worker, made) == ["committed"]
        ended = "UPDATE app.run SET ended_at = now() - make_interval(days => :'days') WHERE run_id = :'run'"
        self.sql(ended, days=days, run=run)
        return run

    async def left(self, table: str = "run", column: str = "run_id") -> set[UUID]:
        found: set[Any] = set(self.sql(f"SELECT DISTINCT {column} FROM app.{table}").split())  # noqa: S608 (names of a test)
        return {UUID(one) for one in found}
