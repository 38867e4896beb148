from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.connectors.sdk.errors import Misread, Refusal
from services.connectors.sdk.money import to_decimal, to_money


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (129900, "USD", "1299.00"),
        (1, "EUR", "0.01"),
        (500, "JPY", "500"),
        (1234, "KWD", "1.234"),
        (1, "CLF", "0.0001"),
        (-5, "USD", "-0.05"),
    ],
)
def test_minor_units_follow_the_currency(amount: int, currency: str, text: str) -> None:
    assert str(to_decimal(amount, currency)) == text
    assert to_money(Decimal(text), currency) == {"amount": amount, "currency": currency}


def test_what_is_no_currency_is_refused_and_not_taken_for_one_of_hundredths() -> None:
    with pytest.raises(Refusal, match="'ABC' is no currency"):
        to_decimal(100, "ABC")
    with pytest.raises(Misread, match="'ABC' is no currency"):
        to_money(Decimal(1), "ABC")


@given(st.integers(-(10**15), 10**15), st.sampled_from(["USD", "JPY", "BHD"]))
def test_nothing_is_lost_on_the_way_there_and_back(amount: int, currency: str) -> None:
    assert to_money(to_decimal(amount, currency), currency)["amount"] == amount


def test_what_is_finer_than_the_minor_unit_is_rounded_half_even() -> None:
    assert to_money(Decimal("0.125"), "USD")["amount"] == 12
    assert to_money(Decimal("0.135"), "USD")["amount"] == 14
