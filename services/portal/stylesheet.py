"""The brand as custom properties: all that a partner can change of the pages' looks (S-102)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.portal.brands import Brand
from tenants.organizations.colours import Accent

# Fonts that the reader's own system has, by kind; none is loaded from anywhere.
FONTS: Final[Mapping[str, str]] = {
    "system": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif",
    "grotesque": "Inter, Roboto, 'Helvetica Neue', 'Arial Nova', 'Nimbus Sans', Arial, sans-serif",
    "humanist": "Seravek, 'Gill Sans Nova', Ubuntu, Calibri, 'DejaVu Sans', source-sans-pro, sans-serif",
    "geometric": "Avenir, Montserrat, Corbel, 'URW Gothic', source-sans-pro, sans-serif",
    "serif": "Charter, 'Bitstream Charter', 'Sitka Text', Cambria, 'DejaVu Serif', serif",
}


def stylesheet(brand: Brand) -> str:
    """The stylesheet of a host: light, then what differs in the dark."""
    colours = brand.colours
    light = [*_properties(colours.light), f"--brand-font: {FONTS[brand.font]};"]
    return (
        ":root {\n  " + "\n  ".join(light) + "\n}\n"
        ":root[data-mantine-color-scheme='dark'] {\n  " + "\n  ".join(_properties(colours.dark)) + "\n}\n"
    )


def _properties(accent: Accent) -> list[str]:
    return [
        f"--brand-accent: {accent.accent};",
        f"--brand-on-accent: {accent.on_accent};",
        f"--brand-accent-soft: {accent.soft};",
    ]
