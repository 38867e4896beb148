"""How somebody wants to hear of tasks by mail: of each, once a day, or not at all (ADR 0112)."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

from infra import clock, ids
from services.human_tasks import hours
from tenants.audit import writing as audit

Choice = Literal["each", "daily", "none"]
_READ: Final = "SELECT choice FROM app.task_mail_choice WHERE tenant_id = $1 AND account_id = $2"
_SET: Final = (
    "INSERT INTO app.task_mail_choice (tenant_id, account_id, choice, digest_at) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (tenant_id, account_id) DO UPDATE SET choice = excluded.choice, digest_at = excluded.digest_at, "
    "taken_until = NULL, set_at = clock_timestamp() WHERE task_mail_choice.choice <> excluded.choice"
)


async def read(connection: Any, tenant: UUID, account: UUID) -> Choice:
    """Of who never said: none."""
    found: Choice | None = await connection.fetchval(_READ, tenant, account)
    return found or "none"


async def choose(connection: Any, tenant: UUID, account: UUID, choice: Choice, *, actor: str) -> None:
    """From now on, audited. Safe to repeat: the next daily mail stays when it was."""
    digest_at = None
    if choice == "daily":
        digest_at = hours.next_morning(await hours.default(connection, tenant), clock.now())
    await connection.execute(_SET, tenant, account, choice, digest_at)
    target = ids.show("acc", account)
    await audit.write(
        connection, tenant, actor=actor, action="task-mail.chosen", target=target, after={"choice": choice}
    )
