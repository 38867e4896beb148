from __future__ import annotations

from typing import Any, Final

import click

from services.cli.client import Api
from services.cli.options import Terminal, api_options

_COLUMNS: Final = ("kind", "subject", "owner", "deputy", "answers")
_KIND: Final = click.Choice(("process", "data", "integration", "architecture"))


@click.group()
def command() -> None:
    """Who answers for processes, data, connections and the architecture; nothing goes live without them."""


@command.command("list")
@api_options
def list_owners(terminal: Terminal) -> None:
    """Everybody who is named, and with --json what nobody is named for."""
    _show(terminal, terminal.run(lambda api: api.get("/owners")))


@command.command()
@api_options
def missing(terminal: Terminal) -> None:
    """What active deployments need somebody for, and nobody is named."""
    found = terminal.run(lambda api: api.get("/owners"))
    terminal.table(found["missing"], "kind", "subject", "deployments")


@command.command("name")
@click.argument("kind", type=_KIND)
@click.argument("subject", default="")
@click.option("--owner", required=True, help="role:NAME, or account:acc_…")
@click.option("--deputy", required=True, help="Answers while the owner's account is disabled.")
@api_options
def name_owner(terminal: Terminal, *, kind: str, subject: str, owner: str, deputy: str) -> None:
    """Name who answers for SUBJECT; none for architecture.

    A domain, an entity, a connection by its name or id, a webhook endpoint by its id.
    """

    async def work(api: Api) -> Any:
        body = {"kind": kind, "subject": await _subject(api, kind, subject), "owner": owner, "deputy": deputy}
        return await api.send("PUT", "/owners", body)

    _show(terminal, terminal.run(work))


@command.command("remove")
@click.argument("kind", type=_KIND)
@click.argument("subject", default="")
@api_options
def remove_owner(terminal: Terminal, *, kind: str, subject: str) -> None:
    """Name nobody for SUBJECT any more; not while something live needs it."""

    async def work(api: Api) -> Any:
        body = {"kind": kind, "subject": await _subject(api, kind, subject)}
        return await api.send("POST", "/owners/remove", body)

    _show(terminal, terminal.run(work))


async def _subject(api: Api, kind: str, subject: str) -> str:
    if kind != "integration" or subject.startswith("whe_"):
        return subject
    return await api.reference("connections", "con", subject)


def _show(terminal: Terminal, answer: Any) -> None:
    terminal.table(answer["items"], *_COLUMNS)
