from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

from services.cli.options import Terminal, account_options, api_options

_COLUMNS: Final = ("quota", "limit", "source", "used", "resets_in")
_OPTIONS: Final = {
    "runs_per_minute": "Runs that events may start in a minute.",
    "open_runs": "Runs that may be under way at once.",
    "payload_bytes_per_day": "Bytes of events in a day (UTC).",
}


def _amount_options(command: Callable[..., None]) -> Callable[..., None]:
    for name, words in reversed(_OPTIONS.items()):
        command = click.option(f"--{name.replace('_', '-')}", metavar="N|none", help=words)(command)
    return command


@click.group()
def command() -> None:
    """How much may be pushed in: into an environment, and into all of a client, a partner or the installation."""


@command.command()
@api_options
def show(terminal: Terminal) -> None:
    """The quotas of an environment, where they come from, and what is used."""
    _print(terminal, terminal.run(lambda api: api.get("/quotas")))


@command.command("set")
@_amount_options
@api_options
def set_quotas(terminal: Terminal, /, **given: str | None) -> None:
    """Set quotas of a client's environment, with its partner's key. What is not named stays; `none` takes it away."""
    body = _amounts(given)
    _print(terminal, terminal.run(lambda api: api.send("POST", "/quotas", body)))


@command.command("show-client")
@click.argument("client")
@account_options
def show_client(terminal: Terminal, *, client: str) -> None:
    """The quotas of all of CLIENT's environments together, with its partner's key."""
    _print(terminal, terminal.run(lambda api: api.get(f"/clients/{client}/quotas")))


@command.command("set-client")
@click.argument("client")
@_amount_options
@account_options
def set_client(terminal: Terminal, *, client: str, **given: str | None) -> None:
    """Set quotas of all of CLIENT's environments together, with its partner's key."""
    body = _amounts(given)
    _print(terminal, terminal.run(lambda api: api.send("POST", f"/clients/{client}/quotas", body)))


@command.command("show-partner")
@click.argument("partner")
@account_options
def show_partner(terminal: Terminal, *, partner: str) -> None:
    """The quotas of all that PARTNER serves together: with the operator's key, or its own."""
    _print(terminal, terminal.run(lambda api: api.get(f"/partners/{partner}/quotas")))


@command.command("set-partner")
@click.argument("partner")
@_amount_options
@account_options
def set_partner(terminal: Terminal, *, partner: str, **given: str | None) -> None:
    """Set quotas of all that PARTNER serves together, with an operator's key."""
    body = _amounts(given)
    _print(terminal, terminal.run(lambda api: api.send("POST", f"/partners/{partner}/quotas", body)))


@command.command("show-installation")
@account_options
def show_installation(terminal: Terminal) -> None:
    """The quotas of all partners together, with an operator's key."""
    _print(terminal, terminal.run(lambda api: api.get("/operator/quotas")))


@command.command("set-installation")
@_amount_options
@account_options
def set_installation(terminal: Terminal, /, **given: str | None) -> None:
    """Set quotas of all partners together, with an operator's key."""
    body = _amounts(given)
    _print(terminal, terminal.run(lambda api: api.send("POST", "/operator/quotas", body)))


def _amounts(given: dict[str, str | None]) -> dict[str, int | None]:
    """Raises UsageError for what is neither a whole number nor `none`, and where nothing is given."""
    read: dict[str, int | None] = {}
    for name, text in given.items():
        if text is None:
            continue
        if text != "none" and not (text.isascii() and text.isdigit()):
            raise click.UsageError(f"--{name.replace('_', '-')} takes a whole number, or `none`")
        read[name] = None if text == "none" else int(text)
    if not read:
        raise click.UsageError("name a quota to set")
    return read


def _print(terminal: Terminal, answer: Any) -> None:
    terminal.table(answer["items"], *_COLUMNS)
