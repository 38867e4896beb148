"""`holds:1.0.0@default` in a scenario: the same rules as `services.holds` keeps in its tables (ADR 0104)."""

from __future__ import annotations

from typing import Any

from infra import ids
from infra.problems import Problem
from services.engine.functions import STANDARD_ERRORS, Answer, Call, Done, ErrorDetails, Later
from services.holds import facts, kinds
from services.holds.errors import OtherCustomer
from services.holds.facts import Stated
from services.holds.function import checked, claimed, noted, shown, wanted_sale
from services.holds.kinds import Kind, Kinds
from services.holds.releasing import Keeping, Standing
from services.holds.subjects import What
from services.holds.telling import PREFIX, of_run
from services.rehearsals.authority import Matrix
from services.rehearsals.clearing import Clearings, Hold
from services.rehearsals.sales import Sales
from services.rehearsals.times import Time, failed
from template_library import holds
from template_library.holds import Check, Claim, Clear, HoldFacts, Money, Raise, Said, Sold, Wait
from template_library.scenarios import Holds, StandingHold

_KINDS = Kinds(0, kinds.SHIPPED)
_ERP = "system:erp"
_INVALID = 422
_AWAY = 503


class HoldsDesk:
    """Fills the engine's Function protocol."""

    def __init__(self, given: Holds, time: Time, clearings: Clearings | None = None) -> None:
        """Raises Problem: there is no such type of hold."""
        self._time = time
        self._clearings = clearings or Clearings(given.cleared, time, Matrix(None))
        self._holds = self._clearings.holds
        self._customers: dict[str, str] = {}
        self._released: set[str] = set()
        self._sales = Sales(time)
        for one in given.standing:
            self._stand(one)

    async def __call__(self, call: Call) -> Answer:
        try:
            said = holds.read(call.arguments)
        except ValueError as error:
            return _refused(str(error))
        self._clearings.advance()
        try:
            return self._do(call, said)
        except Problem as problem:
            return _refused(problem.detail)

    def _do(self, call: Call, said: Said) -> Answer:
        if isinstance(said, Raise):
            return self._raise(call, said)
        if isinstance(said, Clear):
            return self._clear(call, said)
        if isinstance(said, Claim):
            wanted = wanted_sale(call, said)
            return claimed(self._sales.claim(wanted), wanted)
        if isinstance(said, Sold):
            self._sales.note(said, call.run)
            return noted(said)
        return self._wait(said) if isinstance(said, Wait) else self._check(call, said)

    def found(self) -> list[dict[str, Any]]:
        """The holds, as a scenario expects them."""
        self._clearings.advance()
        return [
            {
                "type": one.type,
                "reason": one.reason,
                one.kind: one.key,
                "line": one.line or None,
                "status": one.status,
                "owner": one.owner,
                "value": one.value,
                "cleared_by": one.cleared_by,
            }
            for one in self._holds
        ]

    def left(self) -> list[str]:
        """What of the clearings went otherwise than was written, or never came."""
        return [*self._clearings.wrong, *self._clearings.unused()]

    def _stand(self, one: StandingHold) -> None:
        kind: What = "customer" if one.order is None else "order"
        key, its = one.order or one.customer or "", _KINDS.find(one.type)
        stated = _stated(_ERP, one.value, one.facts, its)
        facts.check(stated.facts, value=stated.value, currency=stated.currency, site=None)
        self._note_customer(key if kind == "order" else None, one.customer)
        self._clearings.add(
            Hold(
                id=ids.new(),
                kind=kind,
                key=key,
                customer=one.customer,
                line=one.line or "",
                type=one.type,
                reason=one.reason,
                owner=its.role,
                run=None,
                raised_by=_ERP,
                keys=[],
                stated=stated,
            )
        )

    def _raise(self, call: Call, said: Raise) -> Answer:
        kind: What = "customer" if said.order is None else "order"
        key, line = said.order or said.customer or "", said.line or ""
        its = _KINDS.find(said.type)
        stated = _stated(of_run(call.run), said.value, said.facts, its)
        facts.check(stated.facts, value=stated.value, currency=stated.currency, site=said.site)
        self._note_customer(said.order, said.customer)
        self._clearings.note_site(said.order, said.site)
        known = next((one for one in self._holds if (one.kind, one.key) == (kind, key) and call.key in one.keys), None)
        if known is not None:
            return _raised(known, is_new=False)
        of_it = (kind, key, line, said.type, said.reason)
        same = next((one for one in self._holds if _same(one) == of_it and one.status == "active"), None)
        if same is not None:
            same.stated = facts.joined(same.stated, stated)
            same.keys.append(call.key)
            return _raised(same, is_new=False, after_release=False)
        made = Hold(
            id=ids.new(),
            kind=kind,
            key=key,
            customer=said.customer,
            line=line,
            type=said.type,
            reason=said.reason,
            owner=said.role or its.role,
            run=call.run,
            raised_by=of_run(call.run),
            keys=[call.key],
            stated=stated,
            after_release=kind == "order" and key in self._released,
        )
        self._released.discard(key)
        self._clearings.add(made)
        return _raised(made, is_new=True)

    def _clear(self, call: Call, said: Clear) -> Answer:
        kind = "customer" if said.order is None else "order"
        key, cleared, kept = said.order or said.customer, [], []
        for one in self._holds:
            wanted = {"line": said.line, "type": said.type, "reason": said.reason}
            is_meant = (one.kind, one.key, one.run) == (kind, key, call.run) and all(
                value is None or getattr(one, name) == value for name, value in wanted.items()
            )
            if not is_meant or (one.status != "active" and one.cleared_by != of_run(call.run)):
                continue
            if not _KINDS.find(one.type).run_may_clear or len(one.stated.raisers) > 1:
                kept.append(ids.show(PREFIX, one.id))
                continue
            cleared.append(ids.show(PREFIX, one.id))
            one.status, one.cleared_by = "cleared", of_run(call.run)
        output: dict[str, Any] = {"cleared": cleared, "kept": kept}
        if said.order is not None:
            output |= shown(self._standing(said.order, said.customer))
        return Done(output=output, usage="")

    def _check(self, call: Call, said: Check) -> Answer:
        standing = self._standing(said.order, said.customer)
        found = None
        if standing.customer is not None:
            found = self._sales.earlier(said.order, standing.customer, call.run, said.within_days)
        return Done(output=checked(standing, found, said), usage="")

    def _wait(self, said: Wait) -> Answer:
        standing = self._standing(said.order, said.customer)
        if standing.customer is None:
            return _refused("name the order's `customer`: a hold on it keeps the order, too")
        facts.check({}, value=None, currency=None, site=said.site)
        self._note_customer(said.order, standing.customer)
        self._clearings.note_site(said.order, said.site)
        if not standing.holds:
            self._released.add(said.order)
            return Done(output=shown(standing), usage="")
        moments = [one.next for one in self._holds if one.next is not None]
        seconds = None if not moments else (min(moments) - self._time.now()) / 1000
        reason = f"the order is held: {', '.join(one.type for one in standing.holds)}"
        error = ErrorDetails(type=f"{STANDARD_ERRORS}timeout", status=_AWAY, title="It is still held", detail=reason)
        return Later(reason=reason, ref=said.order, error=error, seconds=seconds, sent=False, parked=True, line="hold")

    def _standing(self, order: str, customer: str | None) -> Standing:
        whose = customer or self._customers.get(order)
        keeping = [
            Keeping(
                hold_id=one.id,
                on="customer" if one.kind == "customer" else "line" if one.line else "order",
                line=one.line,
                type=one.type,
                reason=one.reason,
                owner_role=one.owner,
                raised_by=one.raised_by,
            )
            for one in self._holds
            if one.keeps(order, whose)
        ]
        return Standing(order=order, customer=whose, is_released=order in self._released, holds=keeping)

    def _note_customer(self, order: str | None, customer: str | None) -> None:
        """Raises OtherCustomer."""
        if order is None or customer is None:
            return
        if self._customers.setdefault(order, customer) != customer:
            raise OtherCustomer(f"It was first held as an order of {self._customers[order]}")


def _stated(by: str, value: Money | None, given: HoldFacts | None, its: Kind) -> Stated:
    return Stated(
        value=None if value is None else value.amount,
        currency=None if value is None else value.currency,
        facts=facts.kept(given),
        raisers=(by,),
        decision=its.decision,
        run_may_clear=its.run_may_clear,
    )


def _same(one: Hold) -> tuple[str, str, str, str, str]:
    return (one.kind, one.key, one.line, one.type, one.reason)


def _raised(one: Hold, *, is_new: bool, after_release: bool | None = None) -> Done:
    output = {
        "hold": ids.show(PREFIX, one.id),
        "active": one.status == "active",
        "raised": is_new,
        "afterRelease": one.after_release if after_release is None else after_release,
    }
    return Done(output=output, usage="")


def _refused(detail: str) -> Answer:
    return failed("validation", "The call of holds is not right", detail, _INVALID)
