"""What may be pushed in: held where others begin work, never where work is inside already (ADR 0033).

Starts of a tenant are counted by the statement that places its runs, so they are exact. All the rest is what the
database said at the last exchange and what this process has added since that was counted: others may add as much.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import Any, Final
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
from tenants.organizations.quotas import BYTES, OPEN, RUNS, Quota

SECONDS: Final = 2.0
"""Between two exchanges with the database."""
_COUNTED_SECONDS: Final = 5
"""After so long open runs have been counted again, and every process knows."""
_PATIENT: Final = 50
"""Refusals of one tenant in a minute; from then on its events are refused unread until the minute is over."""
_MINUTE: Final = 60.0
_DAY: Final = 86_400.0
_WORDS: Final[dict[Quota, str]] = {
    RUNS: "runs that events start in a minute",
    OPEN: "runs that have not ended",
    BYTES: "bytes of payload in a day",
}


class QuotaReached(Problem):
    """More was sent than is agreed. `quota`, `limit` and `used` say of what; send again after `Retry-After` seconds.

    Nothing was stored. Work that is inside goes on.
    """

    name = "quota-reached"
    title = "A quota is used up"
    status = 429


class Standing(msgspec.Struct):
    """A quota and what is used of it.

    Attributes:
        until: of `clock.monotonic`, when nothing is used again; None: never by itself.
    """

    quota: Quota
    amount: int
    used: int
    is_partners: bool
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
        return _COUNTED_SECONDS if self.until is None else self.until - clock.monotonic()

    def refusal(self, used: int, seconds: float) -> QuotaReached:
        """One of its own for each request: an exception holds what the request held, its body too.

        A partner's total is told to none of its clients: neither how much it is nor what others have used of it.
        """
        instruments.QUOTA_REFUSED.add(1, self.quota)
        wait = max(1, math.ceil(seconds))
        level = "partner" if self.is_partners else "environment"
        whose = "agreed for all that your provider serves" if self.is_partners else f"agreed: {self.amount}"
        return QuotaReached(
            f"The {_WORDS[self.quota]} would be more than {whose}. Nothing was stored. Send again in {wait} seconds",
            headers={"Retry-After": str(wait)},
            quota=self.quota,
            level=level,
            limit=None if self.is_partners else self.amount,
            used=None if self.is_partners else used,
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
        self._partner_of: dict[UUID, UUID] = {}
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
            owner, one = row["tenant_id"] or row["partner_id"], _standing(row)
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
            return sum(size for tenant, size in self._taken.items() if self._is_of(tenant, owner, one))
        return sum(
            runs
            for tenant, its in self._started.items()
            if self._is_of(tenant, owner, one)
            for moment, runs in its
            if moment > since
        )

    def _is_of(self, tenant: UUID, owner: UUID, one: Standing) -> bool:
        return (self._partner_of.get(tenant) if one.is_partners else tenant) == owner

    def attend(self, tenant: UUID, partner: UUID) -> None:
        """Whether an event of `partner`'s `tenant` is read at all.

        Raises:
            QuotaReached: too many were refused in this minute.
        """
        self._partner_of[tenant] = partner
        refused = self._refused.get(tenant)
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

    def took(self, tenant: UUID, partner: UUID, size: int) -> None:
        """What came in is counted once it is stored."""
        self._partner_of[tenant] = partner
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
            if pushed.runs and not one.is_partners:  # counted by the statement that places them
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
        partner = self._partner_of.get(tenant)
        found = (self._known.get(tenant), None if partner is None else self._known.get(partner))
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
    return Standing(row["name"], row["amount"], row["used"], row["tenant_id"] is None, until)
