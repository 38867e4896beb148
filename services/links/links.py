"""Links that are mailed: made with their mail, looked at, used once, withdrawn (S-69, ADR 0111).

The text stands behind the `#` of the link, so that no server and no scanner of mail sends it anywhere by looking at it.
Looking changes nothing. Every `connection` is asyncpg's, in a transaction of the tenant.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.encryption.key_provider import KeyWrapper
from tenants.mail import service as mail
from tenants.mail.texts import Kind
from tenants.organizations import link_texts
from tenants.organizations.link_texts import LinkOver

PREFIX: Final = "lnk"
_FIND: Final = (
    "SELECT link_id, tenant_id, purpose, subject, recipient, is_lasting, created_at, expires_at, used_at, ended_at, "
    "reason FROM app.link WHERE tenant_id = $1 AND token_hash = $2 AND expires_at > clock_timestamp() "
    "AND (ended_at IS NULL OR used_at IS NOT NULL)"
)
_USE: Final = (
    "UPDATE app.link SET used_at = clock_timestamp() WHERE tenant_id = $1 AND link_id = $2 AND used_at IS NULL "
    "AND ended_at IS NULL AND expires_at > clock_timestamp() RETURNING true"
)
_WITHDRAW: Final = (
    "UPDATE app.link SET ended_at = clock_timestamp(), reason = 'withdrawn' WHERE tenant_id = $1 AND purpose = $2 "
    "AND subject = $3 AND ended_at IS NULL RETURNING link_id"
)
_OF: Final = (
    "SELECT link_id, tenant_id, purpose, subject, recipient, is_lasting, created_at, expires_at, used_at, ended_at, "
    "reason FROM app.link WHERE tenant_id = $1 AND purpose = $2 AND subject = $3 "
    "ORDER BY created_at DESC, link_id DESC LIMIT 1"
)
_SEND: Final = "SELECT app.send_link($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody's link is good for; `ended_at` and `reason` where it is over."""

    link_id: UUID
    tenant_id: UUID
    purpose: str
    subject: str
    recipient: str
    is_lasting: bool
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    ended_at: datetime | None = None
    reason: str | None = None

    @property
    def shown(self) -> str:
        return ids.show(PREFIX, self.link_id)


class NewLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link, and the mail that it goes out by.

    Attributes:
        occasion: one link for each of these of the same subject and recipient, however often it is asked for.
        facts: what the mail of `kind` says; nothing that opens anything.
        language: None: the partner's.
    """

    tenant: UUID
    purpose: str
    subject: str
    recipient: str
    occasion: str
    life: timedelta
    is_lasting: bool
    made_by: str
    kind: Kind
    address: str
    name: str
    facts: Mapping[str, str]
    language: str | None = None


async def send(database: Any, keys: KeyWrapper, new: NewLink) -> bool:
    """Make it and put its mail into the outbox, in a commit of its own.

    False, and nothing made: where its occasion has one, its task is over, or its link was withdrawn. A lasting one
    ends those before it. `database` is the worker's. Safe to repeat.

    Raises:
        KeyServiceUnavailable: its text cannot be sealed at the moment; nothing was made.
    """
    token = link_texts.new(new.tenant)
    enclosed = await mail.enclose(token, keys)
    values = (
        *(new.tenant, ids.new(), new.purpose, new.subject, new.recipient, new.occasion, link_texts.digest(token)),
        *(new.is_lasting, new.life.total_seconds(), new.made_by, enclosed.mail_id, new.kind, new.language),
        *(new.address, new.name, msgspec.json.encode(dict(new.facts)).decode(), enclosed.sealed),
    )
    async with database.tenant(new.tenant) as connection:
        return bool(await connection.fetchval(_SEND, *values))


async def find(connection: Any, tenant: UUID, token: str) -> Link:
    """The link of this text. One that was used is found until it expires: it says what came of it.

    Raises:
        LinkOver: none, expired, withdrawn, replaced, or over with its subject; nobody is told which.
    """
    row = await connection.fetchrow(_FIND, tenant, link_texts.digest(token))
    if row is None:
        raise LinkOver
    return Link(**row)


async def use(connection: Any, link: Link) -> None:
    """In the transaction of what it is used for. Raises LinkOver: it was used, or is over by now."""
    if not await connection.fetchval(_USE, link.tenant_id, link.link_id):
        raise LinkOver


async def withdraw(connection: Any, tenant: UUID, purpose: str, subject: str) -> int:
    """Nobody opens anything of the subject by a link of this purpose any more; how many there were. Safe to repeat."""
    return len(await connection.fetch(_WITHDRAW, tenant, purpose, subject))


async def newest(connection: Any, tenant: UUID, purpose: str, subject: str) -> Link | None:
    """The last that was made for the subject, whatever became of it."""
    row = await connection.fetchrow(_OF, tenant, purpose, subject)
    return None if row is None else Link(**row)
