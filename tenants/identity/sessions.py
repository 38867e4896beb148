"""Sessions of accounts: who is signed in on a host. Every request of a page passes here (S-07, S-63)."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy.exc import IntegrityError

from infra import ids
from infra.database import Database, Scope
from infra.problems import NotFound
from tenants.audit import service as audit
from tenants.identity import account_repository as repository
from tenants.identity import live_session, logout_repository
from tenants.identity.account_repository import FoundAccount
from tenants.identity.live_session import Session, Vouch

LIFE: Final = timedelta(hours=12)
REST: Final = timedelta(hours=1)
REMEMBERED_SECONDS: Final = 2.0
"""How long an ended session may still pass in one process; the promise is 5 s."""
_REMEMBERED: Final = 10_000
_TOUCH_AFTER: Final = timedelta(minutes=1)
_TOKEN_BYTES: Final = 32
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
MOST_ACTING: Final = timedelta(hours=4)
"""How long somebody of a partner may act as one of its clients before they say again why."""


class Place(msgspec.Struct, frozen=True):
    """Where somebody signs in: a host, and the partner that it belongs to."""

    partner_id: UUID
    host: str


class Acting(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody of a partner works as its client of `tenant_id`, why, and for how long."""

    tenant_id: UUID
    reason: str
    life: timedelta


class Made(msgspec.Struct, frozen=True):
    """A new session and the text of its cookie, which is kept nowhere here."""

    session: Session
    token: str

    def __repr__(self) -> str:
        return f"Made({self.session.account_id})"


class _New(msgspec.Struct, frozen=True, kw_only=True):
    """A session to be made: the first three as for `Sessions.start`, the others as for `Sessions.follow`."""

    stored: str | None = None
    acting: Acting | None = None
    vouch: Vouch | None = None
    follows: bytes | None = None
    proved_at: datetime | None = None


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

    async def start(  # noqa: PLR0913 (what a session is made of)
        self,
        place: Place,
        account: FoundAccount,
        stored: str | None,
        *,
        before: str | None,
        acting: Acting | None = None,
        vouch: Vouch | None = None,
    ) -> Made | None:
        """A new session with a new text, whatever the browser had before; that one ends (S-63).

        None when `stored` is the account's hash no more, the account is disabled by now, may not act any more, or the
        provider that vouched told meanwhile that its own session is over.

        Args:
            place: where.
            account: whose; what it stands for is read anew when it acts as a client.
            stored: the hash that the password was found to fit; None: the account proved itself in another way.
            before: text of the cookie that the browser had.
            acting: the client that the account works as; the caller has checked that it may.
            vouch: of the provider that the person comes from now, or came from before a proof.

        Raises:
            NotFound: the host was taken from its partner meanwhile.
        """
        if before is not None:
            await self.end(place, before)
        return await self._begin(place, account, _New(stored=stored, acting=acting, vouch=vouch))

    async def follow(
        self, place: Place, account: FoundAccount, session: Session, token: str, acting: Acting | None
    ) -> Made | None:
        """A session in place of `session`, whose text is `token`: another id, and nothing proven anew (S-63).

        It ends when the proof of the first is as old as a session may become. None as for `start`, and when the first
        was ended meanwhile: what is remembered of it may be two seconds old.
        """
        digest, proved_at = digest_of(token), session.principal.proved_at
        if digest is None or proved_at is None:
            return None
        new = _New(acting=acting, vouch=session.vouch, follows=digest, proved_at=proved_at)
        made = await self._begin(place, account, new)
        self._known.pop((place, digest), None)
        return made

    async def _begin(self, place: Place, account: FoundAccount, new: _New) -> Made | None:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        digest = hashlib.sha256(token.encode()).digest()
        if not await self._write(place, account, digest, new):
            return None
        # After it is there: a provider that tells the end of its session first tells, and then ends what is there.
        if new.vouch is not None and await self._is_over(account, new.vouch):
            await self.end(place, token)
            return None
        made = await self._read(place, digest, passing=True)
        return None if made is None else Made(made, token)

    async def _write(self, place: Place, account: FoundAccount, digest: bytes, new: _New) -> bool:
        """Whether the account, and the session that it follows, still are what they were; then its session is there."""
        values: dict[str, Any] = {"token_hash": digest, "host": place.host, "account_id": account.account_id}
        values |= {"partner_id": place.partner_id, "tenant_id": account.own_tenant_id}
        if new.vouch is not None:
            values |= {"provider_id": new.vouch.provider_id, "vouched_at": new.vouch.at, "sid_hash": new.vouch.sid_hash}
        life = LIFE
        if new.proved_at is not None:
            values["proved_at"] = new.proved_at
        if new.acting is not None:
            values |= {"acting_tenant_id": new.acting.tenant_id, "acting_reason": new.acting.reason}
            life = min(new.acting.life, MOST_ACTING)
        async with self._database.session(account.rows) as session:
            # First of all, so that it waits for nothing while it holds other rows.
            if not await repository.hold(session, place.partner_id, account.account_id, new.stored):
                return False
            if new.follows is not None:
                ended = await repository.end_session(session, place.partner_id, place.host, new.follows)
                if ended != account.account_id:
                    return False
            await repository.drop_ended(session, place.partner_id)
            try:
                await repository.add_session(session, values, life, LIFE)
            except IntegrityError:
                # The account is held, so what is missing is the host.
                raise NotFound from None
            who = ids.show("acc", account.account_id)
            after = {"host": place.host}
            await audit.record(session, actor=f"account:{who}", action="session.started", target=who, after=after)
            await session.commit()
        return True

    async def _is_over(self, account: FoundAccount, vouch: Vouch) -> bool:
        async with self._database.session(Scope.partner(account.partner_id)) as session:
            return await logout_repository.is_told(session, account.partner_id, account.account_id, vouch)

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
            live = None if found is None else live_session.of(found)
            if found is None or live is None:
                return None
            # At most once a minute, so that a busy page does not write at each of its requests.
            if not passing and found.now - found.seen_at > _TOUCH_AFTER:
                await repository.touch_session(session, place.partner_id, digest)
                await session.commit()
        return live


def digest_of(token: str) -> bytes | None:
    """What is stored for the cookie's text; None when it has not the form of one."""
    return hashlib.sha256(token.encode()).digest() if _TOKEN.fullmatch(token) else None
