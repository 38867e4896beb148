from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Final

import click
import msgspec

from infra import ids
from infra.database import Database
from infra.encryption.installed import InstalledKeys
from infra.encryption.key_provider import FileKeyProvider
from infra.key_services import choosing
from infra.settings import load
from services.archives.files import ArchiveDamaged
from services.cli import direct, leaks, running
from services.engine import world
from services.engine.world import Finding, Wait
from tenants.connections.sealing import Sealer

_MEANING: Final = {
    "I1": "every run has ended, is in line, is in a worker's hands, or waits for something named",
    "I2": "a run's journal has no gap, and the run is in the state that it says",
    "I3": "the ledger has what became of each effect that may not be repeated, or somebody is asked",
    "I4": "usage is what was journalled",
    "I5": "each start and end of a run has its audit row",
    "I6": "no row is of another tenant than its run",
    "I7": "no secret of a connection, a webhook or a person stands in the open",
    "I10": "no message is left lying",
}
_HOUR: Final = timedelta(hours=1)
_TARGET: Final = 2.0
_NOT_ASKED: Final = (
    "Not asked here: what other systems hold (I3), since they are others'; handles and memory of processes (I8), which",
    "their metrics tell.",
)


@click.command()
@click.option("--days", type=click.FloatRange(0, 36_500), default=30.0, show_default=True, help="Of runs this young.")
@click.option("--secrets", is_flag=True, help="Look for secrets where none may be, too; needs the key files.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array of what is broken.")
def command(*, days: float, secrets: bool, as_json: bool) -> None:
    """Look whether what was done is whole, over all tenants; may be asked while everything runs.

    Exit code 1 if anything is broken: that is a defect or a damaged database, and nothing that you did.
    """
    since, lease = datetime.now(UTC) - timedelta(days=days), load().lease_seconds

    async def work(database: Database) -> tuple[list[Finding], list[Wait]]:
        found = await world.check_world(database, since, lease)
        return found, await world.waits(database, datetime.now(UTC) - _HOUR)

    found, waits = direct.run(work, as_worker=True)
    search = _search(since) if secrets else None
    found += [] if search is None else search.found
    if as_json:
        click.echo(msgspec.json.encode([_shown(one) for one in found]).decode())
    else:
        _print(found, search, waits)
        click.echo("\n".join(_NOT_ASKED))
    sys.exit(1 if found else 0)


def _search(since: datetime) -> leaks.Search:
    settings = running.completed(load())

    async def work(app: Database) -> leaks.Search:
        worker = await Database(settings.worker_database_url, pool_size=1).open()
        keys, own = choosing.opening(settings), FileKeyProvider(settings.service_key, settings.service_old_files)
        try:
            folders = leaks.Folders(settings.home / "logs", settings.archive_folder, settings.drops)
            opening = leaks.Keys(Sealer(keys), InstalledKeys(keys, worker), InstalledKeys(own, worker))
            return await leaks.search(app, worker, opening, since, folders)
        except ArchiveDamaged as error:
            raise click.ClickException(f"{error}; see `waybill archive verify`") from None
        finally:
            await keys.close()
            await worker.close()

    return direct.run(work)


def _print(found: list[Finding], search: leaks.Search | None, waits: list[Wait]) -> None:
    for invariant, meaning in _MEANING.items():
        if invariant == "I10":
            click.echo(f"{'told':<7} I9   {fairness(waits)}")
        if invariant == "I7" and search is None:
            click.echo(f"{'-':<7} {invariant:<4} {meaning}: looked for with --secrets")
            continue
        broken = [one for one in found if one.invariant == invariant]
        click.echo(f"{'BROKEN' if broken else 'holds ':<7} {invariant:<4} {meaning}")
        for one in broken:
            run = ids.show("run", one.run) if one.run else "-"
            click.echo(f"             {ids.show('ten', one.tenant)} {run}: {one.words}")
    if search is not None:
        click.echo(f"             {search.secrets} secrets were looked for")


def fairness(waits: list[Wait]) -> str:
    """A figure and no verdict: whether a wait was fair depends on how many workers there were."""
    if not waits:
        return "no run began within the last hour"
    most, *others = waits
    words = f"within the last hour, 95 of 100 runs had a worker after {most.seconds:.1f} s or sooner"
    if not others:
        return f"{words}; all {most.runs:,} are of one client"
    longest = max(one.seconds for one in others)
    return (
        f"{words} at the client with the most runs ({most.runs:,}), and after {longest:.1f} s or sooner at each of "
        f"the {len(others):,} others. More than {_TARGET:g} s at those, while the first one floods, would be unfair"
    )


def _shown(one: Finding) -> dict[str, str | None]:
    run = ids.show("run", one.run) if one.run else None
    return {"invariant": one.invariant, "tenant": ids.show("ten", one.tenant), "run": run, "words": one.words}
