"""Keys and passwords that a command writes to a file, so that none stands in a terminal's history."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from infra.embedded.home import write_private

OUT: Final = click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write it to this new file, mode 0600, in place of showing it.",
)


def check(file: Path | None) -> None:
    """Before a key is made, since one that cannot be written would be lost; raises click.UsageError."""
    if file is None:
        return
    if file.exists():
        raise click.UsageError(f"--out: {file} is there already")
    if not file.absolute().parent.is_dir():
        raise click.UsageError(f"--out: there is no folder for {file}")


def write(file: Path, secret: str, kind: str = "key") -> None:
    """Mode 0600; says where it is on standard error."""
    write_private(file, secret.encode() + b"\n")
    click.echo(f"The {kind} is in {file}, mode 0600.", err=True)
