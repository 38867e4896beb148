"""Links by which a person at a client authorises a connection, once (ADR 0086, S-61, S-69).

The text stands behind the `#` of the link, so that no server and no scanner of mail sends it anywhere by looking at it.
Opening it binds it to a browser by a cookie; state and PKCE verifier are derived from that cookie's text, which is
another one with each leaving.
"""

from __future__ import annotations

import base64
import hmac
from datetime import timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import clock, ids
from infra.database import Database, Scope
from infra.encryption.secret import Secret
from tenants.audit import service as audit
from tenants.connections import link_repository as repository
from tenants.connections.codes import FIELD, Brought
from tenants.connections.grant_models import ConnectionLink
from tenants.connections.link_repository import EXCHANGED
from tenants.connections.sealing import Sealer
from tenants.organizations import service as organizations
from tenants.organizations.link_texts import LinkOver, digest, tenant_of
from tenants.organizations.link_texts import new as new_text

LIFE: Final = timedelta(hours=24)
State = Literal["open", "left", "exchanging", "refused", "done"]


class At(msgspec.Struct, frozen=True):
    """Where a browser is: a host, and the partner that it belongs to."""

    partner_id: UUID
    host: str


class Returned(msgspec.Struct, frozen=True):
    """What a browser brings back, as it is sealed for whoever exchanges it. `code`: None: in vain, for `reason`."""

    redirect_uri: str
    leads_to: str
    code: str | None = None
    reason: str = ""


async def make(
    session: AsyncSession, tenant_id: UUID, connection_id: UUID, host: str, *, actor: str
) -> tuple[ConnectionLink, str]:
    """The connection's link from now on, and its text, which nobody is shown again. It lives for a day."""
    token = new_text(tenant_id)
    values = {
        "tenant_id": tenant_id,
        "connection_id": connection_id,
        "token_hash": digest(token),
        "host": host,
        "maker": actor,
    }
    made = await repository.put(session, values, LIFE)
    after = {"host": host, "expires": made.expires_at.isoformat()}
    await _record(session, "connection.link-made", connection_id, after, actor=actor)
    return made, token


async def withdraw(session: AsyncSession, tenant_id: UUID, connection_id: UUID, *, actor: str) -> None:
    """Nothing that anybody authorised counts any more, nor the link by which they could. Safe to repeat.

    The system is not told: what it has given is forgotten here, and ended there by whoever may.
    """
    ended, closed = await repository.withdraw(session, tenant_id, connection_id)
    if ended or closed:
        after = {"authorization": ended, "link": closed}
        await _record(session, "connection.authorization-withdrawn", connection_id, after, actor=actor)


def state_of(link: ConnectionLink) -> tuple[State, str]:
    """How far it is, and why it was refused. What nobody has exchanged in time is refused, too."""
    if link.state not in {"returned", "taken"}:
        known: dict[str, State] = {"open": "open", "left": "left", "refused": "refused", "done": "done"}
        return known[link.state], link.reason or ""
    is_late = link.moved_at is None or link.moved_at < clock.now() - EXCHANGED
    return ("refused", "interrupted") if is_late else ("exchanging", "")


class Links:
    """Opened, left by and come back by, for one process. Every method but `text_of` raises LinkOver."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    async def open(self, at: At, token: str) -> tuple[ConnectionLink, str]:
        """The link, and the text of the cookie of the browser that may use it now; an earlier one may not."""
        tenant_id = tenant_of(token)
        cookie = new_text(tenant_id)
        async with self._database.session(Scope.tenant(tenant_id)) as session:
            await _check(session, at, tenant_id)
            found = await repository.open_(session, tenant_id, at.host, digest(token), digest(cookie))
            if found is None:
                raise LinkOver
            await session.commit()
        return found, cookie

    async def opened(self, at: At, cookie: str | None) -> ConnectionLink:
        """What this browser has opened within a quarter of an hour."""
        tenant_id = tenant_of(cookie)
        async with self._database.session(Scope.tenant(tenant_id)) as session:
            await _check(session, at, tenant_id)
            found = await repository.opened(session, tenant_id, at.host, digest(cookie or ""))
        if found is None:
            raise LinkOver
        return found

    async def leave(self, at: At, cookie: str | None) -> tuple[ConnectionLink, str]:
        """The browser leaves for the system, with a new cookie's text, of which state and verifier are derived."""
        tenant_id = tenant_of(cookie)
        new = new_text(tenant_id)
        # Before the transaction in which a code is sealed: a key service answers over the network.
        await self._sealer.prepare(self._database, tenant_id)
        async with self._database.session(Scope.tenant(tenant_id)) as session:
            await _check(session, at, tenant_id)
            found = await repository.leave(session, tenant_id, at.host, digest(cookie or ""), digest(new))
            if found is None:
                raise LinkOver
            await session.commit()
        return found, new

    async def returned(self, at: At, cookie: str | None, state: str, connection_id: UUID, back: Returned) -> None:
        """What the browser that left has brought back counts once, in that browser, for what it left for.

        Raises:
            LinkOver: also for the state of another leaving, or of one that led elsewhere; then nothing is used up.
        """
        tenant_id = tenant_of(cookie)
        if cookie is None or not _is_state(cookie, back.leads_to, state):
            raise LinkOver
        async with self._database.session(Scope.tenant(tenant_id)) as session:
            await _check(session, at, tenant_id)
            link = await repository.take(session, tenant_id, at.host, digest(cookie))
            if link is None or link.connection_id != connection_id:
                raise LinkOver
            if back.code is None:
                await repository.refuse(session, link, back.reason)
                after = {"link_by": link.maker, "reason": back.reason}
                await _record(session, "connection.authorization-refused", connection_id, after, actor="engine")
            else:
                brought = Brought(Secret(back.code), Secret(verifier_for(cookie)), back.redirect_uri, back.leads_to)
                whose = (tenant_id, connection_id, link.attempt)
                sealed = await self._sealer.sealed(session, whose, FIELD, brought.text())
                await repository.brought(session, link, sealed)
            await session.commit()


def state_for(cookie: str, leads_to: str) -> str:
    """What the system gives back with its answer: good only while the connection leads where the browser was sent."""
    return _derived(cookie, f"state {leads_to}")


def verifier_for(cookie: str) -> str:
    """Of PKCE; its challenge goes along with the browser."""
    return _derived(cookie, "verifier")


def _is_state(cookie: str, leads_to: str, given: str) -> bool:
    return hmac.compare_digest(state_for(cookie, leads_to).encode(), given.encode("utf-8", "surrogatepass"))


async def _check(session: AsyncSession, at: At, tenant_id: UUID) -> None:
    """The tenant is of the partner whose host it is, and its client active."""
    if not await organizations.takes_people(session, at.partner_id, tenant_id):
        raise LinkOver


async def _record(
    session: AsyncSession, action: str, connection_id: UUID, after: dict[str, Any], *, actor: str
) -> None:
    await audit.record(session, actor=actor, action=action, target=ids.show("con", connection_id), after=after)


def _derived(cookie: str, what: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(cookie.encode(), what.encode(), "sha256")).decode().rstrip("=")
