"""Rows of a matrix of authority, as data: for which cases, who approves, how many, and who may not (ADR 0100)."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from template_library.values import decimals
from tenants.authority.cuts import EVERYTHING, Span, before, behind

MOST: Final = 200
"""Rows of one matrix."""
LARGEST: Final = 10**15
"""Of an amount in minor units."""
DECISION: Final = r"^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$"
_SLUG: Final = r"^[a-z0-9](-?[a-z0-9]){0,62}$"

Duty = Literal["not_requester", "not_last_editor", "not_same_person"]
"""Who may not decide: who asked for it, who changed it last, who decided an earlier task of the same run."""

Name = Annotated[str, Meta(pattern=_SLUG, examples=["credit-small"])]
Decision = Annotated[
    str,
    Meta(
        max_length=100,
        pattern=DECISION,
        description="What is decided, in the words of the workflow that asks.",
        examples=["credit.release"],
    ),
]
Minor = Annotated[int, Meta(ge=0, le=LARGEST)]
Exact = Annotated[str, Meta(pattern=decimals.PATTERN, examples=["12.5"])]
Word = Annotated[
    str, Meta(min_length=1, max_length=100, pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$")
]
Words = Annotated[list[Word], Meta(min_length=1, max_length=100)]


class AmountRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Amounts of one currency, in minor units. Nothing but the currency: every amount of it."""

    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", examples=["USD"])]
    from_: Minor | None = msgspec.field(name="from", default=None)
    above: Minor | None = None
    to: Minor | None = None
    below: Minor | None = None

    @property
    def span(self) -> Span:
        """Of whole numbers, so that "above 5" begins at 6."""
        begin = self.from_ if self.above is None else self.above + 1
        end = self.below if self.to is None else self.to + 1
        return Span(before(Fraction(begin or 0)), EVERYTHING.end if end is None else before(Fraction(end)))


class DecimalRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Decimal numbers, compared exactly: `from` and `to` belong to it, `above` and `below` do not."""

    from_: Exact | None = msgspec.field(name="from", default=None)
    above: Exact | None = None
    to: Exact | None = None
    below: Exact | None = None

    @property
    def span(self) -> Span:
        begin, end = EVERYTHING.begin, EVERYTHING.end
        if self.from_ is not None:
            begin = before(_exact(self.from_))
        elif self.above is not None:
            begin = behind(_exact(self.above))
        if self.to is not None:
            end = behind(_exact(self.to))
        elif self.below is not None:
            end = before(_exact(self.below))
        return Span(begin, end)


class OneOf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, dict=True):
    """These words, or all words but these: exactly one of the two is given."""

    one_of: Words | None = None
    none_of: Words | None = None

    @property
    def named(self) -> list[str]:
        return self.one_of or self.none_of or []

    @cached_property
    def _words(self) -> frozenset[str]:
        """Looked into once for each row and decision: made once for a version of the matrix."""
        return frozenset(self.named)

    def holds(self, word: str) -> bool:
        return (word in self._words) is (self.one_of is not None)


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who approves a decision in some cases: all conditions that are given hold. None given: in every case.

    `approver_role` is the role's slug, or its id where several have it.
    """

    name: Name
    decision: Decision
    amount: AmountRange | None = None
    margin_percent: DecimalRange | None = None
    customer_class: OneOf | None = None
    site: OneOf | None = None
    approver_role: Annotated[str, Meta(max_length=63, pattern=r"^[a-z0-9]([-_]?[a-z0-9]){0,62}$")]
    approvals: Annotated[
        int,
        Meta(ge=0, le=10, description="By so many different people; 0: a write that states the decision needs none."),
    ] = 1
    duties: Annotated[
        list[Duty], Meta(max_length=3, description="Who may not decide: an empty list lets everybody with the role.")
    ] = msgspec.field(default_factory=lambda: list[Duty](["not_requester"]))


class HeldRow(msgspec.Struct, frozen=True):
    """A row of a matrix that is kept. `role_id` (`rol_…`): a later role of the same slug decides nothing by it."""

    row: Row
    role_id: str
    role: str


def _exact(text: str) -> Fraction:
    return Fraction(decimals.read(text))
