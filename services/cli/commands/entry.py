from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click
import msgspec

from services.cli.client import Api
from services.cli.options import Terminal, api_options

_STATES: Final = ("writing", "prepared", "open", "taken", "answered", "queued", "withdrawn")
_DECISIONS: Final = ("posted-by-hand", "post-now", "drop")


@click.group()
def command() -> None:
    """What is done by hand, by a file or elsewhere while a connection's playbook is entered."""


@command.command("list")
@click.option("--connection", help="Only of this connection, by its name or id.")
@click.option("--state", type=click.Choice(_STATES), help="Only in this state.")
@click.option("--open", "only_open", is_flag=True, help="Those alone that keep a playbook from being left.")
@api_options
def list_entries(terminal: Terminal, *, connection: str | None, state: str | None, only_open: bool) -> None:
    """The oldest first."""

    async def work(api: Api) -> Any:
        only = {} if connection is None else {"connection": await api.reference("connections", "con", connection)}
        return await api.pages("/entries", state=state, open="true" if only_open else None, **only)

    columns = ("operation", "way", "state", "business_key", "deadline", "taken_by", "found", "resolution", "id")
    terminal.table(terminal.run(work), *columns)


@command.command()
@click.argument("entry")
@api_options
def show(terminal: Terminal, *, entry: str) -> None:
    """One entry: what is to be done, and the schema of its answer."""
    terminal.show(terminal.run(lambda api: api.get(f"/entries/{entry}")))


@command.command()
@click.argument("entry")
@api_options
def take(terminal: Terminal, *, entry: str) -> None:
    """Take ENTRY before you do it, so that nobody else does."""
    terminal.show(terminal.run(lambda api: _act(api, entry, action="take")))


@command.command()
@click.argument("entry")
@api_options
def release(terminal: Terminal, *, entry: str) -> None:
    """Give ENTRY back to the others."""
    terminal.show(terminal.run(lambda api: _act(api, entry, action="release")))


@command.command()
@click.argument("entry")
@click.option(
    "--file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON file with what the system would have answered.",
)
@click.option("--note", default="", help="How it was done.")
@api_options
def answer(terminal: Terminal, *, entry: str, file: Path, note: str) -> None:
    """Let the run of ENTRY go on with an answer."""
    try:
        given = msgspec.json.decode(file.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise click.UsageError(f"{file} holds no JSON: {error}") from None
    terminal.show(terminal.run(lambda api: _act(api, entry, action="answer", answer=given, words=note)))


@command.command()
@click.argument("entry")
@api_options
def queue(terminal: Terminal, *, entry: str) -> None:
    """Let ENTRY wait for the system itself."""
    terminal.show(terminal.run(lambda api: _act(api, entry, action="queue")))


@command.command("give-up")
@click.argument("entry")
@click.option("--reason", required=True, help="Why. Its task fails with it.")
@api_options
def give_up(terminal: Terminal, *, entry: str, reason: str) -> None:
    """Do ENTRY not at all."""
    terminal.show(terminal.run(lambda api: _act(api, entry, action="give-up", words=reason)))


@command.command()
@click.argument("entry")
@click.argument("decision", type=click.Choice(_DECISIONS))
@click.option("--reason", required=True, help="Why. It is kept, with who said so.")
@api_options
def reconcile(terminal: Terminal, *, entry: str, decision: str, reason: str) -> None:
    """Say what ENTRY came to: it is in the system, the system does it now, or it stays out of it."""

    async def work(api: Api) -> Any:
        seen = (await api.get(f"/entries/{entry}"))["version"]
        body = {"decision": decision, "version": seen, "reason": reason}
        return await api.send("POST", f"/entries/{entry}/reconcile", body)

    terminal.show(terminal.run(work))


async def _act(api: Api, entry: str, **act: Any) -> Any:
    """As it is now: who acts a moment before makes this a refusal."""
    seen = (await api.get(f"/entries/{entry}"))["version"]
    return await api.send("POST", f"/entries/{entry}/act", {**act, "version": seen})
