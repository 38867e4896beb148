from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from services.cli import key_files
from services.cli.options import Terminal, account_options

_DAY_SECONDS = 24 * 3600


@click.group()
def command() -> None:
    """API keys. A key's text is shown once, when it is made."""


@command.command()
@click.option("--name", required=True, help="What it is for.")
@click.option("--partner", help="For this partner, by slug or id; an operator's key makes it.")
@click.option("--client", help="For this client, by slug or id; a partner's key makes it.")
@click.option("--environment", help="Of the client; live by default.")
@click.option("--permission", "permissions", multiple=True, metavar="RESOURCE:ACTION", help="In place of the default.")
@click.option(
    "--expires-in", type=click.IntRange(1), metavar="SECONDS", help="By default with the key that makes it, or never."
)
@click.option("--network", "networks", multiple=True, help="From where it may be used, such as 203.0.113.0/24.")
@key_files.OUT
@account_options
def create(  # noqa: PLR0913 - one argument an option
    terminal: Terminal,
    *,
    name: str,
    partner: str | None,
    client: str | None,
    environment: str | None,
    permissions: tuple[str, ...],
    expires_in: int | None,
    networks: tuple[str, ...],
    out: Path | None,
) -> None:
    """A new key: for whom the calling key stands, unless a partner or a client is named."""
    if environment is not None and client is None:
        raise click.UsageError("--environment needs --client")
    given = {
        "partner": partner,
        "client": client,
        "environment": environment or ("live" if client is not None else None),
        "permissions": list(permissions) or None,
        "expires_in": expires_in,
        "networks": list(networks) or None,
    }
    key_files.check(out)
    body = {"name": name, **{field: value for field, value in given.items() if value is not None}}
    _show_once(terminal, terminal.run(lambda api: api.send("POST", "/keys", body)), out)


@command.command("list")
@click.option("--partner", help="Only of this partner.")
@click.option("--client", help="Only of this client.")
@click.option("--scope", type=click.Choice(["operator", "partner", "client"]))
@account_options
def list_keys(terminal: Terminal, *, partner: str | None, client: str | None, scope: str | None) -> None:
    """The keys that you may manage, the newest first."""
    items = terminal.run(lambda api: api.pages("/keys", partner=partner, client=client, scope=scope))
    terminal.table(items, "name", "scope", "holder", "status", "created_at", "expires_at", "last_used_at", "id")


@command.command()
@click.argument("key_id", metavar="KEY_ID")
@account_options
def show(terminal: Terminal, *, key_id: str) -> None:
    """One key, without its text."""
    terminal.show(terminal.run(lambda api: api.get(f"/keys/{key_id}")))


@command.command()
@click.argument("key_id", metavar="KEY_ID")
@click.option("--overlap", type=click.IntRange(0), default=_DAY_SECONDS, metavar="SECONDS", show_default=True)
@key_files.OUT
@account_options
def rotate(terminal: Terminal, *, key_id: str, overlap: int, out: Path | None) -> None:
    """Make a successor of KEY_ID; the old key still works for the overlap."""
    key_files.check(out)
    body = {"overlap_seconds": overlap}
    _show_once(terminal, terminal.run(lambda api: api.send("POST", f"/keys/{key_id}/rotate", body)), out)


@command.command()
@click.argument("key_id", metavar="KEY_ID")
@account_options
def revoke(terminal: Terminal, *, key_id: str) -> None:
    """End KEY_ID, within five seconds and for ever."""
    terminal.show(terminal.run(lambda api: api.send("POST", f"/keys/{key_id}/revoke")))


command.add_command(revoke, "disable")


def _show_once(terminal: Terminal, made: dict[str, Any], out: Path | None) -> None:
    if out is not None:
        key_files.write(out, made["key"])
        terminal.show({name: value for name, value in made.items() if name != "key"})
        return
    terminal.show(made)
    if not terminal.as_json:
        click.echo("The key is shown this once. Keep it where secrets are kept.", err=True)
