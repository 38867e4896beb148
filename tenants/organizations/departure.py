"""A client leaves: for another partner, or for good (ADR 0042). The caller commits."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from tenants.audit import keeping
from tenants.audit import service as audit
from tenants.organizations.errors import (
    AccountsTaken,
    ClientStands,
    NotDeleted,
    PartnerDisabled,
    SlugTaken,
)
from tenants.organizations.models import Client, Deletion, Partner

LONGEST_KEYS: Final = 24 * 3600
"""Seconds for which keys of a client that moved may work on."""


async def move(session: AsyncSession, found: Client, to: Partner, *, actor: str, keys_end: timedelta) -> None:
    """Give the client to another partner, in the operator's scope. Safe to repeat.

    Its environments, accounts with their second factors, providers, quotas and parameters go along; roles that the
    former partner had made stay with who has them, as the environment's own. Sessions end, those of who acts as the
    client too, and with them what is bound to the former partner's hosts: passkeys and invitations. Its API keys end
    after `keys_end`, since the former partner made them and saw their text. The former partner's access ends within 5
    seconds. Both partners find it in their audit.

    Raises:
        ClientStands: the client is deleted.
        PartnerDisabled: the other partner cannot take it.
        SlugTaken, AccountsTaken: a name of the client's is in use there.
    """
    if found.partner_id == to.partner_id:
        return
    if found.status == "deleted":
        raise ClientStands("The client is deleted")
    if to.status != "active":
        raise PartnerDisabled("Enable the partner before a client moves to it")
    former, target = found.partner_id, ids.show("cli", found.client_id)
    moved = text("SELECT app.move_client(:client, :partner, :keys_end)")
    values = {"client": found.client_id, "partner": to.partner_id, "keys_end": keys_end}
    refused = await session.scalar(moved, values)
    if refused == "slug":
        raise SlugTaken(f"The other partner has a client of the slug '{found.slug}'")
    if refused is not None:
        raise AccountsTaken
    for partner_id, action, other in (
        (former, "client.moved-away", to.partner_id),
        (to.partner_id, "client.moved-here", former),
    ):
        after = {"partner": ids.show("ptr", other), "overlap_seconds": int(keys_end.total_seconds())}
        await audit.record(session, actor=actor, action=action, target=target, after=after, partner_id=partner_id)


async def delete(session: AsyncSession, found: Client, reason: str, *, actor: str) -> Deletion:
    """Destroy the client's keys and secrets, and have all else removed. It cannot be undone.

    Raises:
        ClientStands: it is not suspended.
        AuditHeld: a legal hold keeps what it did.
    """
    await keeping.refuse_held(session, found.client_id)
    begun = text("SELECT app.begin_deletion(:client, :actor, :reason)")
    values = {"client": found.client_id, "actor": actor, "reason": reason}
    if not await session.scalar(begun, values):
        raise ClientStands(f"The client is {found.status}; suspend it first, and let it be exported")
    target = ids.show("cli", found.client_id)
    await audit.record(session, actor=actor, action="client.deleted", target=target, partner_id=found.partner_id)
    return await find(session, found.client_id)


async def find(session: AsyncSession, client_id: UUID) -> Deletion:
    """The deletion of a client.

    Raises:
        NotDeleted: there was none, or the scope does not see it.
    """
    query = select(Deletion).where(Deletion.client_id == client_id).execution_options(populate_existing=True)
    row = (await session.scalars(query)).one_or_none()
    if row is None:
        raise NotDeleted
    return row
