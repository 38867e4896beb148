from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import msgspec

from services.cli.options import Terminal, api_options, values

T = TypeVar("T")
_COLUMNS: Final = ("name", "value", "level", "owner", "set_at")


@click.group()
def command() -> None:
    """Values that are inherited: operator, partner, client, environment, site. Each says where it comes from."""


def _place(function: Callable[..., T]) -> Callable[..., T]:
    """Whose parameters: of the environment, unless another level is named."""
    for option in (
        click.option("--site", help="Of this site of the environment."),
        click.option("--all-environments", is_flag=True, help="Of the client, for all its environments."),
        click.option("--partner", help="Of the partner: its own slug or id."),
        click.option("--operator", is_flag=True, help="Of the operator."),
    ):
        function = option(function)
    return function


@command.command()
@_place
@api_options
def show(terminal: Terminal, /, **place: Any) -> None:
    """What holds, and where it comes from."""
    terminal, path = _at(terminal, **place)
    terminal.table(terminal.run(lambda api: api.get(path))["items"], *_COLUMNS)


@command.command("set")
@click.argument("given", metavar="NAME=VALUE...", nargs=-1)
@click.option("--file", type=click.Path(path_type=Path), help="JSON object of values.")
@click.option("--unset", multiple=True, metavar="NAME", help="Take a value away, so that what is above holds.")
@_place
@api_options
def set_values(
    terminal: Terminal, /, *, given: Sequence[str], file: Path | None, unset: Sequence[str], **place: Any
) -> None:
    """Set values; a VALUE that is JSON is read as such."""
    terminal, path = _at(terminal, **place)
    body = {"values": values(given, file) | dict.fromkeys(unset)}
    if not body["values"]:
        raise click.UsageError("name a value to set")
    terminal.table(terminal.run(lambda api: api.send("PATCH", path, body))["items"], *_COLUMNS)


def _at(
    terminal: Terminal, *, site: str | None, all_environments: bool, partner: str | None, operator: bool
) -> tuple[Terminal, str]:
    if sum((site is not None, all_environments, partner is not None, operator)) > 1:
        raise click.UsageError("name one level")
    if site is not None:
        return terminal, f"/sites/{site}/parameters"
    if not (all_environments or partner or operator):
        return terminal, "/parameters"
    client = terminal.account.tenant.partition("/")[0]
    above = msgspec.structs.replace(terminal, account=msgspec.structs.replace(terminal.account, tenant=""))
    if operator:
        return above, "/operator/parameters"
    if partner is not None:
        return above, f"/partners/{partner}/parameters"
    if not client:
        raise click.UsageError("--all-environments goes with --client")
    return above, f"/clients/{client}/parameters"
