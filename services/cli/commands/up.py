from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

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
from services.cli import invocation
from services.cli.installation import Installation, NotStarted
from services.cli.supervisor import interruptible

DOCUMENTATION = "/docs"
# In a checkout; an installed package brings no examples.
EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "order.json"

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
        installation.prepare_key_file()
        if demo:
            installation.start_erp()
        installation.start_processes()
        if demo:
            installation.seed()
        installation.wait_until_ready()
        installation.publish()
        _announce(installation)
        installation.run()
    finally:
        click.echo("Stopping; a second Ctrl-C ends at once ...")
        installation.stop()


def _announce(installation: Installation) -> None:
    """The addresses, and the first thing to try."""
    lines = [f"API            {installation.api_url}", f"documentation  {installation.api_url}{DOCUMENTATION}"]
    if installation.settings.demo_erp_url:
        lines.append(f"simulated ERP  {installation.settings.demo_erp_url}")
    lines.append(f"data and logs  {installation.home.folder}")
    if installation.demo is not None:
        demo = installation.demo
        lines += [
            "",
            f"demo partner   {demo.partner}",
            f"demo client    {demo.client} ({demo.environment})",
            f"API key        {demo.api_key}",
        ]
        for portal in demo.portals:
            lines += [
                "",
                f"portal         {installation.portal_url(portal.host)}",
                f"               {portal.partner}, for {portal.client}",
                f"sign in        {portal.email}",
                f"password       {portal.password}",
            ]
    if installation.settings.egress_loopback:
        lines += [
            "",
            "Connections may reach this machine's loopback (WAYBILL_EGRESS_LOOPBACK=true). Not for production.",
        ]
    if installation.demo is not None and EXAMPLE.is_file():
        lines += ["", f"Send a first order:  {invocation.line('send', invocation.short(EXAMPLE))}"]
    click.echo("\n".join(["", *lines, "", "Ctrl-C stops everything."]))
