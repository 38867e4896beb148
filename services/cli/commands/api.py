from __future__ import annotations

import os
import sys

import click

from infra.logs import SERVER as LOG_CONFIG
from infra.settings import child_environment, load
from services.cli import connector_folder, running, stored_keys


@click.command()
def command() -> None:
    """Run the API in the foreground; SIGTERM ends it."""
    settings = running.completed(load())
    if not settings.database_url:
        raise click.ClickException("WAYBILL_DATABASE_URL is not set and no `waybill up` runs in this home.")
    if wrong := stored_keys.unusable_for_sealing(settings):
        raise click.ClickException(wrong)
    if wrong := connector_folder.unusable(settings):
        raise click.ClickException(wrong)
    words = ["--interface", "asgi", "--factory", "--host", settings.api_host, "--port", str(settings.api_port)]
    words += ["--loop", "uvloop", "--no-ws", "--log-level", settings.log_level, "--log-config", str(LOG_CONFIG)]
    words += ["services.portal.app:create_app"]
    environment = child_environment(
        {
            "WAYBILL_HOME": str(settings.home),
            "WAYBILL_DATABASE_URL": settings.database_url,
            "WAYBILL_REDIS_URL": settings.redis_url,
        }
    )
    # In place of this process, so that signals and the exit code are the server's own.
    os.execve(sys.executable, [sys.executable, "-m", "granian", *words], environment)  # noqa: S606
