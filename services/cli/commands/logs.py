from __future__ import annotations

import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import click

from infra import settings
from infra.embedded.home import Home


@click.command()
@click.argument("name", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on printing what is added, until Ctrl-C.")
@click.option(
    "--lines", "-n", type=click.IntRange(0), default=50, show_default=True, help="Lines from the end of each log."
)
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
        streams: dict[str, BinaryIO] = {each: opened.enter_context(file.open("rb")) for each, file in chosen.items()}
        for each, stream in streams.items():
            ended = stream.read().decode(errors="replace").splitlines()
            for line in ended[len(ended) - min(lines, len(ended)) :]:
                _show(each, line, len(streams))
        if follow:
            _follow(opened, streams, chosen)


def _follow(opened: ExitStack, streams: dict[str, BinaryIO], files: dict[str, Path]) -> None:
    try:
        while True:
            grown = [each for each, stream in streams.items() if _more(each, stream, len(streams))]
            renewed = [each for each, stream in streams.items() if _renewed(stream, files[each])]
            for each in renewed:
                streams[each].close()
                streams[each] = opened.enter_context(files[each].open("rb"))
            if not grown and not renewed:
                time.sleep(0.2)
    except KeyboardInterrupt:
        return


def _renewed(stream: BinaryIO, file: Path) -> bool:
    """Whether `file` is another one by now than that which is read to its end in `stream`."""
    try:
        return file.stat().st_ino != os.fstat(stream.fileno()).st_ino
    except FileNotFoundError:
        return False


def _more(name: str, stream: BinaryIO, shown: int) -> bool:
    # Emptied under its writer (`children.bound`), it begins anew.
    if os.fstat(stream.fileno()).st_size < stream.tell():
        stream.seek(0)
    text = stream.read()
    for line in text.decode(errors="replace").splitlines():
        _show(name, line, shown)
    return bool(text)


def _show(name: str, line: str, shown: int) -> None:
    click.echo(line if shown == 1 else f"{name:<9}| {line}")
