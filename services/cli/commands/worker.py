from __future__ import annotations

import os
import sys

import click

from infra.settings import child_environment, load
from services.cli import connector_folder, running


@click.command()
def command() -> None:
    """Run the worker in the foreground; SIGTERM lets it finish or hand back what it holds."""
    settings = running.completed(load())
    if not settings.worker_database_url or not settings.redis_url:
        raise click.ClickException(
            "WAYBILL_WORKER_DATABASE_URL and WAYBILL_REDIS_URL are not both set and no `waybill up` runs in this home."
        )
    if wrong := connector_folder.unusable(settings):
        raise click.ClickException(wrong)
    words = ["services.worker.entry", "--processes", str(settings.worker_processes), "--threads", "1"]
    environment = child_environment(
        {
            "WAYBILL_HOME": str(settings.home),
            "WAYBILL_WORKER_DATABASE_URL": settings.worker_database_url,
            "WAYBILL_REDIS_URL": settings.redis_url,
        }
    )
    # In place of this process, so that signals and the exit code are the worker's own.
    os.execve(sys.executable, [sys.executable, "-m", "services.worker.fleet", *words], environment)  # noqa: S606
