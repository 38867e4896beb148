"""The commands of `waybill audit` that change something: its keeping, who is forgotten, what was rolled back."""

from __future__ import annotations

from typing import Any, Final

import click

from infra.database import Database
from services.cli import direct
from services.cli.audit_log import of_log
from services.cli.options import Terminal
from tenants.audit.lines import log_name

_ACTOR: Final = "cli:audit"


@click.command()
@of_log
def keeping(terminal: Terminal, /, *, at: str) -> None:
    """How long the audit is kept, and whether it is held."""
    terminal.show(terminal.run(lambda api: api.get(f"{at}/keeping")))


@click.command()
@click.argument("days", type=click.IntRange(30, 36_500), required=False)
@click.option("--for-ever", is_flag=True, help="Nothing is dropped.")
@of_log
def period(terminal: Terminal, /, *, at: str, days: int | None, for_ever: bool) -> None:
    """Keep the audit for DAYS; whole batches are dropped once all of their records are older."""
    if (days is None) is not for_ever:
        raise click.UsageError("Give a number of days or --for-ever.")
    terminal.show(terminal.run(lambda api: api.send("POST", f"{at}/period", {"days": days})))


@click.command()
@click.option("--reason", required=True, help="Why; shown to whoever is refused by it.")
@of_log
def hold(terminal: Terminal, /, *, at: str, reason: str) -> None:
    """A legal hold: nothing is dropped or erased until `release`."""
    terminal.show(terminal.run(lambda api: api.send("POST", f"{at}/hold", {"reason": reason})))


@click.command()
@of_log
def release(terminal: Terminal, /, *, at: str) -> None:
    """End the legal hold."""
    terminal.show(terminal.run(lambda api: api.send("POST", f"{at}/release")))


@click.command()
@click.argument("subject", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@of_log
def forget(terminal: Terminal, /, *, at: str, subject: str, yes: bool) -> None:
    """Erase the account or key ID from the audit; what was done and when stays, and its seals hold. For good."""
    if not yes:
        click.confirm(f"Erase {subject} from the audit for good?", abort=True)
    terminal.show(terminal.run(lambda api: api.send("POST", f"{at}/forget", {"subject": subject})))


@click.command()
def rollbacks() -> None:
    """Logs whose database is behind what was published of them. Exit code 1 if there are some."""

    async def work(database: Database) -> list[Any]:
        async with database.doors() as connection:
            found = await connection.fetch("SELECT * FROM app.audit_rollbacks()")
        return [(log_name(row["kind"], row["log_id"]), row) for row in found]

    found = direct.run(work, as_worker=True)
    for name, row in found:
        click.echo(f"{name}: batch {row['published_n']} was published, here the newest is {row['own_n']}")
    if found:
        click.echo("A database that was restored has lost what is between. When you have looked: audit accept-rollback")
        raise SystemExit(1)
    click.echo("None.")


@click.command("accept-rollback")
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


COMMANDS: Final = (keeping, period, hold, release, forget, rollbacks, accept_rollback)
