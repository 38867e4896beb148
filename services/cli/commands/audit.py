"""`waybill audit`: what was done by whom, and whether that is as it was sealed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from infra.database import Database
from infra.encryption import signing_key
from infra.settings import load
from services.cli import direct
from services.cli.options import Terminal, api_options, fail
from tenants.audit import verifier
from tenants.audit.lines import log_name

_ACTOR = "cli:audit"


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


def _query(given: dict[str, Any]) -> str:
    return urlencode({name: value for name, value in given.items() if value is not None})


@command.command("list")
@_filters
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@api_options
def list_records(terminal: Terminal, /, **given: Any) -> None:
    """The newest records."""
    found = terminal.run(lambda api: api.get(f"/audit?{_query(given)}"))
    terminal.table(found["items"], "at", "actor", "action", "target", "batch")


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@_filters
@api_options
def export(terminal: Terminal, /, *, file: Path, form: str, **given: Any) -> None:
    """Write the audit to FILE: JSON Lines with all seals, or CSV for a spreadsheet."""
    if file.exists():
        fail(f"{file} is there already; name another file")
    try:
        query = _query({"format": form, **given})
        size = terminal.run(lambda api: api.download(f"/audit/export?{query}", file))
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}")
    click.echo(f"{file}: {size} bytes")


@command.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--key", "keys", multiple=True, help="Public key, base64; this installation's by default.")
@click.option("--heads", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The published heads.")
def verify(*, file: Path, keys: tuple[str, ...], heads: Path | None) -> None:
    """Verify the export FILE without database or API; names the first row or batch that is not as it was sealed.

    Exit code 1 where one is not. The same program stands alone: `waybill audit verifier`.
    """
    words = [str(file)]
    for key in keys or (_own_key(),):
        words += ["--key", key]
    if heads is not None:
        words += ["--heads", str(heads)]
    raise SystemExit(verifier.main(words))


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


@command.command()
@api_options
def keeping(terminal: Terminal) -> None:
    """How long the audit is kept, and whether it is held."""
    terminal.show(terminal.run(lambda api: api.get("/audit/keeping")))


@command.command()
@click.argument("days", type=click.IntRange(30, 36_500), required=False)
@click.option("--for-ever", is_flag=True, help="Nothing is dropped.")
@api_options
def period(terminal: Terminal, *, days: int | None, for_ever: bool) -> None:
    """Keep the audit for DAYS; whole batches are dropped once all of their records are older."""
    if (days is None) is not for_ever:
        raise click.UsageError("Give a number of days or --for-ever.")
    terminal.show(terminal.run(lambda api: api.send("POST", "/audit/period", {"days": days})))


@command.command()
@click.option("--reason", required=True, help="Why; shown to whoever is refused by it.")
@api_options
def hold(terminal: Terminal, *, reason: str) -> None:
    """A legal hold: nothing is dropped or erased until `release`."""
    terminal.show(terminal.run(lambda api: api.send("POST", "/audit/hold", {"reason": reason})))


@command.command()
@api_options
def release(terminal: Terminal) -> None:
    """End the legal hold."""
    terminal.show(terminal.run(lambda api: api.send("POST", "/audit/release")))


@command.command()
@click.argument("subject", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@api_options
def forget(terminal: Terminal, *, subject: str, yes: bool) -> None:
    """Erase the account or key ID from the audit; what was done and when stays, and its seals hold. For good."""
    if not yes:
        click.confirm(f"Erase {subject} from the audit for good?", abort=True)
    terminal.show(terminal.run(lambda api: api.send("POST", "/audit/forget", {"subject": subject})))


@command.command()
def rollbacks() -> None:
    """Logs whose database is behind what was published of them. Exit code 1 if there are some."""

    async def work(database: Database) -> list[Any]:
        async with database.doors() as connection:
            kinds = {row["log_id"]: row["kind"] for row in await connection.fetch("SELECT * FROM app.audit_tops()")}
            found = await connection.fetch("SELECT * FROM app.audit_rollbacks()")
        return [(log_name(kinds.get(row["log_id"], "tenant"), row["log_id"]), row) for row in found]

    found = direct.run(work, as_worker=True)
    for name, row in found:
        click.echo(f"{name}: batch {row['published_n']} was published, here the newest is {row['own_n']}")
    if found:
        click.echo("A database that was restored has lost what is between. When you have looked: audit accept-rollback")
        raise SystemExit(1)
    click.echo("None.")


@command.command("accept-rollback")
@click.option("--yes", is_flag=True, help="Do not ask.")
def accept_rollback(*, yes: bool) -> None:
    """Go on sealing with what is here, in all logs that are rolled back. It is published, with a signature."""
    if not yes:
        click.confirm("Go on with what this database has?", abort=True)

    async def work(database: Database) -> int:
        async with database.doors() as connection:
            accepted: int = await connection.fetchval("SELECT app.audit_accept($1)", _ACTOR)
        return accepted

    click.echo(f"Accepted: {direct.run(work, as_worker=True)}")
