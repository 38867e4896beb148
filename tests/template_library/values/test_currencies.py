from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_library.values import currencies
from template_library.values.decimals import Inexact


def test_the_list_is_that_of_the_standard() -> None:
    # Of 2026-01-01: the codes of list one that have a minor unit.
    listed = set(currencies.DIGITS) - currencies.RETIRED
    assert len(listed) == 165
    assert {code for code in listed if currencies.digits(code) == 0} == set(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()  # noqa: SIM905
    )
    assert {code for code in listed if currencies.digits(code) > 2} == {
        "BHD", "CLF", "IQD", "JOD", "KWD", "LYD", "OMR", "TND", "UYW"
    }  # fmt: skip


@pytest.mark.parametrize("code", ["XAU", "XXX", "XTS", "usd", "US", "", "DEM"])
def test_what_nobody_pays_in_is_no_currency(code: str) -> None:
    assert not currencies.is_currency(code)
    with pytest.raises(currencies.UnknownCurrency):
        currencies.digits(code)


def test_minor_units_are_the_currencys_own() -> None:
    shown = [str(currencies.major(1299, code)) for code in ("USD", "JPY", "KWD", "CLF")]
    assert shown == ["12.99", "1299", "1.299", "0.1299"]


@pytest.mark.parametrize(("value", "code"), [("12.995", "USD"), ("0.5", "JPY"), ("0.0001", "KWD")])
def test_digits_beyond_the_minor_unit_are_never_dropped(value: str, code: str) -> None:
    with pytest.raises(Inexact):
        currencies.minor(Decimal(value), code)


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(currencies.DIGITS)))
def test_there_and_back_is_the_same_amount(amount: int, code: str) -> None:
    assert currencies.minor(currencies.major(amount, code), code) == amount
