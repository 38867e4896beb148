from __future__ import annotations

import asyncio

import click
import msgspec

from infra.settings import load
from services.cli import demo


@click.command(hidden=True)
def command() -> None:
    """Make or find the demo data; its way in as JSON. A part of `waybill up`."""
    credentials = asyncio.run(demo.seed(load()))
    click.echo(msgspec.json.encode(credentials).decode())
