"""Hands out access tokens that people granted, and those that connections' own credentials are exchanged for.

One process at a time renews a pair, or fetches a token, and stores it before it is used.

A pair is stored sealed and is shared by all workers: a server that gives a new refresh token each time (RFC 9700, 4.14)
takes the old one for stolen when it comes again. Who dies between the server's answer and the storing leaves the old
one, which is tried once its lease is over; a server that does not take it any more ends the grant, and says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import OrderedDict
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from infra import clock, crash_points, redaction
from infra.database import is_outage, surviving
from infra.encryption.errors import KeyServiceUnavailable, SecretUnreadable
from infra.encryption.secret import Secret
from services.connectors.sdk.context import Fetch, GrantOver, Pair, Renew
from services.connectors.sdk.errors import Away, Refusal
from services.connectors.sdk.grant import Grant as Granting
from tenants.connections.grants import Grant, Grants, Tokens

LEASE_SECONDS: Final = 90.0
"""Longer than a request may last."""
FETCH_LEASE_SECONDS: Final = 35.0
"""Of a token that is fetched, and that no server takes for stolen: less than others wait for it."""
FRESH_SECONDS: Final = 2.0
"""For so long a token is used without a look at its row: somebody may have authorised it anew meanwhile (S-61)."""
YOUNG_SECONDS: Final = 60.0
"""A system that refuses a token within that refuses the next one, too; each renewal may end an earlier token."""
_PATIENCE_SECONDS: Final = 45.0
_PAUSE_SECONDS: Final = 0.25
_SPARE: Final = 0.1
_MOST_SPARE: Final = 30.0
_MOST: Final = 2_048
NO_REFRESH: Final = "no-refresh-token"
_YOUNG: Final = (
    "The system refuses a token that it gave less than a minute ago; look at the rights of whoever authorised it"
)
Key = tuple[UUID, UUID, int]
"""Tenant, connection and its revision."""


class Known(msgspec.Struct, frozen=True):
    """`until`: it is looked at anew, on the monotonic clock. `refused`: the system did not take the token."""

    access: Secret
    grant: Granting
    leads_to: str
    version: int
    until: float
    refused: bool = False


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A token that a call needs, for `leads_to`; by `renew` of what a person authorised, else by `fetch`."""

    ref: str
    leads_to: str
    renew: Renew | None = None
    fetch: Fetch | None = None

    def fits(self, grant: Grant) -> bool:
        return grant.tokens is not None and grant.tokens.leads_to == self.leads_to

    async def pair(self, grant: Grant) -> Pair:
        """The next one. Raises as `Renew` and `Fetch`."""
        if self.fetch is not None:
            return await self.fetch()
        assert self.renew is not None  # noqa: S101 (one of both)
        assert grant.tokens is not None  # noqa: S101 (it was looked at)
        assert grant.tokens.refresh is not None  # noqa: S101 (likewise)
        return await self.renew(grant.tokens.refresh)


