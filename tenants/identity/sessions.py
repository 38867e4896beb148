"""Sessions of accounts: who is signed in on a host. Every request of a page passes here (S-07, S-63)."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.exc import IntegrityError

from infra.database import Database, Scope
from infra.problems import NotFound
from tenants.audit import service as audit
from tenants.identity import account_repository as repository
from tenants.identity.account_repository import FoundAccount
from tenants.identity.permissions import Permission
from tenants.identity.permissions import Scope as KeyScope
from tenants.identity.principal import Principal

LIFE: Final = timedelta(hours=12)
REST: Final = timedelta(hours=1)
REMEMBERED_SECONDS: Final = 2.0
"""How long an ended session may still pass in one process; the promise is 5 s."""
_REMEMBERED: Final = 10_000
_TOUCH_AFTER: Final = timedelta(minutes=1)
_TOKEN_BYTES: Final = 32
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_BY_TEXT: Final = {one.value: one for one in Permission}


class Place(msgspec.Struct, frozen=True):
    """Where somebody signs in: a host, and the partner that it belongs to."""

    partner_id: UUID
    host: str


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A live session. `expires_at` is its end at the latest."""

    account_id: UUID
    name: str
    email: str
    client_name: str
    client_slug: str
    environment: str
    permissions: frozenset[Permission]
    expires_at: datetime
    principal: Principal


class Made(msgspec.Struct, frozen=True):
    """A new session and the text of its cookie, which is kept nowhere here."""

    session: Session
    token: str

    def __repr__(self) -> str:
        return f"Made({self.session.account_id})"


class _Known(msgspec.Struct, frozen=True):
    """`until` is of the clock; `passing`: a look found it, which was no activity."""

    until: float
    session: Session
    passing: bool


class Sessions:
    """The sessions as one process knows them; what it knows is two seconds old at most."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[tuple[Place, bytes], _Known] = {}

    async def find(self, place: Place, token: str, *, passing: bool = False) -> Session | None:
        """The live session of the cookie's text at `place`; None for anything else.

        Args:
            place: of the request; a session of another host or partner is none here.
            token: text of the cookie.
            passing: only look; otherwise the request counts as activity, and rest begins anew.
        """
        digest = digest_of(token)
        if digest is None:
            return None
        known = self._known.get((place, digest))
        # What a look found says nothing of rest: a request that counts as activity asks for itself.
        if known is not None and known.until > self._clock() and (passing or not known.passing):
            return known.session
        until = self._clock() + REMEMBERED_SECONDS
        found = await self._read(place, digest, passing=passing)
        if found is not None:
            # One that was not found is not remembered: guesses would fill the memory.
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[place, digest] = _Known(until, found, passing)
        return found

    async def start(self, place: Place, account: FoundAccount, stored: str, *, before: str | None) -> Made | None:
        """A new session with a new text, whatever the browser had before; that one ends (S-63).

        None when `stored` is the account's hash no more, or the account is disabled by now.

        Raises:
            NotFound: the host was taken from its partner meanwhile.
        """
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        digest = hashlib.sha256(token.encode()).digest()
        if before is not None:
            await self.end(place, before)
        values = {"token_hash": digest, "host": place.host, "account_id": account.account_id}
        values |= {"partner_id": place.partner_id, "tenant_id": account.tenant_id}
        principal = _principal(account)
        async with self._database.session(Scope.tenant(account.tenant_id)) as session:
            # First of all, so that it waits for nothing while it holds other rows.
            if not await repository.hold(session, place.partner_id, account.account_id, stored):
                return None
            await repository.drop_ended(session, place.partner_id)
            try:
                end = await repository.add_session(session, values, LIFE)
            except IntegrityError:
                # The account is held, so what is missing is the host.
                raise NotFound from None
            await audit.record(
                session,
                actor=principal.actor,
                action="session.started",
                target=principal.actor.partition(":")[2],
                after={"host": place.host},
            )
            await session.commit()
        return Made(_session(account, end), token)

    async def end(self, place: Place, token: str) -> None:
        """End it here at once and elsewhere within 5 s. Safe to repeat."""
        digest = digest_of(token)
        if digest is None:
            return
        self._known.pop((place, digest), None)
        async with self._database.session(Scope.partner(place.partner_id)) as session:
            await repository.end_session(session, place.partner_id, place.host, digest)
            await session.commit()

    def forget(self) -> None:
        """Ask the database again for every session."""
        self._known.clear()

    async def _read(self, place: Place, digest: bytes, *, passing: bool) -> Session | None:
        async with self._database.session(Scope.partner(place.partner_id)) as session:
            found = await repository.session_of(session, place.partner_id, place.host, digest, REST)
            if found is None or not found.account.live:
                return None
            # At most once a minute, so that a busy page does not write at each of its requests.
            if not passing and found.now - found.seen_at > _TOUCH_AFTER:
                await repository.touch_session(session, place.partner_id, digest)
                await session.commit()
        return _session(found.account, found.expires_at)


def digest_of(token: str) -> bytes | None:
    """What is stored for the cookie's text; None when it has not the form of one."""
    return hashlib.sha256(token.encode()).digest() if _TOKEN.fullmatch(token) else None


def _principal(account: FoundAccount) -> Principal:
    return Principal(
        scope=KeyScope.CLIENT,
        # A permission that this version does not know gives nothing; a newer one wrote it (F-33).
        permissions=frozenset(_BY_TEXT[text] for text in account.permissions if text in _BY_TEXT),
        account_id=account.account_id,
        key_name=account.name,
        partner_id=account.partner_id,
        partner_slug=account.partner_slug,
        client_id=account.client_id,
        client_slug=account.client_slug,
        tenant_id=account.tenant_id,
        environment=account.environment,
    )


def _session(account: FoundAccount, end: datetime) -> Session:
    principal = _principal(account)
    return Session(
        account_id=account.account_id,
        name=account.name,
        email=account.email,
        client_name=account.client_name,
        client_slug=account.client_slug,
        environment=account.environment,
        permissions=principal.permissions,
        expires_at=end,
        principal=principal,
    )
