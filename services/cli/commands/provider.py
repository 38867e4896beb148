from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from services.cli.options import Terminal, account_options

_AT: Final = "/identity-providers"
_COLUMNS: Final = ("name", "issuer", "status", "provisions", "tenant", "id")


@click.group()
def command() -> None:
    """Where people sign in besides here, of whoever's key it is: a partner's, or a client's in one environment."""


@command.command()
@click.argument("name")
@click.option("--issuer", required=True, help="Exactly as the provider spells it.")
@click.option("--client-id", required=True, help="What the provider calls us.")
@click.option("--secret-file", type=click.Path(path_type=Path), help="File with the secret that the provider gave.")
@click.option("--algorithm", type=click.Choice(["RS256", "PS256", "ES256"]), default="RS256", show_default=True)
@click.option("--subject-claim", type=click.Choice(["sub", "oid"]), default="sub", show_default=True)
@click.option("--newcomers", metavar="ROLE", help="Id of the role of whoever it sends; else who was invited enters.")
@account_options
def create(terminal: Terminal, *, secret_file: Path | None, **given: str | None) -> None:
    """Add a provider called NAME, and say which path of your hosts to register there."""
    body = {name: value for name, value in given.items() if value is not None}
    if secret_file is not None:
        body["client_secret"] = _secret(secret_file)
    terminal.show(terminal.run(lambda api: api.send("POST", _AT, body)))


@command.command("list")
@account_options
def list_providers(terminal: Terminal) -> None:
    """All that the key may see, the oldest first."""
    terminal.table(terminal.run(lambda api: api.pages(_AT)), *_COLUMNS)


@command.command()
@click.argument("provider")
@account_options
def show(terminal: Terminal, *, provider: str) -> None:
    """PROVIDER, by its id."""
    terminal.show(terminal.run(lambda api: api.get(f"{_AT}/{provider}")))


@command.command()
@click.argument("provider")
@account_options
def provision(terminal: Terminal, *, provider: str) -> None:
    """Believe PROVIDER's directory, and no other's there, about who the people are (SCIM)."""
    _act(terminal, provider, "provision")


@command.command()
@click.argument("provider")
@account_options
def disable(terminal: Terminal, *, provider: str) -> None:
    """Let nobody sign in at PROVIDER; the sessions of all whom it vouches for end within five seconds."""
    _act(terminal, provider, "disable")


@command.command()
@click.argument("provider")
@account_options
def enable(terminal: Terminal, *, provider: str) -> None:
    """Let people sign in at PROVIDER again."""
    _act(terminal, provider, "enable")


def _secret(file: Path) -> str:
    """From a file and never from an argument, which any process of the machine could read."""
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise click.UsageError(f"--secret-file: {file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"--secret-file: {file} is not UTF-8 text") from None


def _act(terminal: Terminal, provider: str, act: str) -> None:
    found: dict[str, Any] = terminal.run(lambda api: api.send("POST", f"{_AT}/{provider}/{act}"))
    terminal.show(found)
