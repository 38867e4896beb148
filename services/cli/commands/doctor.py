from __future__ import annotations

import asyncio
import sys

import click
import msgspec

from infra.settings import Settings, load
from services.cli import checks, running, server_checks


async def _all(settings: Settings) -> list[checks.Check]:
    known = running.completed(settings)
    found = [checks.python(), checks.node(), *checks.wheels(settings)]
    found += [checks.home(settings), checks.disk(settings), checks.kek(settings), *checks.service_key(settings)]
    found.append(checks.port(settings))
    return [
        *found,
        *checks.worker(settings),
        *await server_checks.database(known),
        *await server_checks.audit(known),
        *await server_checks.mail(known),
        await server_checks.redis(known),
        await server_checks.api(known),
        await server_checks.runner(known),
    ]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
def command(as_json: bool) -> None:  # noqa: FBT001 - click's form
    """Say what is missing or wrong, and what helps. Exit code 1 if anything is."""
    found = asyncio.run(_all(load()))
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        width = max(len(check.name) for check in found)
        for check in found:
            click.echo(f"{'ok   ' if check.ok else 'WRONG'} {check.name:<{width}}  {check.found}")
            if check.help:
                click.echo(f"      {'':<{width}}  {check.help}")
    sys.exit(0 if all(check.ok for check in found) else 1)
