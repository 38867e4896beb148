from __future__ import annotations

import os
import signal
import time

import click

from infra import settings
from infra.embedded.home import UP, Home
from services.cli import running
from services.cli.supervisor import WORKER_PATIENCE

# The slowest program, then Valkey and PostgreSQL, which closes its data.
LIMIT = WORKER_PATIENCE + 45.0


@click.command()
def command() -> None:
    """End the `waybill up` that runs in this home, and wait for its end."""
    home = Home(settings.load().home)
    state = running.read(home)
    owner = home.owner()
    supervisor = state.supervisor if state is not None else owner
    if supervisor is None:
        click.echo(f"Nothing runs in {home.folder}.")
        return
    if state is None and owner is not None and owner.purpose != UP:
        what = f"`waybill {owner.purpose}`" if owner.purpose else "Another program"
        raise click.ClickException(f"{what} works in {home.folder} (process {owner.pid}); no `waybill up` runs there.")
    try:
        os.kill(supervisor.pid, signal.SIGTERM)
    except ProcessLookupError:
        pass  # it ended meanwhile
    except PermissionError:
        raise click.ClickException(f"process {supervisor.pid} is another user's: only they can end it") from None
    deadline = time.monotonic() + LIMIT
    while supervisor.alive():
        if time.monotonic() > deadline:
            raise click.ClickException(f"process {supervisor.pid} did not end within {LIMIT:g} s; see {home.logs}")
        time.sleep(0.05)
    click.echo("Stopped.")
