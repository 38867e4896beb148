from __future__ import annotations

import runpy
import sys
from pathlib import Path

import click

from services.connectors.simulators.systems import KINDS


@click.group()
def command() -> None:
    """Simulated systems, each a server of its own, to show and try a template without a client's."""


@command.command("list")
def list_simulators() -> None:
    """The simulators that there are, and the connector that speaks with each."""
    for name, kind in sorted(KINDS.items()):
        click.echo(f"{name:12} {kind.connector:22} {kind.title}: {kind.about}")


@command.command()
@click.argument("name", type=click.Choice(sorted(KINDS)))
@click.option("--data", type=click.Path(path_type=Path), required=True, help="SQLite file; made and filled if missing.")
@click.option("--token-file", type=click.Path(exists=True, path_type=Path), required=True, help="Its secret.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0: a free one.")
def start(name: str, *, data: Path, token_file: Path, port: int) -> None:
    """Run simulator NAME on this machine until it is interrupted; prints its address.

    Each client that is shown something has one of its own, with a file of data of its own.
    """
    sys.argv = ["simulator", name, "--port", str(port), "--data", str(data), "--token-file", str(token_file)]
    runpy.run_module("services.connectors.simulators", run_name="__main__", alter_sys=True)
