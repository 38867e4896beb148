"""What people are told: a row for lists and the feed of changes, a message for whoever carries it on.

That somebody has to say what became of an effect is told by the database, with the line that asks (`47_effects.sql`).
What is told of a connection or of a webhook endpoint goes out by mail, too, by a trigger of the database (ADR 0061).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.pagination import Page
from services.engine.tables import NoticeRow

TOPIC: Final = "notices"


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a notice is about, and whom it is told.

    Attributes:
        subject: its public id, which is where it is found below `place`, such as `/connections`.
        owner: `role:…`, `account:…` or what a connection names; None: nobody is known.
        named: what whoever carries the notice on is told of the subject, beside what happened.
    """

    place: str
    subject: str
    owner: str | None
    connection: UUID | None = None
    named: dict[str, Any] = {}


async def tell(transaction: Any, tenant: UUID, kind: str, connection: UUID, told: dict[str, Any]) -> None:
    """Tell the owner of `connection`, in the transaction of what is told; asyncpg's, in the tenant's scope."""
    found = await transaction.fetchrow(
        "SELECT name, owner FROM app.connection WHERE tenant_id = $1 AND connection_id = $2", tenant, connection
    )
    shown = ids.show("con", connection)
    about = About(
        place="/connections",
        subject=shown,
        owner=found["owner"],
        connection=connection,
        named={"connection": shown, "name": found["name"], "owner": found["owner"]},
    )
    await say(transaction, tenant, kind, about, told)


async def say(transaction: Any, tenant: UUID, kind: str, about: About, told: dict[str, Any]) -> None:
    """Write a notice and the message that carries it on; the transaction is as for `tell`."""
    notice = ids.new()
    message = {
        "specversion": "1.0",
        "id": ids.show("ntc", notice),
        "source": f"{about.place}/{about.subject}",
        "type": f"{kind}.v1",
        "subject": about.subject,
        "data": about.named | told,
    }
    await transaction.execute(
        "INSERT INTO app.notice (tenant_id, notice_id, kind, connection_id, owner, body) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        tenant,
        notice,
        kind,
        about.connection,
        about.owner,
        msgspec.json.encode(told).decode(),
    )
    await transaction.execute(
        "INSERT INTO app.outbox (tenant_id, outbox_id, topic, body) VALUES ($1, $2, $3, $4)",
        tenant,
        notice,
        TOPIC,
        msgspec.json.encode(message).decode(),
    )


def moment(at: datetime) -> str:
    """As notices tell it."""
    return at.isoformat().replace("+00:00", "Z")


async def listed(
    session: AsyncSession, tenant: UUID, page: Page, connection: UUID | None = None, run: UUID | None = None
) -> list[NoticeRow]:
    """Newest first; one row more than the page holds. `connection`, `run`: only of this one."""
    query = select(NoticeRow).where(NoticeRow.tenant_id == tenant)
    for column, wanted in ((NoticeRow.connection_id, connection), (NoticeRow.run_id, run)):
        if wanted is not None:
            query = query.where(column == wanted)
    if page.after is not None:
        query = query.where(NoticeRow.notice_id < UUID(page.after))
    return list((await session.scalars(query.order_by(NoticeRow.notice_id.desc()).limit(page.limit + 1))).all())


async def since(session: AsyncSession, tenant: UUID, after: UUID, most: int) -> list[NoticeRow]:
    """Those after a notice, or after a moment's least id, in their order."""
    query = select(NoticeRow).where(NoticeRow.tenant_id == tenant, NoticeRow.notice_id > after)
    return list((await session.scalars(query.order_by(NoticeRow.notice_id).limit(most))).all())
