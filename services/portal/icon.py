"""The icon of a tab, made from the brand: its first letter on its accent."""

from __future__ import annotations

import html
from typing import Final

from services.portal.brands import Brand

_ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="{ground}"/>'
    '<text x="16" y="22.5" text-anchor="middle" font-family="system-ui, sans-serif" font-size="19" font-weight="600" '
    'fill="{text}">{letter}</text></svg>'
)


def icon(brand: Brand) -> str:
    """SVG. Tabs are light or dark as the system is; the accent for light ground reads on both."""
    accent = brand.colours.light
    letter = next((one for one in brand.name if one.isalnum()), "·").upper()
    return _ICON.format(ground=accent.accent, text=accent.on_accent, letter=html.escape(letter))
