"""One side of `tests.bench.beside`: this file, run with another checkout's code, measures bursts as it is told to.

Each line of its input is `order 1000` or `pure 1000`; each line of its output a burst's figures in JSON, after `ready`.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec
import uvloop

from tests.bench import processes
from tests.bench.installation import Installation
from tests.bench.load import Load
from tests.bench.work import WORKS

_WARM: Final = 1000
_IN_FLIGHT: Final = 64
_SECONDS: Final = 60.0


def _spent(installation: Installation) -> dict[str, float]:
    spent = {name: processes.seconds(pids) for name, pids in processes.trees(installation.roots()).items()}
    return {**spent, "load": time.process_time()}


async def burst(installation: Installation, load: Load, runs: int) -> dict[str, float]:
    """Runs a second, and CPU-seconds per 1,000 runs of each group of processes; `load` is the one that measures."""
    before = _spent(installation)
    result = await load.many(runs, _IN_FLIGHT, _SECONDS)
    after = _spent(installation)
    spent = {name: (after[name] - before.get(name, 0.0)) * 1000 / runs for name in after}
    spent["all"] = sum(value for name, value in spent.items() if name not in {"load", "stub"})
    return {"runs/s": runs / result.seconds, **spent}


async def _main() -> None:
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory(prefix="waybill-bursts-") as folder:
        async with Installation(Path(folder)) as installation:
            await installation.populate(5, 10)
            for work in WORKS.values():
                async with Load(installation, work) as load:
                    await load.many(_WARM, _IN_FLIGHT, _SECONDS)
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            while line := (await loop.run_in_executor(None, sys.stdin.readline)).split():
                async with Load(installation, WORKS[line[0]]) as load:
                    figures = await burst(installation, load, int(line[1]))
                sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(_main())
