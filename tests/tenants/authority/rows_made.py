"""Rows as hypothesis makes them, on few bounds and words, so that they meet."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from tenants.authority.facts import Amount, Facts
from tenants.authority.rows import AmountRange, DecimalRange, HeldRow, OneOf, Row

ROLES: Final = {"clerk": "rol_clerk", "manager": "rol_manager"}
CLASSES: Final = ("key", "standard")
SITES: Final = ("depot", "yard")
AMOUNTS: Final = tuple(range(5))
MARGINS: Final = ("-1", "0", "0.000000000001", "0.5", "1")


def _bounds(numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    low = st.one_of(st.just({}), numbers.map(lambda one: {"from_": one}), numbers.map(lambda one: {"above": one}))
    high = st.one_of(st.just({}), numbers.map(lambda one: {"to": one}), numbers.map(lambda one: {"below": one}))
    return st.tuples(low, high).map(lambda pair: {**pair[0], **pair[1]})


def _choices(words: tuple[str, ...]) -> st.SearchStrategy[OneOf]:
    some = st.lists(st.sampled_from(words), min_size=1, unique=True)
    return st.one_of(some.map(lambda one: OneOf(one_of=one)), some.map(lambda one: OneOf(none_of=one)))


amounts = st.builds(
    lambda code, bounds: AmountRange(currency=code, **bounds),
    st.sampled_from(["USD", "EUR"]),
    _bounds(st.sampled_from(AMOUNTS)),
).filter(lambda one: not one.span.is_empty)
margins = (
    _bounds(st.sampled_from(MARGINS)).map(lambda one: DecimalRange(**one)).filter(lambda one: not one.span.is_empty)
)
conditions = st.fixed_dictionaries(
    {
        "amount": st.none() | amounts,
        "margin_percent": st.none() | margins,
        "customer_class": st.none() | _choices(CLASSES),
        "site": st.none() | _choices(SITES),
    }
)


@st.composite
def rows(draw: st.DrawFn, most: int = 4) -> list[Row]:
    """Of one decision; they may overlap and leave out what they like."""
    many: list[dict[str, Any]] = draw(st.lists(conditions, min_size=1, max_size=most))
    return [row(f"r{place}", **one) for place, one in enumerate(many)]


def row(name: str = "one", role: str = "manager", **more: Any) -> Row:
    return Row(**{"name": name, "decision": "credit.release", "approver_role": role, **more})


def held(*rows: Row) -> tuple[HeldRow, ...]:
    return tuple(HeldRow(one, ROLES[one.approver_role], one.approver_role) for one in rows)


cases = st.builds(
    lambda amount, code, margin, klass, site: Facts(
        amount=Amount(amount, code), margin_percent=margin, customer_class=klass, site=site, requester="system:shop"
    ),
    st.sampled_from([*AMOUNTS, 5, 10**15]),
    st.sampled_from(["USD", "EUR"]),
    st.sampled_from([*MARGINS, "0.0000000000001", "0.25", "-999999", "999999", "0.999999999999"]),
    st.sampled_from([*CLASSES, "prospect"]),
    st.sampled_from([*SITES, "pier"]),
)
