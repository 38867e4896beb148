from __future__ import annotations

import click

from services.cli.options import Terminal, account_options

_COLUMNS = ("slug", "name", "status", "created_at", "id")
_PARTNER = click.option("--partner", help="Slug or id of the partner, for an operator's key.")


@click.group()
def command() -> None:
    """A partner's clients. Needs a key of the partner or the operator."""


@command.command()
@click.argument("slug")
@click.option("--name", required=True, help="Shown to people.")
@_PARTNER
@account_options
def create(terminal: Terminal, *, slug: str, name: str, partner: str | None) -> None:
    """A new client with its three environments: dev, test and live."""
    body = {"slug": slug, "name": name} | ({} if partner is None else {"partner": partner})
    terminal.show(terminal.run(lambda api: api.send("POST", "/clients", body)))


@command.command("list")
@_PARTNER
@click.option("--status", type=click.Choice(["active", "disabled"]))
@account_options
def list_clients(terminal: Terminal, *, partner: str | None, status: str | None) -> None:
    """All clients, the newest first."""
    items = terminal.run(lambda api: api.pages("/clients", partner=partner, status=status))
    terminal.table(items, *_COLUMNS, "partner")


@command.command()
@click.argument("client")
@account_options
def show(terminal: Terminal, *, client: str) -> None:
    """CLIENT, by slug or id; an operator names it by its id."""
    terminal.show(terminal.run(lambda api: api.get(f"/clients/{client}")))


@command.command()
@click.argument("client")
@account_options
def disable(terminal: Terminal, *, client: str) -> None:
    """Stop CLIENT's keys, within five seconds."""
    terminal.show(terminal.run(lambda api: api.send("POST", f"/clients/{client}/disable")))


@command.command()
@click.argument("client")
@account_options
def enable(terminal: Terminal, *, client: str) -> None:
    """Let the keys work again."""
    terminal.show(terminal.run(lambda api: api.send("POST", f"/clients/{client}/enable")))
