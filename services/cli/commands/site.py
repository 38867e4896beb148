from __future__ import annotations

from typing import Final

import click

from services.cli.options import Terminal, api_options

_COLUMNS: Final = ("slug", "name", "time_zone", "status", "id")


@click.group()
def command() -> None:
    """A client's places inside an environment, such as warehouses."""


@command.command()
@click.argument("slug")
@click.option("--name", required=True, help="Shown to people.")
@click.option("--time-zone", default="UTC", show_default=True, help="As the IANA names it, such as Europe/Madrid.")
@api_options
def create(terminal: Terminal, *, slug: str, name: str, time_zone: str) -> None:
    """A new site."""
    body = {"slug": slug, "name": name, "time_zone": time_zone}
    terminal.show(terminal.run(lambda api: api.send("POST", "/sites", body)))


@command.command("list")
@click.option("--status", type=click.Choice(["active", "disabled"]))
@api_options
def list_sites(terminal: Terminal, *, status: str | None) -> None:
    """All sites, the newest first."""
    terminal.table(terminal.run(lambda api: api.pages("/sites", status=status)), *_COLUMNS)


@command.command()
@click.argument("site")
@api_options
def show(terminal: Terminal, *, site: str) -> None:
    """SITE, by slug or id."""
    terminal.show(terminal.run(lambda api: api.get(f"/sites/{site}")))


@command.command()
@click.argument("site")
@click.option("--name")
@click.option("--time-zone")
@click.option("--status", type=click.Choice(["active", "disabled"]))
@api_options
def update(terminal: Terminal, *, site: str, name: str | None, time_zone: str | None, status: str | None) -> None:
    """Another name, time zone or status of SITE."""
    given = {"name": name, "time_zone": time_zone, "status": status}
    body = {field: value for field, value in given.items() if value is not None}
    if not body:
        raise click.UsageError("name what is to change")
    terminal.show(terminal.run(lambda api: api.send("PATCH", f"/sites/{site}", body)))
