"""All cases of one type of decision as a finite space, in which rows are boxes: do two overlap, is anything left out.

Each axis is cut where some row has a bound or a word, so that no row tells the cases within one cell apart. A box is a
set of cells on each axis, as bits of a number. Exact, and no search grows with more than rows times bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

import msgspec

from template_library.values import currencies, decimals
from tenants.authority.cuts import EVERYTHING, Span, before
from tenants.authority.rows import OneOf, Row

_AMOUNTS: Final = Span(before(Fraction(0)), EVERYTHING.end)
OTHER: Final = "(any other)"
"""In an example: a class or a site that no row names."""
Box = tuple[int, ...]


class Space(msgspec.Struct, frozen=True):
    """The axes of one type of decision: cells of each, in order. An axis that no row asks about has one cell."""

    decision: str
    amounts: list[tuple[str, Span]]
    margins: list[Span]
    classes: list[str]
    sites: list[str]

    @property
    def whole(self) -> Box:
        return tuple((1 << max(len(axis), 1)) - 1 for axis in (self.amounts, self.margins, self.classes, self.sites))

    def box(self, row: Row) -> Box:
        """Which cells the row covers."""
        amounts, margins, classes, sites = self.whole
        if row.amount is not None:
            code, span = row.amount.currency, row.amount.span
            amounts = _bits(one == code and _within(cell, span) for one, cell in self.amounts)
        if row.margin_percent is not None:
            within = row.margin_percent.span
            margins = _bits(_within(cell, within) for cell in self.margins)
        if row.customer_class is not None:
            classes = _bits(map(row.customer_class.holds, self.classes))
        if row.site is not None:
            sites = _bits(map(row.site.holds, self.sites))
        return amounts, margins, classes, sites

    def example(self, box: Box) -> dict[str, Any]:
        """Facts of one case in the box, as they would be stated."""
        amount, margin, klass, site = (lowest.bit_length() - 1 for lowest in (one & -one for one in box))
        found: dict[str, Any] = {}
        if self.amounts:
            code, cell = self.amounts[amount]
            found["amount"] = {"amount": int(cell.example()), "currency": code}
        if self.margins:
            found["margin_percent"] = _decimal(self.margins[margin].example())
        if self.classes:
            found["customer_class"] = self.classes[klass]
        if self.sites:
            found["site"] = self.sites[site]
        return found


def space_of(decision: str, rows: Sequence[Row]) -> Space:
    """Of all rows about one type of decision."""
    codes = sorted({row.amount.currency for row in rows if row.amount is not None})
    return Space(
        decision=decision,
        amounts=[
            (code, cell)
            for code in codes
            for cell in _cells(
                _AMOUNTS, [row.amount.span for row in rows if row.amount is not None and row.amount.currency == code]
            )
        ],
        margins=_cells(EVERYTHING, [row.margin_percent.span for row in rows if row.margin_percent is not None]),
        classes=_words([row.customer_class for row in rows if row.customer_class is not None]),
        sites=_words([row.site for row in rows if row.site is not None]),
    )


def both(one: Box, other: Box) -> Box | None:
    """Where two boxes overlap."""
    common = tuple(a & b for a, b in zip(one, other, strict=True))
    return common if all(common) else None


def left_out(whole: Box, boxes: Sequence[Box]) -> Box | None:
    """A box of `whole` that none of `boxes` reaches into; None where they cover all. No two of `boxes` overlap."""
    inside = [common for one in boxes if (common := both(whole, one)) is not None]
    if not inside:
        return whole
    if sum(map(_size, inside)) == _size(whole):
        return None
    for half in _halves(whole):
        if (found := left_out(half, inside)) is not None:
            return found
    return None


def words(example: dict[str, Any]) -> str:
    """An example in a sentence's words; empty where nothing is asked about."""
    said = []
    if amount := example.get("amount"):
        said.append(f"{decimals.show(currencies.major(amount['amount'], amount['currency']))} {amount['currency']}")
    if "margin_percent" in example:
        said.append(f"a margin of {example['margin_percent']} percent")
    said += [f"the {name} {example[key]}" for key, name in _NAMED if key in example]
    return ", ".join(said)


_NAMED: Final = (("customer_class", "customer class"), ("site", "site"))


def _cells(domain: Span, spans: Sequence[Span]) -> list[Span]:
    if not spans:
        return []
    cuts = sorted({domain.begin, domain.end} | {cut for one in spans for cut in (one.begin, one.end)})
    return [Span(begin, end) for begin, end in pairwise(cuts)]


def _within(cell: Span, span: Span) -> bool:
    return span.begin <= cell.begin and cell.end <= span.end


def _words(conditions: Sequence[OneOf]) -> list[str]:
    named = sorted({word for one in conditions for word in one.named})
    return [*named, OTHER] if conditions else []


def _decimal(number: Fraction) -> str:
    """Exact; halfway between two decimals of 12 places has 13."""
    places = next(one for one in range(99) if (number * 10**one).denominator == 1)
    digits = tuple(map(int, str(abs(number.numerator * 10**places // number.denominator))))
    return decimals.show(Decimal((int(number < 0), digits, -places)))


def _bits(cells: Iterable[bool]) -> int:
    return sum(1 << place for place, covered in enumerate(cells) if covered)


def _size(box: Box) -> int:
    size = 1
    for axis in box:
        size *= axis.bit_count()
    return size


def _halves(box: Box) -> tuple[Box, Box]:
    """Along the axis with the most cells."""
    place = max(range(len(box)), key=lambda one: box[one].bit_count())
    axis, low = box[place], 0
    for _ in range(axis.bit_count() // 2):
        low |= (axis & ~low) & -(axis & ~low)
    return (*box[:place], low, *box[place + 1 :]), (*box[:place], axis & ~low, *box[place + 1 :])
