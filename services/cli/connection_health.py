"""`waybill connection health` and `check`: how a connection is, and what to change where it is not well."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

import click

from services.cli.client import Api
from services.cli.options import Terminal, api_options
from services.connectors import levels

_SECONDS: Final = 30.0
"""For which a check is waited for: a worker looks each two seconds, and a call takes at most thirty."""


@click.command()
@click.argument("connection", required=False)
@api_options
def health(terminal: Terminal, *, connection: str | None) -> None:
    """How CONNECTION is, as its last check found it; without a name, how all of them are."""

    async def work(api: Api) -> Any:
        return await api.get(f"{await _path(api, str(connection))}/health")

    if connection is not None:
        terminal.show(_shown(terminal, terminal.run(work)))
        return
    items = terminal.run(lambda api: api.pages("/connection-health"))
    columns = ("name", "state", "error", "milliseconds", "quota.left", "ends_at", "last_good_at", "connector", "level")
    rows = items if terminal.as_json else [{**one, "level": levels.shown(one["certification"] or "")} for one in items]
    terminal.table(rows, *columns)


@click.command()
@click.argument("connection")
@api_options
def check(terminal: Terminal, *, connection: str) -> None:
    """Have CONNECTION asked how it is, and wait for the answer; exit code 1 where it is not well."""
    found = terminal.run(lambda api: _checked(api, connection))
    terminal.show(_shown(terminal, found))
    sys.exit(0 if found["state"] == "well" else 1)


async def _checked(api: Api, connection: str) -> Any:
    path = await _path(api, connection)
    found = before = await api.send("POST", f"{path}/check")
    until = time.monotonic() + _SECONDS
    while found["checked_at"] == before["checked_at"] and _may_come(found) and time.monotonic() < until:
        await asyncio.sleep(1)
        found = await api.get(f"{path}/health")
    return found


def _may_come(found: Mapping[str, Any]) -> bool:
    return found["operation"] is not None and found["state"] not in {"away", "disabled"}


async def _path(api: Api, connection: str) -> str:
    return f"/connections/{await api.reference('connections', 'con', connection)}"


def _shown(terminal: Terminal, found: Mapping[str, Any]) -> Mapping[str, Any]:
    """For people, what is known."""
    return found if terminal.as_json else {name: told for name, told in found.items() if told not in (None, [], 0)}


COMMANDS: Final = (health, check)
