from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import click
import msgspec

from infra import ids
from infra.settings import load
from services.cli import direct
from services.engine import world

_MEANING = {
    "I1": "every run has ended, is in line, is in a worker's hands, or waits for something named",
    "I2": "a run's journal has no gap, and the run is in the state that it says",
    "I4": "usage is what was journalled",
    "I5": "each start and end of a run has its audit row",
    "I6": "no row is of another tenant than its run",
    "I10": "no message is left lying",
}


@click.command()
@click.option("--days", type=click.FloatRange(0, 36_500), default=30.0, show_default=True, help="Of runs this young.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array of what is broken.")
def command(*, days: float, as_json: bool) -> None:
    """Look whether what was done is whole, over all tenants; may be asked while everything runs.

    Exit code 1 if anything is broken: that is a defect or a damaged database, and nothing that you did.
    """
    since, lease = datetime.now(UTC) - timedelta(days=days), load().lease_seconds
    found = direct.run(lambda database: world.check_world(database, since, lease), as_worker=True)
    if as_json:
        click.echo(msgspec.json.encode([_shown(one) for one in found]).decode())
    else:
        _print(found)
    sys.exit(1 if found else 0)


def _print(found: list[world.Finding]) -> None:
    for invariant, meaning in _MEANING.items():
        broken = [one for one in found if one.invariant == invariant]
        click.echo(f"{'BROKEN' if broken else 'holds ':<7} {invariant:<4} {meaning}")
        for one in broken:
            run = ids.show("run", one.run) if one.run else "-"
            click.echo(f"             {ids.show('ten', one.tenant)} {run}: {one.words}")
    click.echo("Not asked here: what other systems hold (I3), secrets in the open (I7), handles (I8), fairness (I9).")


def _shown(one: world.Finding) -> dict[str, str | None]:
    run = ids.show("run", one.run) if one.run else None
    return {"invariant": one.invariant, "tenant": ids.show("ten", one.tenant), "run": run, "words": one.words}
