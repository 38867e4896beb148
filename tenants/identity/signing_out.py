"""Signing out: a session ends as its own person wishes, and the audit of whom it worked for has it."""

from __future__ import annotations

from infra import ids
from infra.database import Database, Scope
from tenants.audit import service as audit
from tenants.identity.sessions import Place, Sessions


async def sign_out(database: Database, sessions: Sessions, place: Place, token: str) -> None:
    """Ends the session of the cookie's text, here at once and elsewhere within 5 s. Safe to repeat."""
    found = await sessions.find(place, token, passing=True)
    if found is not None:
        who, shown = found.principal, ids.show("acc", found.account_id)
        # Of a session that acts, the client's log has the end; the session's row is the partner's. Told first: a
        # session that is told to have ended and has not is a smaller lie than one that ended untold.
        rows = Scope.partner(place.partner_id) if who.tenant_id is None else Scope.tenant(who.tenant_id)
        action = "acting.ended" if who.is_acting else "session.ended"
        async with database.session(rows) as session:
            after = {"host": place.host}
            await audit.record(session, actor=who.actor, action=action, target=shown, after=after)
            await session.commit()
    await sessions.end(place, token)
