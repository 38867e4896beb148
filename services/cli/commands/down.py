from __future__ import annotations

import os
import signal
import time

import click

from infra import settings
from infra.embedded.home import Home
from services.cli import running
from services.cli.supervisor import WORKER_PATIENCE

# The slowest program, then Valkey and PostgreSQL, which closes its data.
LIMIT = WORKER_PATIENCE + 45.0


@click.command()
def command() -> None:
    """End the `waybill up` that runs in this home, and wait for its end."""
    home = Home(settings.load().home)
    state = running.read(home)
    supervisor = state.supervisor if state is not None else home.owner()
    if supervisor is None:
        click.echo(f"Nothing runs in {home.folder}.")
        return
    os.kill(supervisor.pid, signal.SIGTERM)
    deadline = time.monotonic() + LIMIT
    while supervisor.alive():
        if time.monotonic() > deadline:
            raise click.ClickException(f"process {supervisor.pid} did not end within {LIMIT:g} s; see {home.logs}")
        time.sleep(0.05)
    click.echo("Stopped.")
