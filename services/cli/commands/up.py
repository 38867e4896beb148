from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

import click
import msgspec

from infra import settings as reading
from infra.embedded.binaries import MissingWheel
from infra.embedded.children import reap_orphans
from infra.embedded.home import UP, AlreadyRunning, Home, WrongVersion
from infra.embedded.ports import NoFreePort
from infra.embedded.postgres import StartFailed
from infra.embedded.psql import SqlFailed
from infra.embedded.user import NoUser
from infra.settings import Settings
from services.cli.announcement import announcement
from services.cli.installation import Installation, NotStarted
from services.cli.supervisor import interruptible

_EXPECTED = (AlreadyRunning, MissingWheel, NoFreePort, NoUser, NotStarted, SqlFailed, StartFailed, WrongVersion)


@click.command()
@click.option("--demo/--no-demo", default=None, help="Demo data and simulated ERP; by default with embedded data only.")
def command(demo: bool | None) -> None:  # noqa: FBT001 - click's form
    """Start everything here and keep it running until Ctrl-C."""
    settings = reading.load()
    home = Home(settings.home)
    try:
        with interruptible() as at_second:
            home.lock(UP)
            try:
                _run(home, settings, at_second, demo=not settings.database_url if demo is None else demo)
            finally:
                home.unlock()
    except KeyboardInterrupt:
        click.echo("Stopped.")
    except _EXPECTED as error:
        raise click.ClickException(str(error)) from None


def _run(home: Home, settings: Settings, at_second: list[Callable[[], None]], *, demo: bool) -> None:
    for name in reap_orphans(home):
        click.echo(f"Ended {name}, left over from a crash.")
    home.stamp(version("waybill"))
    if demo:
        settings = msgspec.structs.replace(settings, egress_loopback=True)
    installation = Installation(home, settings, click.echo)
    at_second.append(installation.end_at_once)
    try:
        installation.start_services()
        installation.migrate()
        installation.prepare_key_files()
        if demo:
            installation.start_erp()
        installation.start_processes()
        if demo:
            installation.seed()
        installation.wait_until_ready()
        installation.publish()
        click.echo(announcement(installation))
        installation.run()
    finally:
        click.echo("Stopping; a second Ctrl-C ends at once ...")
        installation.stop()
