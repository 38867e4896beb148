from __future__ import annotations

import asyncio

import click
import msgspec

from infra.settings import load
from services.cli import demo, stored_keys


@click.command(hidden=True)
def command() -> None:
    """Make or find the demo data; its way in as JSON. A part of `waybill up`."""
    settings = load()
    if wrong := stored_keys.unusable_for_sealing(settings):
        raise click.ClickException(wrong)
    credentials = asyncio.run(demo.seed(settings))
    click.echo(msgspec.json.encode(credentials).decode())
