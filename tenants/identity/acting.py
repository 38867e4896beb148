"""Acting as a client: somebody of a partner works in one tenant, with a reason, for a while, under its eyes (S-05).

It is a session of its own: the client's log has it before it begins, and what is done in it stands there under
`acting:acc_…`. It never holds what shows payloads, and never lets anybody in.
"""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from infra import clock, ids
from infra.database import Database, Scope
from infra.problems import Forbidden
from tenants.audit import service as audit
from tenants.identity import proving
from tenants.identity.live_session import Session
from tenants.identity.permissions import Permission
from tenants.identity.permissions import Scope as Level
from tenants.identity.proving import account_of
from tenants.identity.sessions import MOST_ACTING, Acting, Made, Place, Sessions
from tenants.organizations import service as organizations
from tenants.organizations.errors import InvalidField, UnknownClient

SHORTEST_REASON: Final = 10
LONGEST_REASON: Final = 500


class Mine(msgspec.Struct, frozen=True):
    """The session that a browser has at a place, and the text of its cookie."""

    place: Place
    session: Session
    token: str

    def __repr__(self) -> str:
        return f"Mine({self.session.account_id})"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """`client`: slug or id; `life` is at most four hours."""

    client: str
    environment: str
    reason: str
    life: timedelta


async def start(database: Database, sessions: Sessions, mine: Mine, wish: Wish) -> Made:
    """A session as the client, in place of the person's own.

    Raises:
        Forbidden: nobody of the partner's own, acting already, or without `clients:act`.
        ProofNeeded: the person proved who they are over ten minutes ago.
        UnknownClient: no such client of the partner, or a disabled one.
        InvalidField: no reason, or one that could lie.
    """
    session, who = mine.session, mine.session.principal
    if who.scope is not Level.PARTNER or Permission.CLIENTS_ACT not in who.permissions or who.partner_id is None:
        raise Forbidden("The permission clients:act is needed", permission="clients:act")
    proving.check(who)
    reason = checked_reason(wish.reason)
    life = min(wish.life, MOST_ACTING)
    async with database.session(Scope.partner(who.partner_id)) as transaction:
        client = await organizations.find_client(transaction, who.partner_id, wish.client)
        tenant = await organizations.find_tenant(transaction, client, wish.environment)
    if client.status != "active":
        raise UnknownClient
    await _tell(
        database,
        tenant.tenant_id,
        session,
        "acting.started",
        {"name": session.name, "reason": reason, "until": (clock.now() + life).isoformat()},
    )
    account = await account_of(database, session)
    acting = Acting(tenant_id=tenant.tenant_id, reason=reason, life=life)
    made = None if account is None else await sessions.follow(mine.place, account, session, mine.token, acting)
    if made is None:
        raise Forbidden("The account is disabled, or may act as nobody any more")
    return made


async def stop(database: Database, sessions: Sessions, mine: Mine) -> Made | None:
    """The person's own session again, with another id; None when it acts as nobody, or is disabled by now.

    It ends when it would have ended before: to begin and to stop proves nothing anew (S-63).
    """
    session, tenant_id = mine.session, mine.session.principal.tenant_id
    if session.acting_reason is None or tenant_id is None:
        return None
    account = await account_of(database, session)
    made = None if account is None else await sessions.follow(mine.place, account, session, mine.token, None)
    await _tell(database, tenant_id, session, "acting.ended", {"name": session.name})
    return made


def checked_reason(text: str) -> str:
    """Raises InvalidField: too short to be one, too long, or with what cannot be seen."""
    reason = text.strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise InvalidField(
            "/reason", f"Say why, in {SHORTEST_REASON} to {LONGEST_REASON} characters: the client reads it"
        )
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for letter in reason):
        raise InvalidField("/reason", "Use no control, formatting or unassigned characters")
    return reason


async def _tell(database: Database, tenant_id: UUID, session: Session, action: str, after: dict[str, str]) -> None:
    who = ids.show("acc", session.account_id)
    async with database.session(Scope.tenant(tenant_id)) as transaction:
        await audit.record(transaction, actor=f"acting:{who}", action=action, target=who, after=after)
        await transaction.commit()
