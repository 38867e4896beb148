"""An order is sold once: which run is about to, and which one has (ADR 0140).

`connection` (asyncpg) is in a transaction of the tenant.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from services.holds.errors import SoldByAnother
from template_library.holds import InsteadOf, Sold

Status = Literal["under-way", "unfinished", "sold"]
_TAKE: Final = """
INSERT INTO app.order_sale (tenant_id, customer, order_key, run_id, digest) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, customer, order_key) DO NOTHING RETURNING true
"""
_LOCK: Final = """
SELECT true FROM app.order_sale WHERE tenant_id = $1 AND customer = $2 AND order_key = $3 FOR UPDATE
"""
# That a sale was cancelled since is what systems tell of the one record that is known by the order's number. `u` is the
# run that undoes what the first one did (ADR 0138).
_READ: Final = """
SELECT s.run_id, s.digest, s.taken_at, s.sold_at, s.sale, clock_timestamp() AS now,
  u.run_id AS undone_by, CASE WHEN u.ended_at IS NOT NULL THEN u.state = 'completed' END AS is_undone,
  EXISTS (SELECT 1 FROM app.run r
    WHERE r.tenant_id = s.tenant_id AND r.run_id = s.run_id AND r.ended_at IS NULL) AS is_under_way,
  coalesce((SELECT g.states ->> '' FROM app.sighting g
    WHERE g.tenant_id = s.tenant_id AND g.at >= s.taken_at AND g.states ->> '' IS NOT NULL AND g.entity_id = (
      SELECT (array_agg(DISTINCT k.entity_id))[1] FROM app.entity_key k
      WHERE k.tenant_id = s.tenant_id AND k.kind = 'sales-order' AND k.id = s.order_key
      HAVING count(DISTINCT k.entity_id) = 1)
    ORDER BY g.at DESC, g.sighting_id DESC LIMIT 1) = 'cancelled', false) AS is_cancelled
FROM app.order_sale s LEFT JOIN app.run u ON u.tenant_id = s.tenant_id AND u.compensates = s.run_id
WHERE s.tenant_id = $1 AND s.customer = $2 AND s.order_key = $3
"""
_TAKE_OVER: Final = """
UPDATE app.order_sale SET run_id = $4, digest = $5, taken_at = clock_timestamp(), sold_at = NULL, sale = NULL
WHERE tenant_id = $1 AND customer = $2 AND order_key = $3
"""
_NOTE: Final = """
UPDATE app.order_sale SET sold_at = coalesce(sold_at, clock_timestamp()), sale = $5
WHERE tenant_id = $1 AND customer = $2 AND order_key = $3 AND run_id = $4 RETURNING true
"""


class Selling(msgspec.Struct, frozen=True, kw_only=True):
    """What a run wants to sell.

    Attributes:
        digest: of what was ordered.
        within_days, instead_of: as of `template_library.holds.Claim`.
    """

    order: str
    customer: str
    run: UUID
    digest: bytes
    within_days: int | None = None
    instead_of: InsteadOf | None = None


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """A run that took the order up.

    Attributes:
        taken_at: when; `sold_at`: when it noted the sale, None: it has not.
        is_under_way: the run has not ended.
        is_cancelled: the sale was, as systems say.
        undone_by: the run that takes back what this one did; `is_undone`: it has, None: it is about to.
    """

    run: UUID
    digest: bytes
    taken_at: datetime
    sold_at: datetime | None
    sale: str | None
    is_under_way: bool
    is_cancelled: bool = False
    undone_by: UUID | None = None
    is_undone: bool | None = None

    @property
    def status(self) -> Status:
        """`unfinished`: the run ended and did not say whether there is a sale: it may be, or be made by a retry.

        Of one that is undone nobody says it either before that is through.
        """
        if self.undone_by is not None:
            return "under-way" if self.is_undone is None else "unfinished"
        if self.sold_at is not None:
            return "sold"
        return "under-way" if self.is_under_way else "unfinished"

    def counts(self, now: datetime, within_days: int | None) -> bool:
        """Whether the order is sold, may be, or is about to be; or it was, and that is being taken back."""
        if self.status == "under-way":
            return True
        age = now - (self.sold_at or self.taken_at)
        return not (self.is_cancelled or self.is_undone) and (within_days is None or age < timedelta(days=within_days))

    def keeps(self, wanted: Selling, now: datetime) -> bool:
        """Whether it keeps a run from selling the order now."""
        if self.run == wanted.run:
            return self.sold_at is not None
        if self.undone_by == wanted.run:
            return False
        given = wanted.instead_of
        is_set_aside = given is not None and (given.run, given.status) == (ids.show("run", self.run), self.status)
        return self.counts(now, wanted.within_days) and not is_set_aside

    def told(self, digest: bytes | None) -> dict[str, Any]:
        """As a workflow sees it. `digest`: of what it asks about."""
        at = (self.sold_at or self.taken_at).astimezone(UTC)
        return {
            "run": ids.show("run", self.run),
            "status": self.status,
            "at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "sale": self.sale,
            "same": None if digest is None else digest == self.digest,
        }


def digest_of(content: Any) -> bytes:
    """Equal for equal JSON, in whatever order its members stand."""
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).digest()


async def earlier(
    connection: Any, tenant: TenantId, order: str, customer: str, within_days: int | None
) -> Earlier | None:
    """Who sold it, or may have, as it stands now; without a lock: use `claim` before a sale is made."""
    found = await _read(connection, tenant, order, customer)
    return None if found is None or not found[0].counts(found[1], within_days) else found[0]


async def claim(connection: Any, tenant: TenantId, wanted: Selling) -> Earlier | None:
    """Take the order up; answers what keeps the run from it, None: it is this run's to sell. Safe to repeat.

    Of two at once one has it: the other one waits for its commit, and sees it.
    """
    of_it = (tenant, wanted.customer, wanted.order)
    if await connection.fetchval(_TAKE, *of_it, wanted.run, wanted.digest):
        return None
    # By two statements: the second sees what whoever had the lock has written, of its run, too.
    await connection.fetchval(_LOCK, *of_it)
    found = await _read(connection, tenant, wanted.order, wanted.customer)
    if found is not None and found[0].keeps(wanted, found[1]):
        return found[0]
    if found is not None and (found[0].run, found[0].digest) != (wanted.run, wanted.digest):
        await connection.execute(_TAKE_OVER, *of_it, wanted.run, wanted.digest)
    return None


async def note(connection: Any, tenant: TenantId, said: Sold, run: UUID) -> None:
    """The run has sold it. Safe to repeat.

    Raises:
        SoldByAnother: it is not this run's to sell.
    """
    if not await connection.fetchval(_NOTE, tenant, said.customer, said.order, run, said.sale):
        raise not_its_own(said)


def not_its_own(said: Sold) -> SoldByAnother:
    return SoldByAnother(f"This run has not taken up {said.order} of {said.customer}, or another one has since")


async def _read(connection: Any, tenant: TenantId, order: str, customer: str) -> tuple[Earlier, datetime] | None:
    """With the moment at which it was so."""
    row = await connection.fetchrow(_READ, tenant, customer, order)
    if row is None:
        return None
    members = ("digest", "taken_at", "sold_at", "sale", "is_under_way", "is_cancelled", "undone_by", "is_undone")
    return Earlier(run=row["run_id"], **{name: row[name] for name in members}), row["now"]
