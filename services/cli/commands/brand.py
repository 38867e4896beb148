from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from infra.database import Database, Scope
from infra.settings import load
from services.cli import direct
from tenants.organizations import branding, colours
from tenants.organizations.branding import FONTS, Look

_ACTOR = "cli:brand"
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def command() -> None:
    """How a partner's portal looks, and on which hosts. With access to the database as the proof of who acts."""


@command.command("set")
@click.argument("partner")
@click.option("--name", help="Shown in place of any other name; at most 64 characters.")
@click.option("--accent", metavar="#RRGGBB", help="Shifted where text on it would not be legible.")
@click.option("--font", type=click.Choice(FONTS))
@click.option(
    "--logo",
    type=click.Path(path_type=Path),
    help="PNG, JPEG or WebP; or an SVG that loads and runs nothing. '' removes it.",
)
@click.option("--support-email", help="Where people are sent for help; '' removes it.")
@_JSON
def set_brand(  # noqa: PLR0913 - one argument an option
    *,
    partner: str,
    name: str | None,
    accent: str | None,
    font: str | None,
    logo: Path | None,
    support_email: str | None,
    as_json: bool,
) -> None:
    """Change PARTNER's brand; what is not named stays. Its hosts show it within five seconds."""
    look = Look(name=name, accent=accent, font=font, logo=_logo(logo), support_email=support_email)

    async def work(database: Database) -> dict[str, Any]:
        owner = await direct.partner_of(database, partner)
        async with database.session(Scope.operator()) as session:
            await branding.set_brand(session, owner, look, actor=_ACTOR)
            await session.commit()
        return await _shown(database, partner)

    direct.show(direct.run(work), as_json=as_json)


@command.command()
@click.argument("partner")
@_JSON
def show(*, partner: str, as_json: bool) -> None:
    """PARTNER's brand, its accents as both themes show them, and its hosts."""
    direct.show(direct.run(lambda database: _shown(database, partner)), as_json=as_json)


@command.command("add-host")
@click.argument("partner")
@click.argument("host")
@click.option("--api", "is_api", is_flag=True, help="The API answers there, for keys of PARTNER and its clients.")
@_JSON
def add_host(*, partner: str, host: str, is_api: bool, as_json: bool) -> None:
    """Answer on HOST with PARTNER's brand. Prove that the name is the partner's before."""
    settings = load()
    if host.lower().rstrip(".") in {*settings.api_hosts, settings.api_host, "localhost"}:
        raise click.UsageError(f"{host} is a name of the API; use another for the portal")

    async def work(database: Database) -> dict[str, Any]:
        owner = await direct.partner_of(database, partner)
        async with database.session(Scope.operator()) as session:
            await branding.add_host(session, owner, host, actor=_ACTOR, use="api" if is_api else "portal")
            await session.commit()
        return await _shown(database, partner)

    direct.show(direct.run(work), as_json=as_json)


@command.command("remove-host")
@click.argument("host")
def remove_host(*, host: str) -> None:
    """Answer on HOST no more, within five seconds; sessions there end."""

    async def work(database: Database) -> None:
        async with database.session(Scope.operator()) as session:
            await branding.remove_host(session, host, actor=_ACTOR)
            await session.commit()

    direct.run(work)
    click.echo(f"{host} is nobody's.")


async def _shown(database: Database, partner: str) -> dict[str, Any]:
    owner = await direct.partner_of(database, partner)
    async with database.session(Scope.operator()) as session:
        row = await branding.brand_row(session, owner.partner_id)
        hosts = await branding.hosts(session, owner.partner_id)
    accent = branding.NEUTRAL_ACCENT if row is None else row.accent
    both = colours.colours(accent)
    return {
        "partner": owner.slug,
        "name": owner.name if row is None else row.name,
        "accent": accent,
        "accent_light": both.light.accent,
        "accent_dark": both.dark.accent,
        "font": FONTS[0] if row is None else row.font,
        "logo": row is not None and row.logo is not None,
        "support_email": None if row is None else row.support_email,
        "hosts": hosts,
    }


def _logo(file: Path | None) -> str | bytes | None:
    if file is None or str(file) in {"", "."}:
        return None if file is None else ""
    try:
        content = file.read_bytes()
        return content.decode() if file.suffix.lower() == ".svg" else content
    except OSError as error:
        raise click.UsageError(f"--logo: {file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"--logo: {file} is no text, so no SVG") from None
