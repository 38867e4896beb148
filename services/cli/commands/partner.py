from __future__ import annotations

import click

from services.cli.options import Terminal, account_options

_COLUMNS = ("slug", "name", "status", "created_at", "id")


@click.group()
def command() -> None:
    """The partners of this installation. Needs an operator's key."""


@command.command()
@click.argument("slug")
@click.option("--name", required=True, help="Shown to people.")
@account_options
def create(terminal: Terminal, *, slug: str, name: str) -> None:
    """A new partner."""
    terminal.show(terminal.run(lambda api: api.send("POST", "/partners", {"slug": slug, "name": name})))


@command.command("list")
@click.option("--status", type=click.Choice(["active", "disabled"]))
@account_options
def list_partners(terminal: Terminal, *, status: str | None) -> None:
    """All partners, the newest first."""
    terminal.table(terminal.run(lambda api: api.pages("/partners", status=status)), *_COLUMNS)


@command.command()
@click.argument("partner")
@account_options
def show(terminal: Terminal, *, partner: str) -> None:
    """PARTNER, by slug or id."""
    terminal.show(terminal.run(lambda api: api.get(f"/partners/{partner}")))


@command.command()
@click.argument("partner")
@account_options
def disable(terminal: Terminal, *, partner: str) -> None:
    """Stop PARTNER's keys and its clients' keys, within five seconds."""
    terminal.show(terminal.run(lambda api: api.send("POST", f"/partners/{partner}/disable")))


@command.command()
@click.argument("partner")
@account_options
def enable(terminal: Terminal, *, partner: str) -> None:
    """Let the keys work again."""
    terminal.show(terminal.run(lambda api: api.send("POST", f"/partners/{partner}/enable")))
