"""How a partner's portals look, read and set by the partner itself."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from litestar import get, patch
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from services.api.call import Call
from tenants.organizations import branding
from tenants.organizations.branding import Look

TAGS: Final = ["brand"]
Colour = Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$", examples=["#0b7285"])]
Font = Literal["system", "grotesque", "humanist", "geometric", "serif"]


class LogoBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A picture, and no drawing: that is the operator's alone to give (ADR 0066)."""

    picture: Annotated[
        bytes, Meta(min_length=1, max_length=2097152, description="PNG, JPEG or WebP in base 64; it is drawn anew.")
    ]


class BrandChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is absent stays; null takes a logo or an address away."""

    name: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET
    accent: Colour | UnsetType = UNSET
    font: Font | UnsetType = UNSET
    logo: LogoBody | UnsetType | None = UNSET
    support_email: Annotated[str, Meta(min_length=3, max_length=254)] | UnsetType | None = UNSET


class Accents(msgspec.Struct, frozen=True, kw_only=True):
    """The accent in a theme, shifted until text on it and beside it is legible, and the colour of text on it."""

    accent: Colour
    on_accent: Colour


class BrandRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How your hosts look: what was set, and what comes of it in each theme."""

    name: str
    accent: Colour
    light: Accents
    dark: Accents
    font: Font
    logo: Annotated[str | None, Meta(description="As your hosts serve it: an SVG, which holds the picture.")]
    support_email: str | None
    hosts: Annotated[list[str], Meta(description="That show it.")]


@get("/v1/brand", summary="Read your brand", tags=TAGS)
async def read_brand(request: Call) -> BrandRecord:
    async with request.transaction() as session:
        return await _view(request, session)


@patch("/v1/brand", summary="Change your brand", tags=TAGS)
async def change_brand(request: Call, data: JSONBody[BrandChanges]) -> BrandRecord:
    """Your hosts show it within 5 seconds. Safe to repeat."""
    # Drawn before anything is locked: a picture takes its time.
    changes = await branding.checked(_look(data), request.resources.drawings)
    async with request.transaction() as session:
        await branding.take_turn_of(session, request.partner_id)

        async def present() -> BrandRecord:
            return await _view(request, session)

        await request.match(present)
        partner = await branding.partner_of(session, request.partner_id)
        if changes:
            await branding.put(session, partner, changes, actor=request.principal.actor)
        return await present()


def _look(data: BrandChanges) -> Look:
    given = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not UNSET}
    if isinstance(data.logo, LogoBody):
        given["logo"] = data.logo.picture
    return Look(**{name: "" if value is None else value for name, value in given.items()})


async def _view(request: Call, session: AsyncSession) -> BrandRecord:
    partner = await branding.partner_of(session, request.partner_id)
    row = await branding.brand_row(session, partner.partner_id)
    look = branding.look_of(partner, row)
    both = look.colours
    return BrandRecord(
        name=look.name,
        accent=look.accent,
        light=Accents(accent=both.light.accent, on_accent=both.light.on_accent),
        dark=Accents(accent=both.dark.accent, on_accent=both.dark.on_accent),
        font=look.font,  # type: ignore[arg-type]  # from the list, by the table's own check
        logo=look.logo,
        support_email=look.support_email,
        hosts=await branding.hosts(session, partner.partner_id),
    )


HANDLERS: Final = (read_brand, change_brand)
