"""What somebody who is sent away had handed out: invitations that wait, and newcomers of providers (S-65, S-68).

Roles are judged when somebody is asked in. Without this, who is to lose them would ask themselves in before.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from tenants.audit import service as audit
from tenants.identity import account_repository, role_repository
from tenants.identity import invitation_repository as repository
from tenants.identity import repository as keys
from tenants.identity.models import Account
from tenants.identity.permissions import Permission


async def of_account(session: AsyncSession, inviter: Account, *, actor: str) -> None:
    """End what the account asked in and nobody has accepted; nobody stands for newcomers in its place.

    The session is of the account's rows. Safe to repeat.
    """
    await of(session, f"account:{ids.show('acc', inviter.account_id)}", actor=actor)


async def of(session: AsyncSession, inviter: str, *, actor: str) -> None:
    """As `of_account`, for whoever audit records call `inviter`."""
    for ended in await repository.end_of(session, inviter):
        target, after = ids.show("inv", ended), {"inviter": inviter}
        await audit.record(session, actor=actor, action="invitation.withdrawn", target=target, after=after)
    for left in await repository.leave_newcomers(session, inviter):
        target, after = ids.show("idp", left), {"vouched_by": inviter}
        await audit.record(session, actor=actor, action="provider.newcomers-held", target=target, after=after)


async def stands(
    session: AsyncSession, partner_id: UUID, inviter: str, needs: Permission = Permission.PEOPLE_WRITE
) -> bool:
    """Whether the inviter may let people in still, as an account by `needs`; the session sees its rows.

    A session or a key that has ended may work for some seconds in a process that remembers it, and ask somebody in
    after its invitations were ended.
    """
    kind, _, shown = inviter.partition(":")
    if kind == "account":
        account = await account_repository.account(session, partner_id, account_id=ids.read("acc", shown))
        if account is None or account.status != "active":
            return False
        return needs in await role_repository.held(session, account)
    key = await keys.key(session, ids.read("key", shown)) if kind == "key" else None
    if key is None or key.revoked_at is not None:
        return False
    # Nothing happens when a key expires, or when a rotated one's overlap is over: it is asked for here.
    return key.expires_at is None or key.expires_at > await keys.now(session)
