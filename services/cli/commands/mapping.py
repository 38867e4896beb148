from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click
import msgspec

from services.cli.options import Terminal, api_options, fail

_COLUMNS: Final = ("name", "version", "record", "system", "released_at", "made_by")
_PARTNER: Final = click.option("--partner", help="Of the partner, for all its clients: its own slug or id.")


@click.group()
def command() -> None:
    """Mappings: how events of systems become records."""


@command.command("list")
@click.option("--name", help="All versions of this one.")
@_PARTNER
@api_options
def list_mappings(terminal: Terminal, /, *, name: str | None, partner: str | None) -> None:
    """The newest version of each."""
    terminal, path = _at(terminal, partner)
    query = "?limit=200" if name is None else f"?limit=200&name={name}"
    rows = terminal.run(lambda api: api.get(f"{path}{query}"))["items"]
    terminal.table([_row(one) for one in rows], *_COLUMNS)


@command.command()
@click.argument("name")
@click.option("--version", "number", type=int, help="Else the newest.")
@_PARTNER
@api_options
def show(terminal: Terminal, /, *, name: str, number: int | None, partner: str | None) -> None:
    """The document of a mapping, as `put` takes it."""
    terminal, path = _at(terminal, partner)
    query = "" if number is None else f"?version={number}"
    found = terminal.run(lambda api: api.get(f"{path}/{name}{query}"))
    document = found["mapping"] if found["overlay"] is None else found["overlay"]
    click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())


@command.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@_PARTNER
@api_options
def put(terminal: Terminal, /, *, name: str, file: Path, partner: str | None) -> None:
    """Write the draft of NAME from FILE: a mapping in JSON, or an overlay with the member `base`."""
    terminal, path = _at(terminal, partner)
    document = _read(file)
    body = {"overlay" if "base" in document else "mapping": document}
    terminal.table([_row(terminal.run(lambda api: api.send("PUT", f"{path}/{name}", body)))], *_COLUMNS)


@command.command("try")
@click.argument("name")
@click.option(
    "--data", type=click.Path(path_type=Path), help="JSON: the data of an event. Else its examples are tried."
)
@click.option("--type", "kind", help="The event's type.")
@_PARTNER
@api_options
def try_mapping(terminal: Terminal, /, *, name: str, data: Path | None, kind: str | None, partner: str | None) -> None:
    """Try the newest version of NAME. What does not come out as it should ends with an error."""
    terminal, path = _at(terminal, partner)
    body: dict[str, Any] = {} if data is None else {"data": _read(data)}
    if kind is not None:
        body["attributes"] = {"type": kind}
    tried = terminal.run(lambda api: api.send("POST", f"{path}/{name}/try", body))
    for one in tried["outcomes"]:
        click.echo(f"{'passes' if one['passes'] else 'fails '}  {one['name'] or 'the event'}")
        if data is not None and one["record"] is not None:
            click.echo(msgspec.json.format(msgspec.json.encode(one["record"])).decode())
    failed = [one for one in tried["outcomes"] if not one["passes"]]
    if failed:
        fail(*(_words(one) for one in failed))


@command.command()
@click.argument("name")
@click.argument("version", type=int)
@_PARTNER
@api_options
def release(terminal: Terminal, /, *, name: str, version: int, partner: str | None) -> None:
    """Try the examples of a draft; if they pass, it is what is done from now on, and never changes."""
    terminal, path = _at(terminal, partner)
    body = {"version": version}
    terminal.table([_row(terminal.run(lambda api: api.send("POST", f"{path}/{name}/release", body)))], *_COLUMNS)


def _row(one: Any) -> dict[str, Any]:
    document = one["mapping"] or {"record": f"over version {one['overlay']['base']}"}
    return {**one, "record": document["record"], "system": document.get("system")}


def _words(one: Any) -> str:
    errors = "".join(f"\n  {error['pointer'] or '/'}: {error['detail']}" for error in one["errors"])
    return f"{one['name'] or 'the event'}: {one['detail']}{errors}"


def _read(file: Path) -> Any:
    try:
        return msgspec.json.decode(file.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise click.UsageError(f"{file} cannot be read: {error}") from None


def _at(terminal: Terminal, partner: str | None) -> tuple[Terminal, str]:
    if partner is None:
        return terminal, "/mappings"
    above = msgspec.structs.replace(terminal, account=msgspec.structs.replace(terminal.account, tenant=""))
    return above, f"/partners/{partner}/mappings"
