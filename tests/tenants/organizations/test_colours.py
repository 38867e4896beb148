"""An accent reads at 4.5:1 in both themes, whatever the brand gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.organizations.colours import DARK_SURFACES, LEAST_CONTRAST, LIGHT_SURFACES, colours, contrast, is_colour

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS)
def test_every_accent_reads_in_both_themes(accent: str) -> None:
    both = colours(accent)
    for theme, surfaces in ((both.light, LIGHT_SURFACES), (both.dark, DARK_SURFACES)):
        assert all(is_colour(one) for one in (theme.accent, theme.on_accent, theme.soft))
        for ground in (*surfaces, theme.soft):
            assert contrast(theme.accent, ground) >= LEAST_CONTRAST, (accent, theme, ground)
        assert contrast(theme.on_accent, theme.accent) >= LEAST_CONTRAST


@pytest.mark.parametrize("accent", ["#0b6e8a", "#7a1f5c", "#1d4ed8", "#14532d"])
def test_one_that_reads_already_stays_as_it_is(accent: str) -> None:
    assert colours(accent).light.accent == accent


def test_yellow_keeps_its_hue_and_is_darkened_on_white() -> None:
    light = colours("#ffd400").light.accent
    red, green, blue = (int(light[at : at + 2], 16) for at in (1, 3, 5))
    assert red > green > blue
    assert colours("#ffd400").dark.accent == "#ffd400"


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#abcdef", "#abcdef", 1.0)]
)
def test_contrast_is_that_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


@pytest.mark.parametrize("text", ["red", "#fff", "#FFFFFF", "#gggggg", "#0000000", "red;}body{", "#123456\n", ""])
def test_S_102_no_other_text_is_a_colour(text: str) -> None:
    assert not is_colour(text)
