"""`waybill audit`: what was done by whom, and whether that is as it was sealed."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from infra.encryption import signing_key
from infra.objects.store import StoreAway
from infra.settings import load
from services.cli import audit_keeping
from services.cli.audit_log import of_log
from services.cli.options import Terminal, fail
from tenants.audit import verifier
from tenants.audit.head_objects import heads_of
from tenants.audit.heads import Heads, Place
from tenants.audit.lines import place_of_log


@click.group()
def command() -> None:
    """What was done by whom: list, export, verify; how long it is kept."""


def _filters(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--until", metavar="TIME", help="Only before this time (RFC 3339)."),
        click.option("--since", metavar="TIME", help="Only from this time on (RFC 3339)."),
        click.option("--about", metavar="ID", help="What was done to it, and what it did itself."),
        click.option("--target", help="Only what was done to this."),
        click.option("--actor", help="Only what this one did, such as account:acc_… or key:key_…"),
        click.option("--action", help="Only this action, such as connection.created."),
    ):
        function = option(function)
    return function


def _given(given: dict[str, Any]) -> str:
    return urlencode({name: value for name, value in given.items() if value is not None})


@command.command("list")
@_filters
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@of_log
def list_records(terminal: Terminal, /, *, at: str, **given: Any) -> None:
    """The newest records."""
    found = terminal.run(lambda api: api.get(f"{at}?{_given(given)}"))
    terminal.table(found["items"], "at", "actor", "action", "target", "batch")


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@_filters
@of_log
def export(terminal: Terminal, /, *, at: str, file: Path, form: str, **given: Any) -> None:
    """Write the audit to FILE: JSON Lines with all seals, or CSV for a spreadsheet."""
    if file.exists():
        fail(f"{file} is there already; name another file")
    try:
        query = _given({"format": form, **given})
        size = terminal.run(lambda api: api.download(f"{at}/export?{query}", file))
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}")
    click.echo(f"{file}: {size} bytes")


@command.command()
@of_log
def check(terminal: Terminal, /, *, at: str) -> None:
    """Have the API verify a log where it is, from its first batch to its last. Exit code 1 where it is not whole.

    It says what the database says of itself: `export` and `verify` with the published heads are for an auditor.
    """
    rows, found = 0, terminal.run(lambda api: api.get(f"{at}/verification"))
    rows += found["rows"]
    while found["next"] is not None:
        behind = found["next"]
        found = terminal.run(lambda api: api.get(f"{at}/verification", behind=behind))  # noqa: B023 (run at once)
        rows += found["rows"]
    if terminal.as_json:
        terminal.show({**found, "rows": rows})
    else:
        click.echo(_told(found, rows))
    raise SystemExit(0 if found["state"] == "whole" else 1)


def _told(found: dict[str, Any], rows: int) -> str:
    if found["state"] == "whole":
        head = f"WHOLE {rows} rows in {found['last']} batches, {found['unsealed']} not sealed yet"
        return f"{head}, {found['dropped']} batches dropped in their time"
    if found["state"] == "unknown":
        return "UNKNOWN the API has no public key: no worker has sealed here, or its file is elsewhere"
    if found["state"] == "rolled-back":
        return "BROKEN the database was set back behind what was published: `waybill audit rollbacks`"
    place = ", ".join(f"{name} {found[name]}" for name in ("batch", "row") if found[name] is not None)
    return f"BROKEN {place}: {found['what']}" if place else f"BROKEN {found['what']}"


@command.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--key", "keys", multiple=True, help="Public key, base64; this installation's by default.")
@click.option(
    "--heads", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A copy of the published heads."
)
@click.option("--without-heads", is_flag=True, help="Do not look for them: a log that was cut off verifies then.")
def verify(*, file: Path, keys: tuple[str, ...], heads: Path | None, without_heads: bool) -> None:
    """Verify the export FILE without database or API; names the first row or batch that is not as it was sealed.

    It is held against the published heads of its log where these settings find them (WAYBILL_AUDIT_HEADS). Exit code 1
    where something is not as it was. The same program stands alone: `waybill audit verifier`.
    """
    words = [str(file)]
    for key in keys or (_own_key(),):
        words += ["--key", key]
    with tempfile.TemporaryDirectory() as folder:
        if heads is None and not without_heads:
            heads = _published(file, Path(folder) / "heads.jsonl")
        if heads is not None:
            words += ["--heads", str(heads)]
        raise SystemExit(verifier.main(words))


def _published(export: Path, file: Path) -> Path | None:
    """The published heads of the log that was exported, as a file; None, and it is said why, where there are none."""
    place, heads = place_of_log(_log_in(export)), heads_of(load())
    if place is None or heads is None:
        click.echo("Not held against published heads: there are none here.", err=True)
        return None
    size = _written(heads, place, file)
    if not size:
        click.echo(f"Not held against published heads: none of this log is at {load().audit_heads}.", err=True)
    return file if size else None


@command.command("heads")
@click.argument("log", metavar="LOG")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def write_heads(*, log: str, file: Path) -> None:
    """Write the published heads of LOG (ten_…, ptr_… or operator, as an export names it) to FILE, for `verify`."""
    place, given = place_of_log(log), load()
    if place is None:
        raise click.UsageError(f"{log[:80]} names no log: ten_…, ptr_… or operator")
    heads = heads_of(given)
    if heads is None:
        fail("heads go nowhere: WAYBILL_AUDIT_HEADS is `none`")
    if file.exists():
        fail(f"{file} is there already; name another file")

    size = _written(heads, place, file)
    if not size:
        file.unlink()
        fail(f"no head of {log} is at {given.audit_heads}")
    click.echo(f"{file}: {size} bytes")


def _log_in(export: Path) -> str:
    """The name of the log, as the export's first line has it; empty where it has none, which the verifier says."""
    with export.open("rb") as stream:
        try:
            return str(json.loads(stream.readline())["log"])
        except (ValueError, KeyError, TypeError):
            return ""


def _written(heads: Heads, place: Place, file: Path) -> int:
    """Bytes of the published heads of a log, in the file from now on."""

    async def copied() -> int:
        try:
            with file.open("wb") as stream:
                return sum([stream.write(part) async for part in heads.lines(place)])
        finally:
            await heads.close()

    try:
        return asyncio.run(copied())
    except StoreAway as error:
        fail(str(error))


@command.command("verifier")
def show_verifier() -> None:
    """Print the stand-alone verifier: one Python file that needs `cryptography`, an export and the public key."""
    click.echo(Path(verifier.__file__).read_text(), nl=False)


@command.command()
def key() -> None:
    """The public key of this installation's seals, base64."""
    click.echo(_own_key())


def _own_key() -> str:
    file = load().audit_key_file
    found = signing_key.public_of(file)
    if found is None:
        raise click.ClickException(f"There is no {file}.pub: the first worker makes it. Else give --key.")
    return signing_key.shown(found)


for _one in audit_keeping.COMMANDS:
    command.add_command(_one)
