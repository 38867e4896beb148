"""A partner's brand and the hosts that show it. A session is the caller's, which commits.

A brand is the operator's and the partner's to change, a host the operator's alone.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal
from uuid import UUID

import idna
import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import Database, take_turn
from tenants.audit import service as audit
from tenants.organizations import repository
from tenants.organizations.colours import Colours, colours, is_colour
from tenants.organizations.errors import HostTaken, InvalidField, UnknownHost, UnknownPartner
from tenants.organizations.logo import checked_logo
from tenants.organizations.models import Brand as BrandRow
from tenants.organizations.models import Partner
from tenants.organizations.names import check_name
from tenants.organizations.raster import drawing_of

FONTS: Final = ("system", "grotesque", "humanist", "geometric", "serif")
NAME_LENGTH: Final = 64
_HOST_LENGTH: Final = 253
Changes = Mapping[str, str | None]
"""What is stored of a brand, by member."""
Draw = Callable[[bytes], Awaitable[str]]
"""Draws a picture anew, as `tenants.organizations.raster` does."""
Use = Literal["portal", "api"]
"""What answers on a host."""
NEUTRAL_ACCENT: Final = "#3b5b92"
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9]([a-z0-9.-]{0,180}[a-z0-9])?")


class Brand(msgspec.Struct, frozen=True, kw_only=True):
    """How a host looks, ready to be shown."""

    partner_id: UUID
    host: str
    name: str
    accent: str
    font: str
    logo: str | None
    support_email: str | None
    use: str = "portal"

    @property
    def colours(self) -> Colours:
        return colours(self.accent)


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be changed of a brand; None leaves a member as it is. An empty logo or address takes it away.

    A logo is the text of an SVG, or the bytes of a PNG, JPEG or WebP.
    """

    name: str | None = None
    accent: str | None = None
    font: str | None = None
    logo: str | bytes | None = None
    support_email: str | None = None


async def of_host(database: Database, host: str) -> Brand | None:
    """The brand of a host, read before any scope is known; None when the host is nobody's.

    A partner without a brand of its own has its name and a quiet blue.
    """
    if len(host) > _HOST_LENGTH or _HOST.fullmatch(host) is None:
        return None
    row = await repository.look_up_host(database, host)
    if row is None:
        return None
    return Brand(
        partner_id=row["partner_id"],
        host=host,
        name=row["name"] or row["partner_name"][:NAME_LENGTH],
        accent=row["accent"] or NEUTRAL_ACCENT,
        font=row["font"] or FONTS[0],
        logo=row["logo"],
        support_email=row["support_email"],
        use=row["use"],
    )


async def set_brand(session: AsyncSession, partner: Partner, look: Look, *, actor: str) -> None:
    """Change a partner's brand; its hosts show it within 5 s. Raises as `checked`."""
    await put(session, partner, await checked(look), actor=actor)


async def checked(look: Look, draw: Draw = drawing_of) -> Changes:
    """What is stored of `look`. A picture is drawn anew, which takes its time: no transaction waits for it.

    Raises:
        InvalidField: a member that could not be shown everywhere, or a logo that could do more than be looked at.
        Unavailable: `draw` has too much to do.
    """
    given = {name: value for name, value in msgspec.structs.asdict(look).items() if value is not None}
    points = given.pop("logo") if isinstance(look.logo, bytes) else None
    changes = {name: _CHECKS[name](value) for name, value in given.items()}
    if points is not None:
        # Drawn anew by ourselves: what comes back needs no further look.
        changes["logo"] = await draw(points)
    return changes


async def put(session: AsyncSession, partner: Partner, changes: Changes, *, actor: str) -> None:
    """Change a partner's brand as `checked` gave it; its hosts show it within 5 s."""
    await take_turn_of(session, partner.partner_id)
    begin = {"name": partner.name[:NAME_LENGTH].strip(), "accent": NEUTRAL_ACCENT}
    await repository.put_brand(session, partner.partner_id, begin, dict(changes))
    await audit.record(
        session,
        actor=actor,
        action="brand.changed",
        target=ids.show("ptr", partner.partner_id),
        after={name: value if name != "logo" else value is not None for name, value in changes.items()},
        partner_id=partner.partner_id,
    )


