"""The pages put amounts into minor units and back by the same list as the server."""

from __future__ import annotations

import re

from template_library.values import currencies
from tests.house.tree import ROOT


def test_the_pages_know_the_places_of_every_currency() -> None:
    source = (ROOT / "services/portal/web/src/display/currency.ts").read_text()
    told = {
        code: int(places) for places, codes in re.findall(r'\[(\d), "([A-Z ]+)"\]', source) for code in codes.split()
    }
    assert told == {code: places for code, places in currencies.DIGITS.items() if places != 2}
