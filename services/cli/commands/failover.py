"""`waybill failover`: what a failover may have lost, and that the installation may go on."""

from __future__ import annotations

from datetime import datetime

import click
import msgspec

from infra.database import Database
from services.cli import direct
from services.engine import timelines
from services.engine.timelines import Failover

_ACTOR = "cli:failover"


@click.command()
@click.option("--accept", type=int, metavar="TIMELINE", help="Go on with this timeline, having read what may be lost.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(*, accept: int | None, as_json: bool) -> None:
    """What is known of the last failover of the database, and --accept, by the number that is shown.

    Exit code 1 while it is not accepted: until then the outside is told nothing.
    """

    async def work(database: Database) -> tuple[Failover | None, bool]:
        done = accept is None or await timelines.accept(database, accept, _ACTOR)
        return await timelines.read(database), done

    found, done = direct.run(work, as_worker=True)
    if found is None:
        raise click.ClickException("no worker has looked at this database yet: start one")
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        click.echo("\n".join(_lines(found)))
    if not done:
        raise click.ClickException(
            f"timeline {accept} is not accepted: the database is on {found.number}, "
            + ("which was accepted before" if found.accepted_at else "which you have not read about yet")
        )
    if found.accepted_at is None:
        raise SystemExit(1)


def _lines(found: Failover) -> list[str]:
    if found.accepted_at is not None:
        return [f"Timeline {found.number}, accepted {_at(found.accepted_at)} by {found.accepted_by}."]
    told = [
        f"The database is on timeline {found.number}, found {_at(found.found_at)}:",
        "a standby was promoted, or a backup rolled forward to a moment.",
        f"Messages that are held back for the outside: {found.held}. Runs go on.",
    ]
    if found.seen_at is None:
        told.append("No worker remembers how far the log had come before: what is missing is not known.")
    else:
        told += _lost(found, found.seen_at)
    return [*told, f"When you have looked: waybill failover --accept {found.number}"]


def _lost(found: Failover, seen_at: datetime) -> list[str]:
    lost = f"at least {found.lost_bytes:,} bytes are missing" if found.lost_bytes else "nothing is known to be missing"
    newest = "none" if found.newest_at is None else _at(found.newest_at)
    return [
        f"A worker had seen the log up to {_shown(found.seen_position)} ({_at(seen_at)}), and found it at",
        f"{_shown(found.position)}: {lost}.",
        f"The newest event that came by then and is still there: {newest}. What senders were told is stored after",
        "that may be gone: have them send it again. An order among it that had begun begins anew, as another run:",
        "look for it in the other systems first.",
        f"Runs that were under way: {found.runs}. What is missing of them is done again, under the same keys. A call",
        "that may not be repeated and cannot be looked for may be made a second time: compare those systems.",
    ]


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC"


def _shown(position: int | None) -> str:
    """As PostgreSQL writes it."""
    return "-" if position is None else f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"
