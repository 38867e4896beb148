"""How the host's partner looks: public, since the page to sign in on already shows it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from litestar import Response, get
from msgspec import Meta

from infra.problems import NotFound
from services.api.call import Call
from services.portal.answers import tagged
from services.portal.brands import Brand, brand_of
from services.portal.icon import icon
from services.portal.stylesheet import stylesheet

TAGS: Final = ["brand"]
Colour = Annotated[str, Meta(pattern="^#[0-9a-f]{6}$", examples=["#0b7285"])]

# A picture that is opened by itself is a document of this origin: it may run nothing and load nothing (S-101).
PICTURE_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
_SVG: Final = "image/svg+xml"


class BrandView(msgspec.Struct, frozen=True, kw_only=True):
    """A partner's brand. The accents for a theme are shifted until text on and beside them reaches 4.5:1."""

    name: Annotated[str, Meta(max_length=64)]
    accent: Annotated[Colour, Meta(description="As the partner gave it.")]
    accent_light: Annotated[Colour, Meta(description="For the light theme.")]
    accent_dark: Annotated[Colour, Meta(description="For the dark theme.")]
    on_accent_light: Annotated[Colour, Meta(description="Text on `accent_light`.")]
    on_accent_dark: Annotated[Colour, Meta(description="Text on `accent_dark`.")]
    font: Literal["system", "grotesque", "humanist", "geometric", "serif"]
    support_email: str | None
    logo: Annotated[bool, Meta(description="Whether /portal/logo.svg is there.")]


@get("/portal/brand", summary="Read the brand of this host", tags=TAGS)
async def read_brand(request: Call) -> BrandView:
    """Public."""
    brand = brand_of(request)
    colours = brand.colours
    return BrandView(
        name=brand.name,
        accent=brand.accent,
        accent_light=colours.light.accent,
        accent_dark=colours.dark.accent,
        on_accent_light=colours.light.on_accent,
        on_accent_dark=colours.dark.on_accent,
        font=brand.font,  # type: ignore[arg-type]  # from the list, by the table's own check
        support_email=brand.support_email,
        logo=brand.logo is not None,
    )


@get("/portal/brand.css", include_in_schema=False)
async def read_stylesheet(request: Call) -> Response[bytes]:
    return tagged(request, stylesheet(brand_of(request)).encode(), "text/css")


@get("/portal/logo.svg", include_in_schema=False)
async def read_logo(request: Call) -> Response[bytes]:
    logo = brand_of(request).logo
    if logo is None:
        raise NotFound
    return tagged(request, logo.encode(), _SVG, PICTURE_POLICY)


@get("/portal/icon.svg", include_in_schema=False)
async def read_icon(request: Call) -> Response[bytes]:
    brand: Brand = brand_of(request)
    return tagged(request, icon(brand).encode(), _SVG, PICTURE_POLICY)


HANDLERS: Final = (read_brand, read_stylesheet, read_logo, read_icon)
