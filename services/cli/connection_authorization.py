"""`waybill connection authorize` and `unauthorize`: the link by which a person allows a connection, and its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from services.cli.client import Api
from services.cli.options import Terminal, api_options
from services.cli.printable import printable


@click.command()
@click.argument("connection")
@click.option("--host", help="A host of the partner's, whose brand the page has; its first unless said.")
@api_options
def authorize(terminal: Terminal, *, connection: str, host: str | None) -> None:
    """Make the link by which somebody who may allows CONNECTION at its system. It is shown this once."""

    async def work(api: Api) -> Any:
        path = f"{await _path(api, connection)}/authorization-link"
        return await api.send("POST", path, {} if host is None else {"host": host})

    made = terminal.run(work)
    if terminal.as_json:
        terminal.show(made)
        return
    click.echo(printable(made["link"]))
    click.echo(
        f"It counts once, until {made['expires_at']}. Hand it to who may allow this, and to nobody else.", err=True
    )


@click.command()
@click.argument("connection")
@api_options
def authorization(terminal: Terminal, *, connection: str) -> None:
    """How CONNECTION stands that a person authorises, and what is registered with its system."""

    async def work(api: Api) -> Any:
        return await api.get(f"{await _path(api, connection)}/authorization")

    terminal.show(_shown(terminal, terminal.run(work)))


@click.command()
@click.argument("connection")
@api_options
def unauthorize(terminal: Terminal, *, connection: str) -> None:
    """Forget what was allowed to CONNECTION, and end its link. Its system is not told: end it there as well."""

    async def work(api: Api) -> Any:
        return await api.send("POST", f"{await _path(api, connection)}/authorization/remove")

    terminal.show(_shown(terminal, terminal.run(work)))


async def _path(api: Api, connection: str) -> str:
    return f"/connections/{await api.reference('connections', 'con', connection)}"


def _shown(terminal: Terminal, found: Mapping[str, Any]) -> Mapping[str, Any]:
    """For people, what is known."""
    return found if terminal.as_json else {name: told for name, told in found.items() if told not in (None, [])}


COMMANDS = (authorize, authorization, unauthorize)
