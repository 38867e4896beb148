"""Whether rows are a matrix: each good in itself, no case in two of them, and which cases are in none (ADR 0100)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from typing import Any, Final

import msgspec

from template_library.values import currencies
from tenants.authority import spaces
from tenants.authority.rows import MOST, OneOf, Row

_TOLD: Final = 50


class Mistake(msgspec.Struct, frozen=True, omit_defaults=True):
    """`pointer` leads into the list of rows. `example`: facts of a case that two rows cover."""

    pointer: str
    detail: str
    example: dict[str, Any] | None = None


class Gap(msgspec.Struct, frozen=True):
    """Cases of a type of decision that no row covers: nobody may decide them. `example`: facts of one."""

    decision: str
    detail: str
    example: dict[str, Any]


def mistakes(rows: Sequence[Row], sites: Collection[str]) -> list[Mistake]:
    """What is wrong with the rows, at most 50. `sites`: slugs that there are."""
    if len(rows) > MOST:
        return [Mistake("", f"Keep at most {MOST} rows")]
    found = [one for place, row in enumerate(rows) for one in _of_row(f"/{place}", row, sites)]
    times = Counter(row.name for row in rows)
    found += [
        Mistake(f"/{place}/name", "Another row has this name") for place, row in enumerate(rows) if times[row.name] > 1
    ]
    # Rows that are no good in themselves have no cases to compare.
    return (found or list(_overlaps(rows)))[:_TOLD]


def gaps(rows: Sequence[Row]) -> list[Gap]:
    """One for each type of decision of which something is in no row. The rows have no `mistakes`."""
    found = []
    for decision, its in _by_decision(rows).items():
        space = spaces.space_of(decision, [row for _, row in its])
        open_box = spaces.left_out(space.whole, [space.box(row) for _, row in its])
        if open_box is not None:
            example = space.example(open_box)
            detail = f"No row covers {decision} for {spaces.words(example)}: nobody may decide it"
            found.append(Gap(decision, detail, example))
    return found


def _overlaps(rows: Sequence[Row]) -> Iterator[Mistake]:
    for decision, its in _by_decision(rows).items():
        space = spaces.space_of(decision, [row for _, row in its])
        boxes = [(place, row, space.box(row)) for place, row in its]
        for (_, first, box), (place, second, other) in combinations(boxes, 2):
            common = spaces.both(box, other)
            if common is None:
                continue
            example = space.example(common)
            case = spaces.words(example) or "every case"
            detail = f"'{first.name}' and '{second.name}' both cover {decision} for {case}"
            yield Mistake(f"/{place}", detail, example)


def _by_decision(rows: Sequence[Row]) -> dict[str, list[tuple[int, Row]]]:
    found: dict[str, list[tuple[int, Row]]] = {}
    for place, row in enumerate(rows):
        found.setdefault(row.decision, []).append((place, row))
    return found


def _of_row(at: str, row: Row, sites: Collection[str]) -> Iterator[Mistake]:
    named = (*(one.named for one in (row.customer_class, row.site) if one is not None), [row.name, row.decision])
    if any(text != text.strip() for text in [row.approver_role, *(one for each in named for one in each)]):
        # A pattern's end lets a line break pass.
        yield Mistake(at, "Names have no space around them")
    for name in ("amount", "margin_percent"):
        if (bounds := getattr(row, name)) is not None:
            yield from _of_bounds(f"{at}/{name}", bounds)
    if row.amount is not None and not currencies.is_currency(row.amount.currency):
        yield Mistake(f"{at}/amount/currency", "This is no currency of ISO 4217")
    for name in ("customer_class", "site"):
        if (choice := getattr(row, name)) is not None:
            yield from _of_choice(f"{at}/{name}", choice)
    if row.site is not None:
        unknown = sorted(set(row.site.named) - set(sites))
        yield from (Mistake(f"{at}/site", f"There is no site '{one}'") for one in unknown)
    if len(set(row.duties)) != len(row.duties):
        yield Mistake(f"{at}/duties", "Name a duty once")


def _of_bounds(at: str, bounds: Any) -> Iterator[Mistake]:
    if bounds.from_ is not None and bounds.above is not None:
        yield Mistake(at, "Give 'from' or 'above', not both")
    if bounds.to is not None and bounds.below is not None:
        yield Mistake(at, "Give 'to' or 'below', not both")
    if bounds.span.is_empty:
        yield Mistake(at, "Nothing is in this range")


def _of_choice(at: str, choice: OneOf) -> Iterator[Mistake]:
    if (choice.one_of is None) == (choice.none_of is None):
        yield Mistake(at, "Give exactly one of 'one_of' and 'none_of'")
    if len(set(choice.named)) != len(choice.named):
        yield Mistake(at, "Name each one once")
    if spaces.OTHER in choice.named:
        yield Mistake(at, f"'{spaces.OTHER}' stands for what no row names")
