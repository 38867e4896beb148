"""People are written to about tasks: a link to each that is asked of them, reminders, a daily count (ADR 0112).

What is to be told is a row, made in the commit of the act. A link is made with its mail and once for the act and the
person, so that whoever dies in between leaves nothing doubled.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import clock, crash_points, ids
from infra.database import Database, surviving
from infra.encryption.key_provider import KeyWrapper
from services.human_tasks import hours
from services.human_tasks.acting import OUTSIDE
from services.links import links
from services.links.links import NewLink
from tenants.identity.permissions import Permission
from tenants.mail.texts import LANGUAGES, Kind

PURPOSE: Final = "task"
LIFE: Final = timedelta(days=3)
OUTSIDE_LIFE: Final = timedelta(days=30)
MOST_A_DAY: Final = 50
"""Links that one person gets within 24 hours; what is more stands in the inbox and in nobody's mail."""
MOST_OUTSIDE_A_DAY: Final = 20
"""Mails that one address outside gets within 24 hours; what is more waits, since nobody else would tell them."""
_WAITS: Final = timedelta(hours=1)
_AT_ONCE: Final = 20
_TAKEN_SECONDS: Final = 120.0
_TAKE: Final = "SELECT * FROM app.take_task_mails($1, $2)"
_TO: Final = "SELECT * FROM app.task_mail_to($1, $2, $3, $4)"
_OUTSIDE: Final = "SELECT * FROM app.task_outside($1, $2, $3, $4)"
_LATER: Final = "UPDATE app.task_mail SET due_at = $4 WHERE tenant_id = $1 AND task_id = $2 AND number = $3"
_DONE: Final = "DELETE FROM app.task_mail WHERE tenant_id = $1 AND task_id = $2 AND number = $3"
_DIGESTS: Final = "SELECT * FROM app.take_task_digests($1, $2)"
_DIGEST: Final = "SELECT * FROM app.task_digest($1, $2)"
_TOLD: Final = ("client", "environment", "waiting", "overdue")
_SEND_DIGEST: Final = "SELECT app.send_task_digest($1, $2, $3, $4, $5, $6)"


class Mailer:
    """One a worker process; those of several share the work. `keys` seal what the mails carry."""

    def __init__(self, database: Database, keys: KeyWrapper) -> None:
        self._database = database
        self._keys = keys

    async def run(self, seconds: float) -> None:
        """Until cancelled."""
        while True:
            with surviving("writing to people about tasks"):
                while await self.round():
                    pass
            await asyncio.sleep(seconds)

    async def round(self) -> int:
        """One batch of acts and of daily mails; answers how many. Safe to run in every worker at once."""
        async with self._database.doors() as connection:
            acts = await connection.fetch(_TAKE, _AT_ONCE, _TAKEN_SECONDS)
            digests = await connection.fetch(_DIGESTS, _AT_ONCE, _TAKEN_SECONDS)
        for one in acts:
            # What fails is somebody's again when its time is over, and takes nobody's turn.
            with surviving("writing about a task"):
                await self._tell(one["tenant_id"], one["task_id"], one["number"])
        for one in digests:
            with surviving("writing a daily mail about tasks"):
                await self._digest(one["tenant_id"], one["account_id"], one["digest_at"])
        return len(acts) + len(digests)

    async def _tell(self, tenant: UUID, task: UUID, number: int) -> None:
        async with self._database.tenant(tenant) as connection:
            later = hours.opens(await hours.default(connection, tenant), clock.now())
            if later is not None:
                await connection.execute(_LATER, tenant, task, number, later)
                return
            rows = await connection.fetch(_TO, tenant, task, number, MOST_A_DAY)
            outside = await connection.fetchrow(_OUTSIDE, tenant, task, number, MOST_OUTSIDE_A_DAY)
            if outside is not None and outside["has_enough"]:
                await connection.execute(_LATER, tenant, task, number, clock.now() + _WAITS)
                return
        wanted = [_link(tenant, task, number, row) for row in rows]
        wanted += [] if outside is None else [outside_link(tenant, task, number, outside)]
        for one in wanted:
            await links.send(self._database, self._keys, one)
            crash_points.pass_by("task.mailed")
        async with self._database.tenant(tenant) as connection:
            await connection.execute(_DONE, tenant, task, number)

    async def _digest(self, tenant: UUID, account: UUID, was: Any) -> None:
        async with self._database.tenant(tenant) as connection:
            calendar = await hours.default(connection, tenant)
            row = await connection.fetchrow(_DIGEST, tenant, account)
            has_any = row is not None and row["waiting"] > 0
            facts = {} if row is None else {name: str(row[name]) for name in _TOLD}
            text = msgspec.json.encode(facts).decode()
            later = hours.next_morning(calendar, clock.now())
            mail = ids.new() if has_any else None
            await connection.fetchval(_SEND_DIGEST, tenant, account, was, later, mail, text)


def recipient_of(account: UUID) -> str:
    """As a link names whose it is."""
    return f"account:{ids.show('acc', account)}"


def _link(tenant: UUID, task: UUID, number: int, row: Any) -> NewLink:
    kind: Kind = "task.reminder" if row["action"] == "told" else "task.offered"
    return NewLink(
        tenant=tenant,
        purpose=PURPOSE,
        subject=ids.show("tsk", task),
        recipient=recipient_of(row["account_id"]),
        occasion=str(number),
        life=LIFE,
        is_lasting=False,
        made_by="engine",
        kind=kind,
        address=row["email"],
        name=row["name"],
        facts={
            # Of a run's data its title is all that leaves, and that to who may read the data.
            "task": row["title"] if Permission.PAYLOADS_READ in row["permissions"] else _words(row["kind"]),
            "client": row["client"],
            "environment": row["environment"],
            "since": row["created_at"].isoformat(),
            "until": (clock.now() + LIFE).isoformat(),
        },
    )


def outside_link(tenant: UUID, task: UUID, number: int, row: Any) -> NewLink:
    """Good until it is answered, withdrawn, or sent anew."""
    return NewLink(
        tenant=tenant,
        purpose=OUTSIDE,
        subject=ids.show("tsk", task),
        recipient=OUTSIDE,
        occasion=str(number),
        life=OUTSIDE_LIFE,
        is_lasting=True,
        made_by="engine",
        kind="task.outside-reminder" if row["action"] == "told" else "task.outside",
        address=row["email"].lower(),
        name=row["name"],
        language=row["language"] if row["language"] in LANGUAGES else None,
        facts={
            "task": row["title"],
            "client": row["client"],
            "environment": row["environment"],
            "until": (clock.now() + OUTSIDE_LIFE).isoformat(),
        },
    )


def _words(kind: str) -> str:
    return kind.replace("-", " ").capitalize()
