from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_library.values import decimals

FRACTIONS = st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**6)
PLAIN = st.decimals(-(10**17), 10**17, places=6)


@pytest.mark.parametrize("text", ["0", "-1", "12.5", "0.000000000001", "999999999999999999.1", "1.50"])
def test_what_is_written_plainly_is_read_digit_for_digit(text: str) -> None:
    assert decimals.show(decimals.read(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1e3",
        "1,5",
        "+1",
        "01",
        ".5",
        "5.",
        "NaN",
        "Infinity",
        "1 000",
        "1_000",
        " 1",
        "1\n",
        "\u0663",
        "1" * 19,
        "0.1111111111111",
    ],
)
def test_every_other_way_of_writing_is_refused(text: str) -> None:
    with pytest.raises(decimals.NotADecimal):
        decimals.read(text)


@given(PLAIN)
def test_what_is_shown_is_read_as_the_same(number: Decimal) -> None:
    assert decimals.read(decimals.show(number)) == number
    assert decimals.exactly(Fraction(number)) == number


@given(FRACTIONS)
def test_an_exact_decimal_is_the_fraction_or_there_is_none(number: Fraction) -> None:
    has_one = (number * 10**decimals.PLACES).denominator == 1
    if has_one:
        found = decimals.exactly(number)
        assert Fraction(found) == number
        assert decimals.read(decimals.show(found)) == found
    else:
        with pytest.raises(decimals.Inexact):
            decimals.exactly(number)


@given(FRACTIONS, st.integers(0, 12))
def test_rounding_goes_where_it_says_and_no_further_than_one_place(number: Fraction, places: int) -> None:
    step = Fraction(1, 10**places)
    up, down = (Fraction(decimals.rounded(number, places, way)) for way in ("up", "down"))
    near = Fraction(decimals.rounded(number, places, "half-even"))
    assert abs(down) <= abs(number) <= abs(up)
    assert abs(up) - abs(down) in {0, step}
    assert near in {up, down}
    assert abs(near - number) <= step / 2


def test_halves_go_to_the_even_digit_and_zero_has_no_sign() -> None:
    assert [str(decimals.rounded(Fraction(one, 2), 0, "half-even")) for one in (1, 3, 5, -1)] == ["0", "2", "2", "0"]
    assert decimals.show(Decimal("-0.0")) == "0.0"
    assert decimals.show(Decimal("1E+3")) == "1000"


@pytest.mark.parametrize("places", [-1, 13])
def test_places_that_no_decimal_has_are_refused(places: int) -> None:
    with pytest.raises(ValueError, match="0 to 12"):
        decimals.rounded(Fraction(1), places, "up")


def test_a_number_without_room_is_refused() -> None:
    with pytest.raises(decimals.Inexact):
        decimals.exactly(Fraction(10**18))
    with pytest.raises(decimals.Inexact):
        decimals.rounded(Fraction(10**18) - Fraction(1, 3), 0, "up")
