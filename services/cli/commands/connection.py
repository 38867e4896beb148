from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from services.cli import connection_authorization, connection_health
from services.cli.client import Api, Problem
from services.cli.options import Terminal, api_options, pairs, values
from services.connectors import levels

_FORBIDDEN: Final = 403
_SET = click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="A setting; JSON where it is JSON.")
_SETTINGS = click.option("--settings", "file", type=click.Path(path_type=Path), help="JSON file with the settings.")
_SECRET = click.option(
    "--secret", "asked", multiple=True, metavar="NAME", help="A secret; asked for, or read from stdin."
)
_SECRET_FILE = click.option("--secret-file", "files", multiple=True, metavar="NAME=FILE", help="A secret in a file.")
_AT_ONCE = click.option("--at-once", type=click.IntRange(1, 1000), help="Calls under way in all workers together.")
_RATE = click.option(
    "--rate", metavar="CALLS/SECONDS", help="Calls that begin in a time, such as 60/60; none: no rate."
)
_OWNER = click.option("--owner", help="Whom an outage is told: an address or a role.")
_PLAYBOOK = click.option(
    "--playbook",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON file with what becomes of its operations while its continuity playbook is entered.",
)
_FALLBACK = click.option("--fallback", help="Name or id of the connection that is read while this one is away.")


@click.group()
def command() -> None:
    """A client's connections to its systems."""


@command.command()
@click.argument("name")
@click.option("--connector", required=True, help="Such as erp-simulator, tryton or http.")
@_SET
@_SETTINGS
@_SECRET
@_SECRET_FILE
@_AT_ONCE
@_RATE
@_OWNER
@_FALLBACK
@_PLAYBOOK
@api_options
def create(  # noqa: PLR0913 - one argument an option
    terminal: Terminal,
    *,
    name: str,
    connector: str,
    given: tuple[str, ...],
    file: Path | None,
    asked: tuple[str, ...],
    files: tuple[str, ...],
    at_once: int | None,
    rate: str | None,
    owner: str | None,
    fallback: str | None,
    playbook: Path | None,
) -> None:
    """Connect a system under NAME. Secrets are sealed at once and never shown again."""
    body: dict[str, Any] = {
        "name": name,
        "connector": connector,
        "settings": values(given, file),
        "secrets": _secrets(asked, files),
        **({} if at_once is None and rate is None else {"limits": _limits({}, at_once, rate)}),
        "owner": owner,
        **_playbook(playbook),
    }

    async def work(api: Api) -> Any:
        if fallback is not None:
            body["fallback"] = await _other(api, fallback)
        return await api.send("POST", "/connections", body)

    terminal.show(_told(terminal, terminal.run(work)))


@command.command("list")
@click.option("--status", type=click.Choice(["active", "disabled"]))
@api_options
def list_connections(terminal: Terminal, *, status: str | None) -> None:
    """All connections, the newest first."""
    items = terminal.run(lambda api: api.pages("/connections", status=status))
    columns = ("name", "connector", "certification", "status", "revision", "settings.base_url", "id")
    terminal.table([_told(terminal, one) for one in items], *columns)


@command.command()
@click.argument("connection")
@api_options
def show(terminal: Terminal, *, connection: str) -> None:
    """One connection, by name or id, with who answers for it: by its seat, else by the architecture's."""

    async def work(api: Api) -> Any:
        found = await api.get(f"/connections/{await api.reference('connections', 'con', connection)}")
        try:
            seats = (await api.get("/owners"))["items"]
        except Problem as refused:
            if refused.status != _FORBIDDEN:
                raise
            return found
        return _with_seat(found, seats)

    terminal.show(_told(terminal, terminal.run(work)))


@command.command()
@click.argument("connection")
@click.option("--connector", help="Another connector swaps the system behind the connection; settings start anew.")
@_SET
@_SETTINGS
@_SECRET
@_SECRET_FILE
@click.option("--drop-secret", "dropped", multiple=True, metavar="NAME", help="Forget a secret.")
@_AT_ONCE
@_RATE
@_OWNER
@click.option("--no-owner", is_flag=True, help="Tell nobody in particular.")
@_FALLBACK
@click.option("--no-fallback", is_flag=True, help="Ask no other connection.")
@_PLAYBOOK
@api_options
def update(  # noqa: PLR0913 - one argument an option
    terminal: Terminal,
    *,
    connection: str,
    connector: str | None,
    given: tuple[str, ...],
    file: Path | None,
    asked: tuple[str, ...],
    files: tuple[str, ...],
    dropped: tuple[str, ...],
    at_once: int | None,
    rate: str | None,
    owner: str | None,
    no_owner: bool,
    fallback: str | None,
    no_fallback: bool,
    playbook: Path | None,
) -> None:
    """Change CONNECTION, by name or id. Runs follow within two seconds; deployments need no change.

    Settings that are not named stay, unless the connector changes or --settings gives them whole.
    """
    body: dict[str, Any] = {"secrets": {**dict.fromkeys(dropped), **_secrets(asked, files)}, **_playbook(playbook)}
    body |= {"owner": owner} if owner or no_owner else {}
    settings = values(given, file)

    async def work(api: Api) -> Any:
        path = f"/connections/{await api.reference('connections', 'con', connection)}"
        body.update({} if connector is None else {"connector": connector})
        if connector is not None or file is not None:
            body["settings"] = settings
        elif settings:
            # Absent for a key that may not change them, which the answer to the change will say.
            body["settings"] = {**(await api.get(path)).get("settings", {}), **settings}
        if at_once is not None or rate is not None:
            body["limits"] = _limits((await api.get(path))["limits"], at_once, rate)
        other = {"fallback": await _other(api, fallback)} if fallback or no_fallback else {}
        return await api.send("PATCH", path, body | other)

    terminal.show(_told(terminal, terminal.run(work)))


