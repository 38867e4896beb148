"""`make nightly`: what takes long, for a bounded time. Prints its table and writes it to `docs/reliability.md`."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from tests.counterparts.tryton.install import folder as tryton_folder
from tests.counterparts.tryton.install import is_installed
from tests.nightly import (
    backlog,
    cancelling,
    carrier,
    certified,
    clocks,
    contract,
    cuts,
    doorbell,
    failover,
    flood,
    interleaved,
    keys,
    kills,
    line,
    longer,
    outages,
    pending,
    receivers,
    recovery,
    report,
    soak,
    together,
    tracking,
    tryton,
)
from tests.nightly.outcome import Outcome

MOST_MINUTES: Final = 60.0
# Of the whole; what is left is for the last round of each part to end, which is what makes them late.
_SHARES: Final = {"kills": 0.1, "outages": 0.06, "tryton": 0.06, "soak": 0.22}
_FAULTS: Final = (
    recovery,
    cuts,
    doorbell,
    line,
    clocks,
    cancelling,
    pending,
    together,
    flood,
    backlog,
    carrier,
    tracking,
    failover,
    receivers,
    keys,
)
ONCE: Final = (*_FAULTS, interleaved, contract)
"""Parts of one round each, which has the length that its row of faults asks for."""
_ONCE_MINUTES: Final = 45.0
"""Those take about half an hour; a night that is shorter than this goes without them."""
_STUCK_SECONDS: Final = 1_200.0
_HEADS: Final = frozenset({"", "FAILURES"})
"""Lines above what a report of many says first."""
_SOAK_ENDING: Final = 45.0
"""Seconds that a soak's start, drain and checks take beside its steady part."""
_SOAK_PATIENCE: Final = soak.FINISH_SECONDS + 120.0
"""Seconds beside the steady part after which a soak is stuck: for its orders to end, its start and its checks."""

Round = Callable[[Path, Random, Outcome], Awaitable[object]]


class Part(msgspec.Struct, frozen=True):
    """`seconds`: no round begins that would, by the length of the longest one, end later.

    `patience`: seconds after which one round is taken for stuck.
    """

    outcome: Outcome
    one_round: Round
    seconds: float
    patience: float = _STUCK_SECONDS


async def run(part: Part, seed: str) -> None:
    """Rounds until the time is up or an invariant breaks; the part's outcome says what became of it."""
    outcome, began, longest = part.outcome, time.monotonic(), 0.0
    while not outcome.failure and (outcome.rounds == 0 or time.monotonic() - began + longest <= part.seconds):
        started = time.monotonic()
        random = Random(f"{seed}/{outcome.part}/{outcome.rounds}")  # noqa: S311 (dice that can be thrown again)
        _say(f"{outcome.part}, round {outcome.rounds + 1}, seed {seed}")
        with tempfile.TemporaryDirectory(prefix="nightly-") as folder:
            try:
                async with asyncio.timeout(part.patience):
                    await part.one_round(Path(folder) / "home", random, outcome)
            except Exception as error:  # noqa: BLE001 (whatever it is, the night has failed and the table says so)
                outcome.failure = _told(error)
                _say(f"round {outcome.rounds + 1}: {error!r}")
        outcome.rounds += 1
        longest = max(longest, time.monotonic() - started)
    outcome.minutes = (time.monotonic() - began) / 60


def _told(error: Exception) -> str:
    """The error's first line, fit for a cell."""
    words = next((line for line in str(error).splitlines() if line.strip("=_- ") not in _HEADS), "")
    return f"{type(error).__name__}: {words[:200]}".replace("|", "/")


def parts(minutes: float, home: Path) -> list[Part]:
    """What a night of `minutes` is made of."""
    seconds = {name: share * minutes * 60 for name, share in _SHARES.items()}
    steady = max(10.0, seconds["soak"] - _SOAK_ENDING)
    real = certified.installed(home)
    others = Outcome(part=certified.PART, proves=certified.PROVES)
    beside = Outcome(part=tryton.PART, proves=tryton.PROVES)
    found = [
        Part(Outcome(part=kills.PART, proves=kills.PROVES), kills.one_round, seconds["kills"]),
        Part(Outcome(part=outages.PART, proves=outages.PROVES), outages.one_round, seconds["outages"]),
        Part(beside, lambda *given: tryton.one_round(*given, place=tryton_folder(home)), seconds["tryton"]),
        Part(others, lambda *given: certified.one_round(*given, names=real), 0.0, 2_700.0),
        *(Part(Outcome(part=one.PART, proves=one.PROVES), one.one_round, 0.0) for one in ONCE if one is not contract),
        Part(Outcome(part=contract.PART, proves=contract.PROVES), contract.one_round, 0.0, contract.PATIENCE),
        Part(Outcome(part=longer.PART, proves=longer.PROVES), longer.one_round, 0.0, longer.SECONDS),
        # One round, since it takes all of the part's time: a soak that is cut in two is two short ones.
        Part(
            Outcome(part=f"{soak.PART}, {soak.RATE} orders a second", proves=soak.PROVES),
            lambda *given: soak.one_round(*given, seconds=steady),
            steady,
            steady + _SOAK_PATIENCE,
        ),
    ]
    for part in found:
        if part.seconds == 0 and minutes < _ONCE_MINUTES:
            part.outcome.skipped = f"a night of {_ONCE_MINUTES:g} minutes or more"
    if not real:
        others.skipped = "none is installed (`make counterparts TEST=rt`)"
    if not is_installed(home):
        beside.skipped = "Tryton is not installed (`make counterparts`)"
    return found


async def run_all(todo: list[Part], seed: str, most: float) -> None:
    """One part after another, for `most` seconds; what has not ended by then has failed."""
    left = [part for part in todo if not part.outcome.skipped]
    try:
        async with asyncio.timeout(most):
            while left:
                await run(left[0], seed)
                left.pop(0)
    except TimeoutError:
        for part in left:
            part.outcome.failure = f"not over after {most / 60:g} minutes"


async def night(minutes: float, seed: str, home: Path) -> report.Night:
    began, moment = time.monotonic(), dt.datetime.now(dt.UTC)
    todo = parts(minutes, home)
    await run_all(todo, seed, MOST_MINUTES * 60)
    return report.Night(
        began=moment.strftime("%Y-%m-%d %H:%M UTC"),
        commit=report.commit(),
        minutes=minutes,
        took=(time.monotonic() - began) / 60,
        seed=seed,
        cores=os.cpu_count() or 1,
        outcomes=[part.outcome for part in todo],
    )


def _say(words: str) -> None:
    sys.stderr.write(words + "\n")


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make nightly", description=__doc__)
    parser.add_argument("--minutes", type=float, default=55.0, help="at most 60")
    parser.add_argument("--seed", default=secrets.token_hex(4))
    parser.add_argument("--page", type=Path, default=report.PAGE)
    given = parser.parse_args(words)
    if not 0 < given.minutes <= MOST_MINUTES:
        parser.error(f"--minutes is above 0 and at most {MOST_MINUTES:g}")
    found = asyncio.run(night(given.minutes, given.seed, Path(os.environ.get("WAYBILL_HOME", ".waybill"))))
    report.write(given.page, found)
    sys.stdout.write(report.table(found) + "\n")
    return 1 if any(one.failure for one in found.outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
