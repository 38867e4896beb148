"""What may be pushed in: held where others begin work, never where work is inside already (ADR 0033).

Starts of a tenant are counted by the statement that places its runs, so they are exact. All the rest is what the
database said at the last exchange and what this process has added since that was counted: others may add as much.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec

from infra import clock
from infra.database import Database, surviving
from infra.ids import TenantId
from infra.problems import Problem
from infra.telemetry import instruments
from services.engine import starter
from services.engine.starter import Pushed
from services.events import store
from services.events.cloud_event import CloudEvent
from services.events.intake import Followed
from services.events.received import Received
from tenants.organizations.levels import OPERATOR, Level
from tenants.organizations.quotas import BYTES, OPEN, RUNS, Quota

SECONDS: Final = 2.0
"""Between two exchanges with the database."""
_COUNTED_SECONDS: Final = 5
"""After so long open runs have been counted again, and every process knows."""
_ALL_COUNTED_SECONDS: Final = 12
"""The same of the installation's, which are every tenant's."""
_PATIENT: Final = 50
"""Refusals of one tenant in a minute; from then on its events are refused unread until the minute is over."""
_OPERATOR: Final = OPERATOR.owner_id
_MINUTE: Final = 60.0
_DAY: Final = 86_400.0
_WORDS: Final[dict[Quota, str]] = {
    RUNS: "runs that events start in a minute",
    OPEN: "runs that have not ended",
    BYTES: "bytes of payload in a day",
}


_MORE_THAN: Final[dict[Level, str]] = {
    "environment": "agreed: {}",
    "client": "agreed for all of the client's environments together: {}",
    "partner": "agreed for all that your provider serves",
    "operator": "this installation takes",
}


class Place(Protocol):
    """An environment with whoever is above it."""

    @property
    def tenant_id(self) -> UUID: ...
    @property
    def client_id(self) -> UUID: ...
    @property
    def partner_id(self) -> UUID: ...


class QuotaReached(Problem):
    """More was sent than is agreed. `quota` and `level` say of what, `limit` and `used` how much where it is your own.

    Send again after `Retry-After` seconds.

    Nothing was stored. Work that is inside goes on.
    """

    name = "quota-reached"
    title = "A quota is used up"
    status = 429


class Standing(msgspec.Struct):
    """A quota and what is used of it.

    Attributes:
        level: whose it is; `used` is by all that is below.
        until: of `clock.monotonic`, when nothing is used again; None: never by itself.
    """

    quota: Quota
    amount: int
    used: int
    level: Level
    until: float | None

    def present(self) -> int:
        """What is used now."""
        now = clock.monotonic()
        if self.until is not None and now >= self.until:
            self.used = 0
            period = _MINUTE if self.quota == RUNS else _DAY
            self.until += period * (1 + (now - self.until) // period)
        return self.used

    def left(self) -> float:
        """Seconds until there may be room again."""
        self.present()
        if self.until is not None:
            return self.until - clock.monotonic()
        return _ALL_COUNTED_SECONDS if self.level == "operator" else _COUNTED_SECONDS

    def refusal(self, used: int, seconds: float) -> QuotaReached:
        """One of its own for each request: an exception holds what the request held, its body too.

        What is above the client is told to none: neither how much it is nor what others have used of it. Of what the
        client's environments have together each is told the limit, and not what the others use.
        """
        instruments.QUOTA_REFUSED.add(1, self.quota, self.level)
        wait = max(1, math.ceil(seconds))
        than = _MORE_THAN[self.level].format(self.amount)
        return QuotaReached(
            f"The {_WORDS[self.quota]} would be more than {than}. Nothing was stored. Send again in {wait} seconds",
            headers={"Retry-After": str(wait)},
            quota=self.quota,
            level=self.level,
            limit=self.amount if self.level in {"environment", "client"} else None,
            used=used if self.level == "environment" else None,
            retry_after=wait,
        )


class _Refused(msgspec.Struct):
    until: float
    times: int
    standing: Standing
    used: int


class Quotas:
    """One for the process; `run` keeps it up to date. Until it knows, nothing is refused."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[UUID, dict[Quota, Standing]] = {}
        self._owners: dict[UUID, tuple[UUID, ...]] = {}
        self._taken: dict[UUID, int] = {}
        self._started: dict[UUID, deque[tuple[float, int]]] = {}
        self._refused: dict[UUID, _Refused] = {}
        self._exchanging = asyncio.Lock()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with surviving("learning what quotas stand at"):
                await self.exchange()
            await asyncio.sleep(SECONDS)

    async def exchange(self) -> None:
        """Report what was taken, learn what quotas stand at."""
        async with self._exchanging:
            taken, self._taken = self._taken, {}
            try:
                async with self._database.doors() as connection:
                    asked = clock.monotonic()
                    rows = await connection.fetch(
                        "SELECT * FROM app.exchange_loads($1, $2)", list(taken), list(taken.values())
                    )
            except BaseException:
                for tenant, count in taken.items():
                    self._taken[tenant] = self._taken.get(tenant, 0) + count
                raise
            self._learn(rows, asked)

    def _learn(self, rows: list[Any], asked: float) -> None:
        """Of `asked` and after, the database may not have known; what it counted before is as old as it says."""
        known: dict[UUID, dict[Quota, Standing]] = {}
        oldest = asked
        for row in rows:
            owner, one = row["owner_id"], _standing(row)
            since = asked
            if one.quota == OPEN:
                since = -math.inf if row["counted_ago"] is None else asked - row["counted_ago"]
            one.used += self._added(owner, one, since)
            known.setdefault(owner, {})[one.quota] = one
            oldest = min(oldest, since)
        self._known = known
        self._refused = {one: its for one, its in self._refused.items() if its.until > clock.monotonic()}
        kept = {of: deque(one for one in its if one[0] > oldest) for of, its in self._started.items()}
        self._started = {of: its for of, its in kept.items() if its}

    def _added(self, owner: UUID, one: Standing, since: float) -> int:
        """What this process has let in and the database has not counted."""
        if one.quota == BYTES:
            return sum(size for tenant, size in self._taken.items() if owner in self._above(tenant))
        return sum(
            runs
            for tenant, its in self._started.items()
            if owner in self._above(tenant)
            for moment, runs in its
            if moment > since
        )

    def _above(self, tenant: UUID) -> tuple[UUID, ...]:
        """Whose quotas hold for it, the nearest first: its own first of all."""
        return self._owners.get(tenant, (tenant, _OPERATOR))

    def _know(self, place: Place) -> None:
        self._owners[place.tenant_id] = (place.tenant_id, place.client_id, place.partner_id, _OPERATOR)

    def standing(self, owner: UUID) -> dict[Quota, Standing]:
        """What an owner has and what is used of it, as it was at the last exchange or since."""
        return self._known.get(owner, {})

    def attend(self, place: Place) -> None:
        """Whether an event of `place` is read at all.

        Raises:
            QuotaReached: too many were refused in this minute.
        """
        self._know(place)
        refused = self._refused.get(place.tenant_id)
        if refused is not None and refused.times >= _PATIENT and refused.until > clock.monotonic():
            raise refused.standing.refusal(refused.used, refused.standing.left())

    async def admit(self, tenant: TenantId, event: CloudEvent, size: int) -> None:
        """Whether `tenant` may push in `size` bytes now. What was stored before is no more of them.

        Raises:
            QuotaReached: send again later.
        """
        for one in self._of(tenant, BYTES) if self._known else ():
            used = one.present()
            if used + size > one.amount:
                async with self._database.tenant(tenant) as connection:
                    if await store.is_known(connection, tenant, event):
                        return
                raise self._noted(tenant, one, used, one.left())

    def took(self, place: Place, size: int) -> None:
        """What came in is counted once it is stored."""
        self._know(place)
        tenant = place.tenant_id
        limits = self._of(tenant, BYTES) if self._known else ()
        for one in limits:
            one.used = one.present() + size
        if limits:
            self._taken[tenant] = self._taken.get(tenant, 0) + size

    async def follow(self, connection: Any, tenant: TenantId, events: list[Received]) -> Followed:
        """`starter.follow` as far as the tenant's quotas let it; what is refused rolls the transaction back."""
        if not self._known:
            return await starter.follow(connection, tenant, events)
        return await starter.follow(connection, tenant, events, allow=lambda pushed: self._allow(tenant, pushed))

    def _allow(self, tenant: TenantId, pushed: Pushed) -> None:
        for one in self._of(tenant, RUNS):
            used, left = one.present(), one.left()
            if pushed.runs and one.level == "environment":  # counted by the statement that places them
                used, left = pushed.in_minute - pushed.runs, pushed.left
            if _is_over(one, used, pushed):
                raise self._noted(tenant, one, used, left)
        for one in self._of(tenant, OPEN):
            if _is_over(one, one.used, pushed):
                raise one.refusal(one.used, one.left())
        limits = [one for quota in (RUNS, OPEN) for one in self._of(tenant, quota)] if pushed.runs else []
        for one in limits:
            one.used = one.present() + pushed.runs
        if limits:
            self._started.setdefault(tenant, deque()).append((clock.monotonic(), pushed.runs))

    def _of(self, tenant: UUID, quota: Quota) -> list[Standing]:
        found = (self._known.get(owner) for owner in self._above(tenant))
        return [its[quota] for its in found if its is not None and quota in its]

    def _noted(self, tenant: TenantId, one: Standing, used: int, left: float) -> QuotaReached:
        """The refusal; with too many of them the tenant is not attended to for the rest of the minute."""
        known = self._refused.get(tenant)
        if known is None or known.until <= clock.monotonic():
            known = self._refused[tenant] = _Refused(clock.monotonic() + min(left, _MINUTE), 0, one, used)
        known.times += 1
        known.standing, known.used = one, used
        return one.refusal(used, left)


def _is_over(one: Standing, used: int, pushed: Pushed) -> bool:
    """Of what is to be judged nobody knows how many runs it begins: it may come while there is room for one."""
    return used + pushed.runs > one.amount or (pushed.judged > 0 and used >= one.amount)


def _standing(row: Any) -> Standing:
    left = {RUNS: row["minute_left"], BYTES: row["day_left"]}.get(row["name"])
    until = None if left is None else clock.monotonic() + left
    return Standing(row["name"], row["amount"], row["used"], row["level"], until)