@command.command()
@click.argument("connection")
@api_options
def disable(terminal: Terminal, *, connection: str) -> None:
    """Let no call use CONNECTION any more."""
    terminal.show(_told(terminal, _switch(terminal, connection, "disable")))


@command.command()
@click.argument("connection")
@api_options
def enable(terminal: Terminal, *, connection: str) -> None:
    """Let calls use CONNECTION again."""
    terminal.show(_told(terminal, _switch(terminal, connection, "enable")))


@command.command()
@click.argument("connection")
@api_options
def outage(terminal: Terminal, *, connection: str) -> None:
    """The last outage of CONNECTION, and the runs that wait for it: how many, what is at stake, the first in line."""

    async def work(api: Api) -> Any:
        return await api.get(f"/connections/{await api.reference('connections', 'con', connection)}/outage")

    terminal.show(terminal.run(work))


@command.command()
@click.argument("connection")
@api_options
def watching(terminal: Terminal, *, connection: str) -> None:
    """What of CONNECTION is asked for news: when it answered last, when it is asked next, and why it fails."""

    async def work(api: Api) -> Any:
        return await api.get(f"/connections/{await api.reference('connections', 'con', connection)}/polls")

    found = terminal.run(work)["items"]
    terminal.table(found, "trigger", "watched", "last_answer_at", "next_at", "failures", "failure")


def _told(terminal: Terminal, one: Mapping[str, Any]) -> Mapping[str, Any]:
    """For people the level of its connector in their words."""
    return one if terminal.as_json else {**one, "certification": levels.shown(one.get("certification") or "")}


def _with_seat(found: Mapping[str, Any], seats: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`owner` is only whom the connection itself names; behind it who answers, and by which seat."""
    taken = {(one["kind"], one["subject"]): one["answers"] for one in seats if one["answers"] is not None}
    of_it = ("integration", found["id"]) if ("integration", found["id"]) in taken else ("architecture", "")
    told = {"answers": taken.get(of_it), "answers_by": of_it[0] if of_it in taken else None}
    shown: dict[str, Any] = {}
    for name, member in found.items():
        shown |= {name: member, **(told if name == "owner" else {})}
    return shown


def _switch(terminal: Terminal, connection: str, verb: str) -> Any:
    async def work(api: Api) -> Any:
        return await api.send("POST", f"/connections/{await api.reference('connections', 'con', connection)}/{verb}")

    return terminal.run(work)


async def _other(api: Api, connection: str | None) -> str | None:
    return None if connection is None else await api.reference("connections", "con", connection)


def _playbook(file: Path | None) -> dict[str, Any]:
    return {} if file is None else {"playbook": values((), file)}


def _limits(now: Mapping[str, Any], at_once: int | None, rate: str | None) -> dict[str, Any]:
    """Those of now with what is given put over them."""
    limits = {name: value for name, value in now.items() if value is not None}
    if at_once is not None:
        limits["at_once"] = at_once
    if rate == "none":
        limits.pop("rate", None)
    elif rate is not None:
        calls, _, seconds = rate.partition("/")
        try:
            limits["rate"] = {"calls": int(calls), "seconds": float(seconds or 1)}
        except ValueError:
            raise click.UsageError(f"--rate takes CALLS/SECONDS, such as 60/60, and not {rate!r}") from None
    return limits


def _secrets(asked: Sequence[str], files: Sequence[str]) -> dict[str, str]:
    """Never from an argument, which any process of the machine could read."""
    found = {}
    for name, file in pairs(files, "NAME=FILE").items():
        try:
            found[name] = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise click.UsageError(f"the secret `{name}`: {file} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise click.UsageError(f"the secret `{name}`: {file} is not UTF-8 text") from None
    for name in asked:
        if sys.stdin.isatty():
            found[name] = click.prompt(f"Secret `{name}`", hide_input=True)
        else:
            found[name] = sys.stdin.readline().rstrip("\r\n")
    return found


for _one in (*connection_health.COMMANDS, *connection_authorization.COMMANDS):
    command.add_command(_one)
