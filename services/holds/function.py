"""`holds:1.0.0@default`: a workflow raises and clears holds, and waits until an order may go (ADR 0104)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from infra import ids
from infra.database import Database, is_outage
from infra.ids import TenantId
from infra.problems import Problem
from services.engine.functions import STANDARD_ERRORS, Answer, Call, Done, ErrorDetails, Failed, Later
from services.holds import facts, raising, releasing, selling, telling
from services.holds.clearing import Hand
from services.holds.raising import Wanted
from services.holds.releasing import Standing, Waiter
from services.holds.selling import Earlier, Selling
from services.holds.telling import PREFIX
from template_library import holds
from template_library.holds import NAME, Check, Claim, Clear, Raise, Said, Sold, Wait

__all__ = ["NAME", "HoldsFunction"]

_INVALID: Final = 422
_UNAVAILABLE: Final = 503
_LOOKS_EACH: Final = 600.0
"""Seconds: a run that waits is called by whoever clears its order's holds; this finds what was lost all the same."""
_LOOKS_AT_SALES_EACH: Final = 60.0
"""A run that waits for another one's sale is called when that is noted; that the other one ended without is seen so."""
_MOMENT: Final = 3.0
_IN_HAND: Final = "SELECT app.is_in_hand($1, $2)"
_SHOWN: Final = 5
_OWN: Final = """
SELECT hold_id FROM app.hold WHERE tenant_id = $1 AND run_id = $2 AND kind = $3 AND key = $4
  AND ($5::text IS NULL OR line = $5) AND ($6::text IS NULL OR type = $6) AND ($7::text IS NULL OR reason = $7)
  AND (status = 'active' OR cleared_by = $8)
ORDER BY hold_id
"""


class HoldsFunction:
    """Fills the engine's Function protocol. Each call is one transaction, and safe to repeat by its key.

    What changes something is done by who holds the run alone, under the fence of the call (F-02).
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, call: Call) -> Answer:
        try:
            said = holds.read(call.arguments)
        except ValueError as error:
            return _failed(str(error))
        try:
            return await self._do(call, said)
        except _InOtherHands:
            return _later("its run is in other hands", seconds=_MOMENT)
        except Problem as problem:
            return _failed(problem.detail)
        except Exception as error:
            if is_outage(error):
                return _later("the database is away", seconds=_MOMENT)
            raise

    async def _do(self, call: Call, said: Said) -> Answer:
        if isinstance(said, Raise):
            return await self._raise(call, said)
        if isinstance(said, Clear):
            return await self._clear(call, said)
        if isinstance(said, Claim):
            return await self._claim(call, said)
        if isinstance(said, Sold):
            return await self._sold(call, said)
        return await (self._wait(call, said) if isinstance(said, Wait) else self._check(call, said))

    async def _raise(self, call: Call, said: Raise) -> Answer:
        tenant = TenantId(call.tenant)
        wanted = Wanted(
            kind="customer" if said.order is None else "order",
            key=said.order or said.customer or "",
            customer=said.customer,
            site=said.site,
            line=said.line or "",
            type=said.type,
            reason=said.reason,
            words=said.words,
            role=said.role,
            due=said.due,
            deadline=said.deadline,
            value=None if said.value is None else said.value.amount,
            currency=None if said.value is None else said.value.currency,
            facts=facts.kept(said.facts),
            run=call.run,
            raise_key=call.key,
        )
        async with self._in_hand(call) as connection:
            raised = await raising.raise_hold(connection, tenant, wanted, actor=telling.of_run(call.run))
        output = {
            "hold": ids.show(PREFIX, raised.hold_id),
            "active": raised.is_active,
            "raised": raised.is_new,
            "afterRelease": raised.after_release,
        }
        return Done(output=output, usage="")

    async def _clear(self, call: Call, said: Clear) -> Answer:
        """Each in a transaction of its own: two runs that clear several wait for each other in no circle."""
        tenant, kind = TenantId(call.tenant), "customer" if said.order is None else "order"
        key, actor = said.order or said.customer or "", telling.of_run(call.run)
        async with self._database.tenant(tenant) as connection:
            given = (tenant, call.run, kind, key, said.line, said.type, said.reason, actor)
            rows = await connection.fetch(_OWN, *given)
        outcomes: dict[str, bool] = {}
        for row in rows:
            async with self._in_hand(call) as connection:
                hand = Hand(connection, tenant, None)
                is_cleared = await hand.clear_own(row["hold_id"], call.run, said.why)
                outcomes[ids.show(PREFIX, row["hold_id"])] = is_cleared
        output: dict[str, Any] = {
            "cleared": [one for one, is_cleared in outcomes.items() if is_cleared],
            "kept": [one for one, is_cleared in outcomes.items() if not is_cleared],
        }
        if said.order is not None:
            async with self._database.tenant(tenant) as connection:
                output |= shown(await releasing.read(connection, tenant, said.order, said.customer))
        return Done(output=output, usage="")

    async def _check(self, call: Call, said: Check) -> Answer:
        tenant = TenantId(call.tenant)
        async with self._database.tenant(tenant) as connection:
            standing = await releasing.read(connection, tenant, said.order, said.customer)
            found = None
            if standing.customer is not None:
                of_it = (said.order, standing.customer)
                found = await selling.earlier(connection, tenant, *of_it, said.within_days)
        return Done(output=checked(standing, found, said), usage="")

    async def _claim(self, call: Call, said: Claim) -> Answer:
        tenant = TenantId(call.tenant)
        wanted = wanted_sale(call, said)
        waiter = Waiter(run=call.run, key=call.key, actor=telling.of_run(call.run))
        async with self._in_hand(call) as connection:
            found = await selling.claim(connection, tenant, wanted)
            if found is not None and found.status == "under-way":
                await releasing.begin_waiting(connection, tenant, said.order, said.customer, waiter)
            else:
                await releasing.end_waiting(connection, tenant, waiter)
        if found is not None and found.status == "under-way":
            reason = f"{telling.of_run(found.run)} is about to sell the order"
            if found.undone_by is not None:
                reason = f"{telling.of_run(found.undone_by)} takes back what was sold of the order"
            return _later(reason, ref=said.order, seconds=_LOOKS_AT_SALES_EACH)
        return claimed(found, wanted)

    async def _sold(self, call: Call, said: Sold) -> Answer:
        tenant = TenantId(call.tenant)
        async with self._in_hand(call) as connection:
            await selling.note(connection, tenant, said, call.run)
            await releasing.call_waiting(connection, tenant, "order", said.order)
        return noted(said)

    async def _wait(self, call: Call, said: Wait) -> Answer:
        tenant = TenantId(call.tenant)
        waiter = Waiter(run=call.run, key=call.key, actor=telling.of_run(call.run), site=said.site)
        async with self._database.tenant(tenant) as connection:
            customer = said.customer or (await releasing.read(connection, tenant, said.order)).customer
        if customer is None:
            return _failed("name the order's `customer`: a hold on it keeps the order, too")
        facts.check({}, value=None, currency=None, site=said.site)
        async with self._in_hand(call) as connection:
            standing = await releasing.release(connection, tenant, said.order, customer, waiter)
        if standing.holds:
            return _later(_reason(standing), ref=said.order, seconds=_LOOKS_EACH)
        return Done(output=shown(standing), usage="")

    @asynccontextmanager
    async def _in_hand(self, call: Call) -> AsyncIterator[Any]:
        """A transaction of the tenant while the run is the caller's. Raises _InOtherHands."""
        async with self._database.tenant(call.tenant) as connection:
            if not await connection.fetchval(_IN_HAND, call.run, call.fence):
                raise _InOtherHands
            yield connection


