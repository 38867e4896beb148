"""What somebody is told by mail about their own account, so that they notice what was not them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from infra import clock
from tenants.identity.account_repository import FoundAccount
from tenants.identity.models import Account
from tenants.mail import service as mail
from tenants.mail.service import NewMail
from tenants.mail.texts import Kind


async def tell(session: AsyncSession, account: Account | FoundAccount, kind: Kind, facts: Mapping[str, str]) -> None:
    """Write to the account's address, in the transaction of what is told; the session is of its rows."""
    tenant_id: UUID | None = account.own_tenant_id if isinstance(account, FoundAccount) else account.tenant_id
    new = NewMail(
        partner_id=account.partner_id,
        tenant_id=tenant_id,
        kind=kind,
        recipient=account.email,
        recipient_name=account.name,
        facts={"at": clock.now().isoformat(), **facts},
    )
    await mail.post(session, new)
