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
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from random import Random
from typing import Final, Literal

import msgspec

from tests.counterparts.tryton.install import folder as tryton_folder
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
    inbox,
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
_SHARES: Final = {"kills": 0.09, "outages": 0.05, "tryton": 0.05, "soak": 0.22}
_SHORTER_SOAK: Final = 0.14
"""Of a night that has all parts."""
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
ONCE: Final = (*_FAULTS, inbox, interleaved, contract)
"""Parts of one round each, which has the length that its row of faults asks for."""
_ONCE_MINUTES: Final = 45.0
"""Those take about half an hour; a night that is shorter than this goes without them."""
_STUCK_SECONDS: Final = 1_200.0
_WITH: Final = "with the real systems"
_HEADS: Final = frozenset({"", "FAILURES"})
"""Lines above what a report of many says first."""
_SOAK_ENDING: Final = 45.0
"""Seconds that a soak's start, drain and checks take beside its steady part."""
_SOAK_PATIENCE: Final = soak.FINISH_SECONDS + 120.0
"""Seconds beside the steady part after which a soak is stuck: for its orders to end, its start and its checks."""

Round = Callable[[Path, Random, Outcome], Awaitable[object]]


class Part(msgspec.Struct, frozen=True):
    """`seconds`: no round begins that would, by the length of the longest one, end later.

    `patience`: seconds after which one round is taken for stuck. `goes`: alone, since it measures; with the real
    systems, since nothing of it depends on how busy the machine is; or beside those.
    """

    outcome: Outcome
    one_round: Round
    seconds: float
    patience: float = _STUCK_SECONDS
    goes: Literal["alone", "with the real systems", "beside"] = "alone"


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


def parts(minutes: float, home: Path, missing: Mapping[str, str] | None = None) -> list[Part]:
    """What a night of `minutes` is made of. `missing`: real systems that are not there, and why."""
    shares = _SHARES | ({"soak": _SHORTER_SOAK} if minutes >= _ONCE_MINUTES else {})
    seconds = {name: share * minutes * 60 for name, share in shares.items()}
    steady = max(10.0, seconds["soak"] - _SOAK_ENDING)
    absent = missing or {}
    real = Outcome(part=certified.PART, proves=certified.PROVES)
    erp = Outcome(part=tryton.PART, proves=tryton.PROVES, failure=absent.get(certified.TRYTON, ""))
    found = [
        Part(real, lambda *given: certified.one_round(*given, missing=absent), 0.0, certified.SECONDS, "beside"),
        Part(Outcome(part=kills.PART, proves=kills.PROVES), kills.one_round, seconds["kills"], goes=_WITH),
        Part(Outcome(part=outages.PART, proves=outages.PROVES), outages.one_round, seconds["outages"], goes=_WITH),
        Part(
            erp,
            lambda *given: tryton.one_round(*given, place=tryton_folder(home)),
            seconds["tryton"],
            goes=_WITH,
        ),
        Part(Outcome(part=longer.PART, proves=longer.PROVES), longer.one_round, 0.0, longer.SECONDS, _WITH),
        *(Part(Outcome(part=one.PART, proves=one.PROVES), one.one_round, 0.0) for one in ONCE if one is not contract),
        Part(Outcome(part=contract.PART, proves=contract.PROVES), contract.one_round, 0.0, contract.PATIENCE),
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
    return found


async def run_all(todo: list[Part], seed: str, most: float) -> None:
    """Those that go beside one another, then the rest one after another, for `most` seconds.

    What has not ended by then has failed.
    """
    left = {id(part): part for part in todo if not part.outcome.skipped and not part.outcome.failure}

    async def lane(*goes: str) -> None:
        for part in [one for one in left.values() if one.goes in goes]:
            await run(part, seed)
            del left[id(part)]

    try:
        async with asyncio.timeout(most):
            await asyncio.gather(lane("beside"), lane(_WITH))
            await lane("alone")
    except TimeoutError:
        for part in left.values():
            part.outcome.failure = f"not over after {most / 60:g} minutes"


async def night(minutes: float, seed: str, home: Path) -> report.Night:
    wanted = certified.ALL if minutes >= _ONCE_MINUTES else (certified.TRYTON,)
    _say(f"installing what is not there of {', '.join(wanted)}")
    missing = await certified.install(wanted)
    began, moment = time.monotonic(), dt.datetime.now(dt.UTC)
    todo = parts(minutes, home, missing)
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
