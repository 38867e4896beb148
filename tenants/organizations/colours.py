"""A brand's accent made legible: shifted in OKLCH until it reads at 4.5:1 (WCAG 2.2, 1.4.3) in both themes.

Only the lightness moves, and the chroma where the screen cannot show it: the hue is the brand's own.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Final

import msgspec

LEAST_CONTRAST: Final = 4.5
LIGHT_SURFACES: Final = ("#ffffff", "#f1f3f5")
"""The lightest and the darkest ground that the light theme puts text on."""
DARK_SURFACES: Final = ("#141414", "#2e2e2e")
_FORM: Final = re.compile(r"#[0-9a-f]{6}")
_STEPS: Final = 24
_ROUNDING: Final = 0.02
# The straight part of the curve of sRGB (IEC 61966-2-1), and how far outside it rounding may lead.
_STRAIGHT: Final = (0.04045, 0.0031308)
_SLACK: Final = 0.0001

Lch = tuple[float, float, float]
"""Lightness 0 to 1, chroma from 0, hue in radians."""


class Accent(msgspec.Struct, frozen=True):
    """`accent` reads on the theme's surfaces and on `soft`; `on_accent` reads on `accent`. All are `#rrggbb`."""

    accent: str
    on_accent: str
    soft: str


class Colours(msgspec.Struct, frozen=True):
    """A brand's colours in both themes."""

    light: Accent
    dark: Accent


def is_colour(text: str) -> bool:
    return _FORM.fullmatch(text) is not None


@lru_cache(256)
def colours(accent: str) -> Colours:
    """The colours of a brand whose own accent is `accent` (`#rrggbb`, lower case)."""
    lightness, chroma, hue = _to_lch(accent)
    soft = _to_hex((0.95, min(chroma, 0.035), hue))
    light = _legible((lightness, chroma, hue), (*LIGHT_SURFACES, soft), darker=True)
    deep = _to_hex((0.31, min(chroma, 0.05), hue))
    dark = _legible((lightness, chroma, hue), (*DARK_SURFACES, deep), darker=False)
    return Colours(Accent(light, _text_on(light), soft), Accent(dark, _text_on(dark), deep))


def contrast(one: str, other: str) -> float:
    """The ratio of two colours' luminances, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _legible(given: Lch, grounds: tuple[str, ...], *, darker: bool) -> str:
    """The colour next to `given` in lightness that reads on every one of `grounds`."""
    lightness, chroma, hue = given
    wanted = LEAST_CONTRAST + _ROUNDING
    if all(contrast(_to_hex(given), ground) >= wanted for ground in grounds):
        return _to_hex(given)
    good, bad = (0.0, lightness) if darker else (1.0, lightness)
    for _ in range(_STEPS):
        middle = (good + bad) / 2
        shown = _to_hex((middle, chroma, hue))
        if all(contrast(shown, ground) >= wanted for ground in grounds):
            good = middle
        else:
            bad = middle
    return _to_hex((good, chroma, hue))


def _text_on(ground: str) -> str:
    return max(("#ffffff", "#101113"), key=lambda text: contrast(text, ground))


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _expand(red), _expand(green), _expand(blue)


def _expand(value: float) -> float:
    return value / 12.92 if value <= _STRAIGHT[0] else float(((value + 0.055) / 1.055) ** 2.4)


def _compress(value: float) -> float:
    return value * 12.92 if value <= _STRAIGHT[1] else float(1.055 * value ** (1 / 2.4) - 0.055)


# The matrices are those of Björn Ottosson's OKLab, as CSS Color 4 has them.
def _to_lch(colour: str) -> Lch:
    red, green, blue = _linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _to_linear(given: Lch) -> tuple[float, float, float]:
    lightness, chroma, hue = given
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _to_hex(given: Lch) -> str:
    """The colour as screens show it; chroma gives way where they cannot (CSS Color 4, gamut mapping)."""
    lightness, chroma, hue = given
    if not _is_shown(_to_linear(given)):
        low, high = 0.0, chroma
        for _ in range(_STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if _is_shown(_to_linear((lightness, middle, hue))) else (low, middle)
        chroma = low
    parts = (_compress(min(max(part, 0.0), 1.0)) for part in _to_linear((lightness, chroma, hue)))
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def _is_shown(parts: tuple[float, float, float]) -> bool:
    return all(-_SLACK <= part <= 1 + _SLACK for part in parts)