async def add_host(session: AsyncSession, partner: Partner, host: str, *, actor: str, use: Use = "portal") -> str:
    """Give `host` to the partner, and answer it as it is compared. Safe to repeat; `use` stays as it was at first.

    One that the partner claimed stays from now on, whatever becomes of the claim.

    Raises:
        InvalidField: no host name.
        HostTaken: another partner has it.
    """
    name = check_host(host)
    owner = await repository.add_host(session, name, partner.partner_id, use)
    if owner is not None and owner != partner.partner_id:
        raise HostTaken
    if owner is None:
        await _audit_host(session, partner.partner_id, name, "host.added", actor)
    return name


async def remove_host(session: AsyncSession, host: str, *, actor: str) -> None:
    """Take a host from its partner; within 5 s it is nobody's, and no session there counts.

    With it goes the partner's claim of that name, which would say that something answers there.

    Raises:
        UnknownHost: nobody has it.
    """
    name = check_host(host)
    owner = await repository.remove_host(session, name)
    if owner is None:
        raise UnknownHost
    await repository.end_claims(session, owner, name, actor)
    await _audit_host(session, owner, name, "host.removed", actor)


async def hosts(session: AsyncSession, partner_id: UUID) -> list[str]:
    """A partner's hosts, by name."""
    return await repository.hosts(session, partner_id)


async def take_turn_of(session: AsyncSession, partner_id: UUID) -> None:
    """Before a brand is compared with what somebody saw and changed: it may have no row yet."""
    await take_turn(session, "brand", partner_id)


async def partner_of(session: AsyncSession, partner_id: UUID) -> Partner:
    """Raises UnknownPartner: nothing that this scope may see."""
    found = await repository.partner(session, partner_id=partner_id)
    if found is None:
        raise UnknownPartner
    return found


def look_of(partner: Partner, row: BrandRow | None) -> Brand:
    """How the partner's hosts look, on none in particular."""
    return Brand(
        partner_id=partner.partner_id,
        host="",
        name=partner.name[:NAME_LENGTH].strip() if row is None else row.name,
        accent=NEUTRAL_ACCENT if row is None else row.accent,
        font=FONTS[0] if row is None else row.font,
        logo=None if row is None else row.logo,
        support_email=None if row is None else row.support_email,
    )


async def brand_row(session: AsyncSession, partner_id: UUID) -> BrandRow | None:
    """What is stored of a partner's brand; None when it was never set."""
    return await repository.brand(session, partner_id)


def check_host(text: str) -> str:
    """`text` as hosts are compared: lower case, no port, no final dot, other scripts as IDNA 2008 writes them.

    Raises:
        InvalidField: no host name, or an address: a certificate and a cookie are for a name.
    """
    name = text.strip().lower().removesuffix(".")
    try:
        if not name.isascii():
            name = idna.encode(name, uts46=True).decode()
        if any(part.startswith("xn--") for part in name.split(".")):
            idna.decode(name)
    except idna.IDNAError:
        raise InvalidField("/host", "This is no host name") from None
    if len(name) > _HOST_LENGTH or _HOST.fullmatch(name) is None or _is_address(name):
        raise InvalidField("/host", "Use a host name without port, such as portal.example.com")
    return name


def _is_address(name: str) -> bool:
    # 127.1 and 0x7f.1 are addresses to a browser as well: a last label of digits never is a name (WHATWG URL).
    last = name.rsplit(".", 1)[-1]
    if last.isdigit() or last.startswith("0x"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _audit_host(session: AsyncSession, partner_id: UUID, host: str, action: str, actor: str) -> None:
    after = {"partner": ids.show("ptr", partner_id)}
    await audit.record(session, actor=actor, action=action, target=host, after=after, partner_id=partner_id)


def _name(text: str) -> str:
    if len(text) > NAME_LENGTH:
        raise InvalidField("/name", f"Use at most {NAME_LENGTH} characters")
    return check_name(text, "/name")


def _accent(text: str) -> str:
    colour = text.lower()
    if not is_colour(colour):
        raise InvalidField("/accent", "Use a colour of the form #rrggbb")
    return colour


def _font(text: str) -> str:
    if text not in FONTS:
        raise InvalidField("/font", f"Use one of {', '.join(FONTS)}")
    return text


def _support_email(text: str) -> str | None:
    if text and _EMAIL.fullmatch(text) is None:
        raise InvalidField("/support_email", "Use an address such as help@example.com")
    return text or None


_CHECKS: Final[dict[str, Callable[[str], str | None]]] = {
    "name": _name,
    "accent": _accent,
    "font": _font,
    "logo": lambda text: checked_logo(text) if text else None,
    "support_email": _support_email,
}