class Keeper:
    """One for the process."""

    def __init__(self, grants: Grants) -> None:
        self._grants = grants
        self._known: OrderedDict[Key, Known] = OrderedDict()
        self._flights: dict[Key, asyncio.Task[Known]] = {}

    def of(self, tenant: UUID, connection: UUID, revision: int, ref: str) -> OneGrant:
        """What a connection was authorised to do; `ref` is its public id."""
        return OneGrant(self, (tenant, connection, revision), ref)

    async def known(self, key: Key, asked: Asked) -> Known:
        """What holds now. Raises as `Granted.access` and `Shares.fetched`."""
        known = self._known.get(key)
        if known is None or known.refused or known.leads_to != asked.leads_to or clock.monotonic() >= known.until:
            known = await self._fetched(key, asked)
        redaction.hold([known.access])
        return known

    async def _fetched(self, key: Key, asked: Asked) -> Known:
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._fetch(key, asked))
            self._flights[key] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key, None))
        # Whoever gives up leaves the others' on its way.
        return await asyncio.shield(flight)

    def forget(self, key: Key, version: int) -> bool:
        """That the token of `version` was refused: whether another one is to be had, or has come meanwhile."""
        known = self._known.get(key)
        if known is None or known.version < version:
            return False
        if known.version == version:
            self._known[key] = msgspec.structs.replace(known, refused=True)
        return True

    def _refused(self, key: Key) -> int:
        """The version whose token was refused; 0: none."""
        known = self._known.get(key)
        return known.version if known is not None and known.refused else 0

    async def _fetch(self, key: Key, asked: Asked) -> Known:
        try:
            grant = await (self._authorised(key, asked) if asked.fetch is None else self._shared(key, asked))
        except (SecretUnreadable, KeyServiceUnavailable) as problem:
            if isinstance(problem, KeyServiceUnavailable):
                raise Away("what it was authorised to do cannot be read now", sent=False) from problem
            raise Refusal(problem.detail, name="configuration", status=500, title=problem.title) from problem
        except Exception as error:
            if is_outage(error):
                raise Away("what it was authorised to do cannot be read now", sent=False) from error
            raise
        assert grant.tokens is not None  # noqa: S101 (it was looked at)
        until = clock.monotonic() + min(grant.rest, FRESH_SECONDS)
        granting = _granting(grant, grant.tokens, by_machine=asked.fetch is not None)
        found = Known(grant.tokens.access, granting, asked.leads_to, grant.version, until)
        self._known[key] = found
        self._known.move_to_end(key)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        return found

    async def _authorised(self, key: Key, asked: Asked) -> Grant:
        """A grant whose access token holds and was not refused; one that this call renewed, however short it holds."""
        began, renewed = clock.monotonic(), 0
        while True:
            grant = await self._grants.read(key[0], key[1])
            if grant is None:
                raise unauthorized("nobody has authorised it yet", asked.ref)
            if grant.tokens is None:
                raise unauthorized(f"its authorisation has ended ({grant.reason})", asked.ref)
            if not asked.fits(grant):
                raise unauthorized("it leads elsewhere than it was authorised for", asked.ref)
            # Asked after the row was read: a call may have been refused while that was under way.
            is_refused = grant.version == self._refused(key)
            if (grant.rest > 0 or grant.version == renewed) and not is_refused:
                return grant
            if grant.rest > 0 and grant.age < YOUNG_SECONDS:
                raise Refusal(_YOUNG, name="authentication", status=401, title="The credentials are refused")
            if grant.tokens.refresh is None:
                await self._grants.end(grant, NO_REFRESH)
            elif await self._grants.lease(grant, LEASE_SECONDS):
                await self._renew(grant, asked)
                renewed = grant.version + 1
            else:
                await _wait(began)

    async def _shared(self, key: Key, asked: Asked) -> Grant:
        """The same of a machine's, which nobody has to authorise, and which counts for as long as it fits."""
        began, fetched = clock.monotonic(), 0
        while True:
            grant = await self._grants.read(key[0], key[1])
            is_well = grant is not None and asked.fits(grant) and grant.version != self._refused(key)
            if grant is not None and is_well and (grant.rest > 0 or grant.version == fetched):
                return grant
            if grant is None or grant.has_ended:
                await self._grants.begin(key[0], key[1])
                await _wait(began, 0.0)
            elif await self._grants.lease(grant, FETCH_LEASE_SECONDS):
                await self._renew(grant, asked)
                fetched = grant.version + 1
            else:
                await _wait(began)

    async def _renew(self, grant: Grant, asked: Asked) -> None:
        """Raises what `asked` raises but for GrantOver, which ends the grant."""
        try:
            pair = await asked.pair(grant)
        except GrantOver as over:
            # Unless another pair has come: then this refusal is about a token that is over anyway.
            await self._grants.end(grant, str(over))
            return
        except BaseException:
            with surviving("giving back the renewal of a grant"), contextlib.suppress(asyncio.CancelledError):
                await self._grants.release(grant)
            raise
        crash_points.pass_by("grant.answered", str(grant.version))
        # A server that says nothing of rights has left them as they were (RFC 6749, 6).
        before = frozenset() if grant.tokens is None else grant.tokens.scopes
        tokens = Tokens(pair.access, pair.refresh, asked.leads_to, pair.scopes or before)
        await self._grants.renew(grant, tokens, held_for(pair.seconds), by_machine=asked.fetch is not None)


async def _wait(began: float, pause: float = _PAUSE_SECONDS) -> None:
    """Raises Away: somebody else takes too long."""
    if clock.monotonic() - began > _PATIENCE_SECONDS:
        raise Away("another worker renews its access token", sent=False)
    await asyncio.sleep(pause)


class OneGrant:
    """Fills `Granted` and `Shares` for one call."""

    def __init__(self, keeper: Keeper, key: Key, ref: str) -> None:
        self._keeper = keeper
        self._key = key
        self._ref = ref
        self._version = 0
        self.grant: Granting | None = None

    async def access(self, leads_to: str, renew: Renew) -> Secret:
        return await self._known(Asked(ref=self._ref, leads_to=leads_to, renew=renew))

    async def fetched(self, leads_to: str, fetch: Fetch) -> Secret:
        return await self._known(Asked(ref=self._ref, leads_to=leads_to, fetch=fetch))

    async def _known(self, asked: Asked) -> Secret:
        known = await self._keeper.known(self._key, asked)
        self._version, self.grant = known.version, known.grant
        return known.access

    def forget(self) -> bool:
        """Of many calls that were refused with one token, the first has it renewed, and the others use what came."""
        return self._keeper.forget(self._key, self._version)


def _granting(grant: Grant, tokens: Tokens, *, by_machine: bool) -> Granting:
    is_known = math.isfinite(grant.rest)
    ends_at = clock.now() + timedelta(seconds=grant.rest) if is_known else None
    return Granting(ends_at, tokens.scopes, renews=by_machine or tokens.refresh is not None)


def held_for(seconds: float | None) -> float | None:
    """For how long an access token is used that holds for `seconds`: it is renewed a little before."""
    return None if seconds is None else seconds - min(seconds * _SPARE, _MOST_SPARE)


def unauthorized(why: str, ref: str) -> Away:
    """Runs wait until somebody has authorised it; the reason says by which link."""
    link = f"POST /v1/connections/{ref}/authorization-link"
    words = f"{why}: make a link ({link}) and have it opened by somebody who may"
    return Away(words, sent=False, name="authentication")