class _InOtherHands(Exception):
    """No error: whoever has the run asks the same."""


def shown(standing: Standing) -> dict[str, Any]:
    """What a workflow sees of an order's standing."""
    return {
        "order": standing.order,
        "customer": standing.customer,
        "releasable": standing.is_releasable,
        "holds": [
            {
                "hold": ids.show(PREFIX, one.hold_id),
                "on": one.on,
                "line": one.line or None,
                "type": one.type,
                "reason": one.reason,
                "owner": f"role:{one.owner_role}",
            }
            for one in standing.holds
        ],
    }


def wanted_sale(call: Call, said: Claim) -> Selling:
    return Selling(
        order=said.order,
        customer=said.customer,
        run=call.run,
        digest=selling.digest_of(said.content),
        within_days=said.within_days,
        instead_of=said.instead_of,
    )


def claimed(found: Earlier | None, wanted: Selling) -> Done:
    """What a workflow sees of its claim."""
    output = {"claimed": found is None, "earlier": None if found is None else found.told(wanted.digest)}
    return Done(output=output, usage="")


def noted(said: Sold) -> Done:
    return Done(output={"order": said.order, "sale": said.sale}, usage="")


def checked(standing: Standing, found: Earlier | None, said: Check) -> dict[str, Any]:
    """What a workflow sees of an order that it looks at."""
    digest = None if said.content is None else selling.digest_of(said.content)
    return shown(standing) | {"sold": None if found is None else found.told(digest)}


def _reason(standing: Standing) -> str:
    """For people: what keeps the order, and who looks after that."""
    told = [f"{one.type} ({one.reason}), of {one.owner_role}" for one in standing.holds[:_SHOWN]]
    more = len(standing.holds) - len(told)
    return f"the order is held: {'; '.join(told)}" + (f"; and {more} more" if more else "")


def _failed(detail: str) -> Failed:
    error = ErrorDetails(
        type=f"{STANDARD_ERRORS}validation", status=_INVALID, title="The call of holds is not right", detail=detail
    )
    return Failed(error=error, sent=False)


def _later(reason: str, *, ref: str = "", seconds: float) -> Later:
    error = ErrorDetails(type=f"{STANDARD_ERRORS}timeout", status=_UNAVAILABLE, title="It is still held", detail=reason)
    return Later(
        reason=reason, ref=ref, error=error, seconds=seconds, sent=False, parked=bool(ref), line="hold" if ref else ""
    )
