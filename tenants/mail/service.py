"""Mail, written in the transaction of what it announces (ADR 0061). A session is the caller's, who commits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.encryption.canonical import encode
from infra.encryption.key_provider import KeyWrapper
from infra.setting_mail import ADDRESS
from tenants.audit import service as audit
from tenants.mail import repository
from tenants.mail.errors import UnknownSuppression
from tenants.mail.models import MailSetting, MailSuppression
from tenants.mail.reasons import NO_SENDER, NO_SERVER
from tenants.mail.texts import LANGUAGES, Kind
from tenants.organizations.errors import InvalidField
from tenants.organizations.models import Partner

_LONGEST: Final = 254


class NewMail(msgspec.Struct, frozen=True, kw_only=True):
    """To one person.

    Attributes:
        facts: what the template of `kind` is filled with; nothing that opens anything.
        about: the id of what it announces.
        language: None: the partner's.
    """

    partner_id: UUID
    tenant_id: UUID | None
    kind: Kind
    recipient: str
    recipient_name: str
    facts: Mapping[str, str]
    about: UUID | None = None
    language: str | None = None


class Enclosed(msgspec.Struct, frozen=True):
    """What opens something, sealed for one mail until that is sent; then it is gone."""

    mail_id: UUID
    sealed: bytes


async def enclose(secret: str, keys: KeyWrapper) -> Enclosed:
    """Before the transaction that posts the mail: a key service is asked over the network.

    Raises:
        KeyServiceUnavailable: it is away.
    """
    mail_id = ids.new()
    return Enclosed(mail_id, await keys.wrap(secret.encode(), context(mail_id)))


async def post(session: AsyncSession, new: NewMail, enclosed: Enclosed | None = None) -> UUID:
    """Put the mail into the outbox; its id. The session is of the tenant's rows, or of the partner's."""
    mail_id = ids.new() if enclosed is None else enclosed.mail_id
    values = {
        "partner_id": new.partner_id,
        "mail_id": mail_id,
        "tenant_id": new.tenant_id,
        "kind": new.kind,
        "about": new.about,
        "language": new.language,
        "recipient": new.recipient,
        "recipient_name": new.recipient_name,
        "facts": dict(new.facts),
        "sealed": None if enclosed is None else enclosed.sealed,
    }
    await repository.add(session, values)
    return mail_id


async def hindrance(session: AsyncSession, partner_id: UUID, *, has_server: bool) -> str | None:
    """Why no mail of the partner's goes out now, whomever it is to; None: it does. The session is of its scope."""
    if not has_server:
        return NO_SERVER
    found = await repository.setting(session, partner_id)
    return NO_SENDER if found is None or found.sender is None else None


async def lift(session: AsyncSession, found: MailSuppression, reason: str, *, actor: str) -> None:
    """The address is written to again. Raises UnknownSuppression: somebody lifted it just now."""
    if not await repository.lift(session, found):
        raise UnknownSuppression
    after = {"address": found.address, "reason": reason}
    await audit.record(session, actor=actor, action="mail.suppression-lifted", target=shown(found), after=after)


async def set_sending(
    session: AsyncSession, partner: Partner, *, sender: str | None, language: str | None, actor: str
) -> MailSetting | None:
    """How the partner's mail goes out; None leaves a member as it is, an empty sender takes it away.

    The session is of the operator's scope.

    Raises:
        InvalidField: no address, or a language that there are no texts in.
    """
    changes: dict[str, str | None] = {}
    if sender is not None:
        if sender and (len(sender) > _LONGEST or ADDRESS.fullmatch(sender) is None):
            raise InvalidField("/sender", "Use an address such as notices@example.com")
        changes["sender"] = sender or None
    if language is not None:
        if language not in LANGUAGES:
            raise InvalidField("/language", f"Use one of {', '.join(LANGUAGES)}")
        changes["language"] = language
    if changes:
        await repository.put_setting(session, partner.partner_id, changes)
        await audit.record(
            session,
            actor=actor,
            action="mail.set",
            target=ids.show("ptr", partner.partner_id),
            after=dict(changes),
            partner_id=partner.partner_id,
        )
    return await repository.setting(session, partner.partner_id)


def context(mail_id: UUID) -> bytes:
    """What a mail's secret is bound to."""
    return encode("v1", "mail", str(mail_id))


def shown(found: MailSuppression) -> str:
    return ids.show("sup", found.suppression_id)
