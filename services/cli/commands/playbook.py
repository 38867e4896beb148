from __future__ import annotations

from typing import Any

import click

from services.cli.client import Api
from services.cli.options import Terminal, api_options


@click.group()
def command() -> None:
    """How work goes on while a connection is away: enter, reconcile and leave its continuity playbook."""


@command.command()
@click.argument("connection")
@api_options
def show(terminal: Terminal, *, connection: str) -> None:
    """Where the playbook of CONNECTION stands, and what keeps it from being left."""

    async def work(api: Api) -> Any:
        return await api.get(await _path(api, connection))

    terminal.show(terminal.run(work))


@command.command()
@click.argument("connection")
@click.option("--reason", required=True, help="Why. Its owner is told.")
@api_options
def enter(terminal: Terminal, *, connection: str, reason: str) -> None:
    """Let the operations of CONNECTION go the ways that it declares, whether its system answers or not."""
    terminal.show(_move(terminal, connection, "enter", {"reason": reason}))


@command.command()
@click.argument("connection")
@api_options
def reconcile(terminal: Terminal, *, connection: str) -> None:
    """Compare what was done meanwhile with the system of CONNECTION, which is back. Again: look again."""
    terminal.show(_move(terminal, connection, "reconcile", {}))


@command.command()
@click.argument("connection")
@api_options
def leave(terminal: Terminal, *, connection: str) -> None:
    """Let CONNECTION be called as ever, once every entry is reconciled."""
    terminal.show(_move(terminal, connection, "leave", {}))


def _move(terminal: Terminal, connection: str, verb: str, body: dict[str, Any]) -> Any:
    async def work(api: Api) -> Any:
        path = await _path(api, connection)
        # As it is now: who moves it a moment before makes this a refusal.
        seen = (await api.get(path))["changes"]
        return await api.send("POST", f"{path}/{verb}", {**body, "seen": seen})

    return terminal.run(work)


async def _path(api: Api, connection: str) -> str:
    return f"/connections/{await api.reference('connections', 'con', connection)}/playbook"
