from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import click

from infra import settings
from infra.embedded.home import Home


@click.command()
@click.argument("name", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on printing what is added, until Ctrl-C.")
@click.option("--lines", "-n", default=50, show_default=True, help="Lines from the end of each log.")
def command(name: str | None, follow: bool, lines: int) -> None:  # noqa: FBT001 - click's form
    """Show the logs of all processes, or of NAME (api, worker, postgres, valkey, erp, migrate, seed)."""
    home = Home(settings.load().home)
    known = {file.stem: file for file in sorted(home.logs.glob("*.log"))}
    if name is not None and name not in known:
        raise click.ClickException(f"no log {name} in {home.logs}; there are: {', '.join(known) or 'none'}")
    if not known:
        click.echo(f"There are no logs in {home.logs}: nothing was started in this home yet.", err=True)
        return
    chosen = known if name is None else {name: known[name]}
    with ExitStack() as opened:
        streams = {each: opened.enter_context(file.open("rb")) for each, file in chosen.items()}
        for each, stream in streams.items():
            for line in stream.read().decode(errors="replace").splitlines()[-lines:]:
                _show(each, line, len(streams))
        if follow:
            _follow(streams, chosen)


def _follow(streams: Mapping[str, BinaryIO], files: dict[str, Path]) -> None:
    try:
        while True:
            grown = [each for each, stream in streams.items() if _more(each, stream, files[each], len(streams))]
            if not grown:
                time.sleep(0.2)
    except KeyboardInterrupt:
        return


def _more(name: str, stream: BinaryIO, file: Path, shown: int) -> bool:
    if file.exists() and file.stat().st_size < stream.tell():
        stream.seek(0)
    text = stream.read()
    for line in text.decode(errors="replace").splitlines():
        _show(name, line, shown)
    return bool(text)


def _show(name: str, line: str, shown: int) -> None:
    click.echo(line if shown == 1 else f"{name:<9}| {line}")
