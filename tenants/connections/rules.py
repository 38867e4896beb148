"""Which of several connections a call goes to: rules in order, the first that matches (ADR 0083). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from template_library.schemas import Breach

PLAIN: Final = r"^[^\x00-\x1f\x7f]+$"
"""No control characters: a call's words come from a payload, and the database asks for a record by them."""
Value = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
Word = Annotated[str, Meta(min_length=1, max_length=63, pattern=PLAIN)]
Values = Annotated[tuple[Value, ...], Meta(max_length=200)]
Aspect = Literal["site", "company", "channel", "owner"]
ASPECTS: Final[tuple[Aspect, ...]] = ("site", "company", "channel", "owner")
MOST: Final = 200
"""Rules of one group."""
MOST_RECORDS: Final = 8
"""That one call names."""


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a call is about, as a system knows it; without `system` as whichever does.

    Attributes:
        kind: name of a record, such as `customer`.
    """

    kind: Word
    id: Value
    system: Word | None = None


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a call says that it is for, in the words that its workflow has for it. Null is as good as absent.

    Attributes:
        record: one, or several: the first counts whose owner a rule names.
    """

    site: Value | None = None
    company: Value | None = None
    channel: Value | None = None
    record: Record | Annotated[tuple[Record, ...], Meta(max_length=MOST_RECORDS)] | None = None

    @property
    def records(self) -> tuple[Record, ...]:
        found = self.record
        return found if isinstance(found, tuple) else () if found is None else (found,)


class Said(msgspec.Struct, frozen=True):
    """`Facts` with the systems that know its record, or the first of them that counts, any of which owns it."""

    facts: Facts
    owners: frozenset[str] = frozenset()

    def of(self, aspect: Aspect) -> frozenset[str]:
        """What is said of it; empty: nothing."""
        if aspect == "owner":
            return self.owners
        found: str | None = getattr(self.facts, aspect)
        return frozenset() if found is None else frozenset({found})


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a rule is for: of each aspect that it names one of these values. None named: it is for every call.

    Attributes:
        owner: systems of the cross-reference; one of them knows the record.
    """

    site: Values = ()
    company: Values = ()
    channel: Values = ()
    owner: Values = ()

    def of(self, aspect: Aspect) -> frozenset[str]:
        """Its values; empty: it does not ask."""
        return frozenset(getattr(self, aspect))


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    connection: UUID
    when: When = When()

    def matches(self, said: Said) -> bool:
        return all(not self.when.of(one) or self.when.of(one) & said.of(one) for one in ASPECTS)


def first(rules: Sequence[Rule], said: Said) -> int | None:
    """The place of the first that matches, counted from 1."""
    return next((place for place, rule in enumerate(rules, start=1) if rule.matches(said)), None)


def asks_owner(rules: Sequence[Rule], facts: Facts) -> bool:
    """Whether it matters who owns the record: no rule that asks for no owner matches before one that does."""
    said = Said(facts)
    for rule in rules:
        if Rule(rule.connection, msgspec.structs.replace(rule.when, owner=())).matches(said):
            return bool(rule.when.owner)
    return any(rule.when.owner for rule in rules)


def breaches(rules: Sequence[Rule]) -> Iterator[Breach]:
    """Rules that no call comes to, since one before is for all that they are for."""
    for place, rule in enumerate(rules):
        for before, other in enumerate(rules[:place], start=1):
            if _covers(other.when, rule.when):
                yield Breach(f"/rules/{place}", f"no call comes to it: rule {before} is for all that it is for")
                break


def _covers(wide: When, narrow: When) -> bool:
    return all(not wide.of(one) or (narrow.of(one) and narrow.of(one) <= wide.of(one)) for one in ASPECTS)


def unmatched(rules: Sequence[Rule], said: Said) -> str:
    """For whom there is no rule, in words: what to add one for, or what the call would have to say."""
    asked = [one for one in ASPECTS if any(rule.when.of(one) for rule in rules)]
    known = [f"{one} {_words(said.of(one))}" for one in asked if said.of(one)]
    records = said.facts.records
    if records and "owner" in asked and not said.owners:
        known.append(f"a {' or '.join(one.kind for one in records)} that no system of the cross-reference knows")
    silent = [one for one in asked if not said.of(one) and not (one == "owner" and records)]
    words = ", ".join(known) or "a call that says nothing of what it is for"
    return words + (
        f"; the call says no {' and no '.join('record' if s == 'owner' else s for s in silent)}" if silent else ""
    )


def _words(values: frozenset[str]) -> str:
    return " or ".join(f"`{one}`" for one in sorted(values))
