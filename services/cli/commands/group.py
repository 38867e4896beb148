from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from services.cli.client import Api
from services.cli.options import Terminal, api_options, values

_ASPECTS: Final = ("site", "company", "channel", "owner")


def _aspects(command: Any) -> Any:
    """One option for each thing that a rule may ask."""
    helps = {
        "site": "For calls for this site.",
        "company": "For calls for this company.",
        "channel": "For calls for this channel.",
        "owner": "For calls about a record that this system of the cross-reference knows.",
    }
    for name in reversed(_ASPECTS):
        command = click.option(f"--{name}", multiple=True, help=helps[name] + " May be given again.")(command)
    return command


_RULES = click.option(
    "--rules",
    "file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='JSON file with the rules in order: {"rules": [{"when": {"site": ["reno"]}, "connection": NAME}, …]}.',
)


@click.group()
def command() -> None:
    """Several connections of one capability, and the rules that choose among them."""


@command.command()
@click.argument("name")
@_RULES
@api_options
def create(terminal: Terminal, *, name: str, file: Path) -> None:
    """A connection group NAME. A deployment takes it with --bind wms=group:NAME."""
    rules = values((), file).get("rules")

    async def work(api: Api) -> Any:
        return await api.send("POST", "/connection-groups", {"name": name, "rules": await _ids(api, rules)})

    terminal.show(terminal.run(work))


@command.command("list")
@api_options
def list_groups(terminal: Terminal) -> None:
    """All connection groups, the newest first."""
    terminal.table(terminal.run(lambda api: api.pages("/connection-groups")), "name", "revision", "id")


@command.command()
@click.argument("group")
@api_options
def show(terminal: Terminal, *, group: str) -> None:
    """GROUP with its rules, by name or id."""

    async def work(api: Api) -> Any:
        return await api.get(await _path(api, group))

    terminal.show(terminal.run(work))


@command.command()
@click.argument("group")
@_RULES
@api_options
def update(terminal: Terminal, *, group: str, file: Path) -> None:
    """Put other rules in place of those of GROUP. Runs that have chosen keep what they chose."""
    rules = values((), file).get("rules")

    async def work(api: Api) -> Any:
        return await api.send("PATCH", await _path(api, group), {"rules": await _ids(api, rules)})

    terminal.show(terminal.run(work))


@command.command()
@click.argument("group")
@click.option("--connection", required=True, help="Name or id of the connection that it leads to.")
@_aspects
@click.option("--at", type=click.IntRange(1), help="Its place, counted from 1; without it, the last.")
@api_options
def add(  # noqa: PLR0913 - one argument an option
    terminal: Terminal,
    *,
    group: str,
    connection: str,
    site: tuple[str, ...],
    company: tuple[str, ...],
    channel: tuple[str, ...],
    owner: tuple[str, ...],
    at: int | None,
) -> None:
    """Add a rule to GROUP: a warehouse, a channel or a company more."""
    given = dict(zip(_ASPECTS, (site, company, channel, owner), strict=True))
    when = {name: list(values) for name, values in given.items() if values}

    async def work(api: Api) -> Any:
        (rule,) = await _ids(api, [{"when": when, "connection": connection}])

        def added(present: Any) -> Any:
            rules = present["rules"]
            place = len(rules) if at is None else at - 1
            return {"rules": [*rules[:place], rule, *rules[place:]]}

        return await api.edit(await _path(api, group), added)

    terminal.show(terminal.run(work))


@command.command("try")
@click.argument("group")
@click.option("--site")
@click.option("--company")
@click.option("--channel")
@click.option("--record", metavar="KIND:SYSTEM:ID", help="What the call is about, such as customer:shop:77.")
@api_options
def try_rules(  # noqa: PLR0913 - one argument an option
    terminal: Terminal, *, group: str, site: str | None, company: str | None, channel: str | None, record: str | None
) -> None:
    """Which connection a call would go to. Nothing is called."""
    whom: dict[str, Any] = {"site": site, "company": company, "channel": channel}
    if record is not None:
        kind, _, rest = record.partition(":")
        system, mark, key = rest.partition(":")
        if not mark:
            raise click.UsageError("--record is KIND:SYSTEM:ID; the system may be empty")
        whom["record"] = {"kind": kind, "system": system or None, "id": key}

    async def work(api: Api) -> Any:
        return await api.send("POST", f"{await _path(api, group)}/try", {"for": whom})

    terminal.show(terminal.run(work))


async def _path(api: Api, group: str) -> str:
    return f"/connection-groups/{await api.reference('connection-groups', 'grp', group)}"


async def _ids(api: Api, rules: Any) -> list[Any]:
    """With the ids of connections that are given by name."""
    if not isinstance(rules, list) or not all(isinstance(one, dict) and "connection" in one for one in rules):
        raise click.UsageError('the file holds {"rules": [{"when": {…}, "connection": NAME}, …]}')
    return [{**one, "connection": await api.reference("connections", "con", one["connection"])} for one in rules]
