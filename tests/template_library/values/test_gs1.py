from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_library.values import gs1

# From the GS1 General Specifications (figure of 7.9.1: 629104150021 takes a 3), the others from their keys in use.
GTIN_13 = "6291041500213"
DIGITS = st.text("0123456789", min_size=7, max_size=17)


@pytest.mark.parametrize("text", [GTIN_13, "036000291452", "96385074", "10614141000415", "00000000000000"])
def test_a_gtin_of_each_length_holds(text: str) -> None:
    assert gs1.is_gtin(text)


@pytest.mark.parametrize(
    "text",
    ["6291041500214", "629104150021", "", "06291041500213 ", "-291041500213", "\uff16291041500213", "²5"],
)
def test_what_is_no_gtin_is_refused(text: str) -> None:
    assert not gs1.is_gtin(text)
    with pytest.raises(gs1.NotAKey):
        gs1.gtin14(text)


def test_each_kind_of_key_has_its_length() -> None:
    assert gs1.is_gln(GTIN_13)
    assert not gs1.is_gln("96385074")
    assert gs1.is_sscc("106141412345678908")
    assert not gs1.is_sscc("106141412345678907")
    assert not gs1.is_gtin("106141412345678908")


def test_gtins_of_one_trade_item_are_equal_as_fourteen_digits() -> None:
    assert gs1.gtin14("036000291452") == gs1.gtin14("0036000291452") == "00036000291452"


@pytest.mark.parametrize("text", ["12a", "١٢٣", "", " 1"])
def test_a_check_digit_is_made_of_digits_alone(text: str) -> None:
    with pytest.raises(gs1.NotAKey):
        gs1.check_digit(text)


@given(DIGITS, st.data())
def test_one_wrong_digit_is_found(body: str, data: st.DataObject) -> None:
    digit = gs1.check_digit(body)
    place = data.draw(st.integers(0, len(body) - 1))
    wrong = data.draw(st.sampled_from([one for one in "0123456789" if one != body[place]]))
    assert gs1.check_digit(body[:place] + wrong + body[place + 1 :]) != digit
    assert gs1.check_digit("0" + body) == digit
