"""What may be pushed in: held where others begin work, never where work is inside already (ADR 0033).

Starts of a tenant are counted by the statement that places its runs, so they are exact. All the rest is what the
database said at the last exchange and what this process has added since: others may add as much meanwhile.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import math
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
        counted: the moment for which the database counted open runs.
    """

    quota: Quota
    amount: int
    used: int
    is_partners: bool
    until: float | None
    counted: dt.datetime | None

    def present(self) -> int:
        """What is used now."""
        now = clock.monotonic()
        if self.until is not None and now >= self.until:
            self.used = 0
            period = _MINUTE if self.quota == RUNS else _DAY
            self.until += period * (1 + (now - self.until) // period)
        return self.used

    def refusal(self, used: int, seconds: float) -> QuotaReached:
        """A partner's total is told to none of its clients: neither how much it is nor what others have used of it."""
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
    problem: QuotaReached


class Quotas:
    """One for the process; `run` keeps it up to date. Until it knows, nothing is refused."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[UUID, dict[Quota, Standing]] = {}
        self._partner_of: dict[UUID, UUID] = {}
        self._taken: dict[UUID, int] = {}
        self._refused: dict[UUID, _Refused] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with surviving("learning what quotas stand at"):
                await self.exchange()
            await asyncio.sleep(SECONDS)

    async def exchange(self) -> None:
        """Report what was taken, learn what quotas stand at."""
        taken, self._taken = self._taken, {}
        try:
            async with self._database.doors() as connection:
                rows = await connection.fetch(
                    "SELECT * FROM app.exchange_loads($1, $2)", list(taken), list(taken.values())
                )
        except BaseException:
            for tenant, count in taken.items():
                self._taken[tenant] = self._taken.get(tenant, 0) + count
            raise
        known: dict[UUID, dict[Quota, Standing]] = {}
        for row in rows:
            its = known.setdefault(row["tenant_id"] or row["partner_id"], {})
            its[row["name"]] = now = _standing(row)
            before = self._known.get(row["tenant_id"] or row["partner_id"], {}).get(now.quota)
            if before is not None and now.quota == OPEN and before.counted == now.counted:
                now.used = before.used  # nobody has counted since: what was started here is not forgotten
        self._known = known
        if not known:
            self._partner_of.clear()
        self._refused = {one: its for one, its in self._refused.items() if its.until > clock.monotonic()}

    def admit(self, tenant: UUID, partner: UUID, size: int) -> None:
        """Whether `partner`'s `tenant` may push in `size` bytes now.

        Raises:
            QuotaReached: send again later.
        """
        if not self._known:
            return
        self._partner_of[tenant] = partner
        refused = self._refused.get(tenant)
        if refused is not None and refused.times >= _PATIENT and refused.until > clock.monotonic():
            raise refused.problem
        for one in self._of(tenant, BYTES):
            used = one.present()
            if used + size > one.amount:
                raise one.refusal(used, (one.until or 0) - clock.monotonic())

    def took(self, tenant: UUID, size: int) -> None:
        """What came in is counted once it is stored."""
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
            used = one.present() if one.is_partners else pushed.in_minute - pushed.runs
            if used + pushed.runs > one.amount:
                problem = one.refusal(used, pushed.left)
                self._note(tenant, problem, pushed.left)
                raise problem
        for one in self._of(tenant, OPEN):
            if one.used + pushed.runs > one.amount:
                raise one.refusal(one.used, _COUNTED_SECONDS)
        for quota in (RUNS, OPEN):
            for one in self._of(tenant, quota):
                one.used = one.present() + pushed.runs

    def _of(self, tenant: UUID, quota: Quota) -> list[Standing]:
        partner = self._partner_of.get(tenant)
        found = (self._known.get(tenant), None if partner is None else self._known.get(partner))
        return [its[quota] for its in found if its is not None and quota in its]

    def _note(self, tenant: UUID, problem: QuotaReached, left: float) -> None:
        known = self._refused.get(tenant)
        if known is None or known.until <= clock.monotonic():
            known = self._refused[tenant] = _Refused(clock.monotonic() + left, 0, problem)
        known.times += 1
        known.problem = problem


def _standing(row: Any) -> Standing:
    left = {RUNS: row["minute_left"], BYTES: row["day_left"]}.get(row["name"])
    until = None if left is None else clock.monotonic() + left
    return Standing(row["name"], row["amount"], row["used"], row["tenant_id"] is None, until, row["counted"])
