from __future__ import annotations

import re
from fractions import Fraction

import pytest

from template_library.values import units


def test_every_code_has_the_form_of_the_recommendation_and_a_name() -> None:
    for code, unit in units.units().items():
        assert re.fullmatch(r"[A-Z0-9]{2,3}", code)
        assert unit.name
        assert (unit.dimension == "pack") == (code.startswith("X")), code


def test_each_dimension_that_is_measured_has_one_first_unit_at_least() -> None:
    measured = {unit.dimension for unit in units.units().values() if unit.factor is not None}
    assert measured == {"count", "mass", "volume", "length", "area", "time", "energy"}
    for dimension in measured:
        assert Fraction(1) in {unit.factor for unit in units.units().values() if unit.dimension == dimension}


def test_factors_are_those_of_their_definitions() -> None:
    def factor(code: str) -> Fraction:
        found = units.find(code).factor
        assert found is not None
        return found

    assert factor("ONZ") * 16 == factor("LBR")
    assert factor("LBR") * 2000 == factor("STN")
    assert factor("LBR") * 112 == factor("CWI")
    assert factor("CWI") * 20 == factor("LTN")
    assert factor("INH") * 12 == factor("FOT")
    assert factor("FOT") * 3 == factor("YRD")
    assert factor("YRD") * 1760 == factor("SMI")
    assert factor("INH") ** 2 == factor("INK")
    assert factor("FOT") ** 2 == factor("FTK")
    assert factor("YRD") ** 2 == factor("YDK")
    assert (factor("INH") * 10) ** 3 == factor("INQ")  # a litre is a cubic decimetre
    assert factor("INQ") * 1728 == factor("FTQ")
    assert factor("FTQ") * 27 == factor("YDQ")
    assert factor("INQ") * 231 == factor("GLL") == factor("QTL") * 4 == factor("PTL") * 8 == factor("OZA") * 128
    assert factor("GLL") * 42 == factor("BLL")
    assert factor("GLI") == factor("PTI") * 8 == factor("OZI") * 160


@pytest.mark.parametrize("code", ["CS", "each", "ea", "", "XX", "PCE"])
def test_a_code_that_is_not_on_the_list_is_refused(code: str) -> None:
    assert not units.is_unit(code)
    with pytest.raises(units.UnknownUnit):
        units.find(code)
