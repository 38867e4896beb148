from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_library.values.conversions import (
    STANDARD,
    Contradiction,
    Conversion,
    Conversions,
    NoConversion,
    Quantity,
)
from template_library.values.decimals import Inexact
from template_library.values.units import UnknownUnit

PACKS = ["XPK", "XBX", "XCS", "XCT", "XPX", "XBG", "SET"]


def said(unit: str, holds: str | int, of: str) -> Conversion:
    return Conversion(unit, Decimal(holds), of)


BOLTS = Conversions([said("XBX", 50, "EA"), said("XCS", 12, "XBX"), said("XPX", 40, "XCS"), said("EA", "0.25", "KGM")])


def test_packs_are_followed_both_ways_and_through_several() -> None:
    assert BOLTS.convert(Quantity(Decimal(2), "XCS"), "EA") == Quantity(Decimal(1200), "EA")
    assert BOLTS.convert(Quantity(Decimal(900), "EA"), "XCS") == Quantity(Decimal("1.5"), "XCS")
    assert BOLTS.convert(Quantity(Decimal(1), "XPX"), "DZN") == Quantity(Decimal(2000), "DZN")
    assert BOLTS.convert(Quantity(Decimal(1), "XCS"), "TNE") == Quantity(Decimal("0.15"), "TNE")


def test_what_holds_for_every_item_needs_no_record() -> None:
    assert STANDARD.convert(Quantity(Decimal(3), "GRO"), "EA").value == 432
    assert STANDARD.convert(Quantity(Decimal(1), "LBR"), "KGM").value == Decimal("0.45359237")


@pytest.mark.parametrize(("value", "unit", "target"), [(13, "EA", "DZN"), (1, "KGM", "LBR"), (1, "INH", "YRD")])
def test_what_has_no_exact_decimal_is_refused_and_not_rounded(value: int, unit: str, target: str) -> None:
    with pytest.raises(Inexact):
        STANDARD.convert(Quantity(Decimal(value), unit), target)


def test_who_names_a_rounding_gets_it() -> None:
    thirteen = Quantity(Decimal(13), "EA")
    assert STANDARD.rounded(thirteen, "DZN", 0, "up").value == 2
    assert STANDARD.rounded(thirteen, "DZN", 0, "down").value == 1
    assert STANDARD.rounded(thirteen, "DZN", 2, "half-even").value == Decimal("1.08")


@pytest.mark.parametrize(("unit", "target"), [("XCS", "EA"), ("KGM", "LTR"), ("XCS", "XPX"), ("MON", "DAY")])
def test_a_missing_path_is_refused(unit: str, target: str) -> None:
    with pytest.raises(NoConversion, match=f"how many {target} one {unit} is"):
        STANDARD.convert(Quantity(Decimal(1), unit), target)


def test_a_unit_is_itself_even_where_nothing_is_known_of_it() -> None:
    assert STANDARD.convert(Quantity(Decimal("2.5"), "XCS"), "XCS") == Quantity(Decimal("2.5"), "XCS")


def test_two_paths_that_disagree_are_refused_before_anything_is_converted() -> None:
    with pytest.raises(Contradiction, match="1 XCS = 3 DZN, but what else is said makes it 2"):
        Conversions([said("XCS", 24, "EA"), said("XCS", 3, "DZN")])
    with pytest.raises(Contradiction, match="1 DZN = 10 EA"):
        Conversions([said("DZN", 10, "EA")])
    assert Conversions([said("XCS", 24, "EA"), said("XCS", 2, "DZN")]).factor("XCS", "PR") == 12


@pytest.mark.parametrize(
    "one", [said("XCS", 0, "EA"), said("XCS", -1, "EA"), said("EA", 1, "EA")], ids=["nothing", "less", "itself"]
)
def test_a_unit_that_holds_nothing_less_or_itself_is_refused(one: Conversion) -> None:
    with pytest.raises(ValueError, match="a unit holds some of another one"):
        Conversions([one])


def test_units_of_no_list_are_refused() -> None:
    with pytest.raises(UnknownUnit):
        Conversions([said("CASE", 12, "EA")])
    with pytest.raises(UnknownUnit):
        STANDARD.factor("EA", "PCE")


@st.composite
def statements(draw: st.DrawFn) -> tuple[dict[str, int], list[Conversion]]:
    """Packs with true contents in each, and true statements that join them all to each, in any order and direction."""
    packs = draw(st.lists(st.sampled_from(PACKS), min_size=1, max_size=6, unique=True))
    contents = {"EA": 1}
    for pack in packs:
        contents[pack] = contents[draw(st.sampled_from(sorted(contents)))] * draw(st.sampled_from([2, 3, 5, 12, 50]))
    true = []
    for place, pack in enumerate(packs):
        known = ["EA", *packs[:place]]
        fitting = [one for one in known if contents[pack] % contents[one] == 0 and one != pack]
        of = draw(st.sampled_from(fitting))
        true.append(said(pack, contents[pack] // contents[of], of))
    return contents, draw(st.permutations(true))


@given(statements(), st.data())
def test_true_statements_make_one_answer_in_whatever_order(
    made: tuple[dict[str, int], list[Conversion]], data: st.DataObject
) -> None:
    contents, true = made
    conversions = Conversions(true)
    one, other = (data.draw(st.sampled_from(sorted(contents))) for _ in range(2))
    assert conversions.factor(one, other) == Fraction(contents[one], contents[other])
    value = Decimal(data.draw(st.integers(0, 10**6)))
    try:
        there = conversions.convert(Quantity(value, one), other)
    except Inexact:
        return
    assert conversions.convert(there, one) == Quantity(value, one)


@given(statements(), st.data())
def test_a_false_statement_is_found_wherever_it_stands(
    made: tuple[dict[str, int], list[Conversion]], data: st.DataObject
) -> None:
    contents, true = made
    pack = data.draw(st.sampled_from([one for one in contents if one != "EA"]))
    false = said(pack, contents[pack] + data.draw(st.integers(1, 5)), "EA")
    place = data.draw(st.integers(0, len(true)))
    with pytest.raises(Contradiction):
        Conversions([*true[:place], false, *true[place:]])
