"""The night's parts, on a small scale; `make nightly` runs them at length, and here those without the mark `night`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.nightly import carrier, certified, keys, kills, longer, outages, receivers, soak, together, tracking, tryton
from tests.nightly.figures import ahead
from tests.nightly.ledger import table
from tests.nightly.main import MOST_MINUTES, ONCE, Part, parts, run, run_all
from tests.nightly.outcome import Outcome
from tests.nightly.report import BEGIN, CAMPAIGN, END, PAGE, Night, put, write

pytestmark = [pytest.mark.faults]

SEED = "a seed"
DICE = Random(SEED)  # noqa: S311 (dice, no secret)


def _outcome() -> Outcome:
    return Outcome(part="part", proves="F-01")


async def test_F_01_a_few_random_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    outcome = _outcome()
    found = await kills.one_round(tmp_path / "home", DICE, outcome, kills=5, pause=0.1)
    assert found.deaths.kills >= 5
    assert outcome.runs == found.accepted >= 40
    assert "0 lost, 0 doubled, 0 second effects" in outcome.note
    page = tmp_path / "page.md"
    page.write_text(f"{CAMPAIGN}\n{END}\n")
    put(page, CAMPAIGN, table(outcome, found, SEED))
    assert "| **lost** | **0** |" in page.read_text()


@pytest.mark.night
async def test_F_05_what_dead_workers_left_is_done_in_time(tmp_path: Path) -> None:
    outcome = _outcome()
    await together.one_round(tmp_path / "home", DICE, outcome, seconds=5, every=2)
    assert outcome.faults >= together.WORKERS + 1


@pytest.mark.night
async def test_F_06_a_few_random_outages_lose_and_double_nothing(tmp_path: Path) -> None:
    outcome = _outcome()
    await outages.one_round(tmp_path / "home", DICE, outcome, outages=2)
    assert outcome.faults == 2


@pytest.mark.night
async def test_F_24_a_few_dead_receivers_keep_none_of_a_hundred_waiting(tmp_path: Path) -> None:
    outcome = _outcome()
    await receivers.one_round(tmp_path / "home", DICE, outcome, tenants=5, most=receivers.BUSY_SECONDS)
    assert outcome.runs == 90 * receivers.ROUNDS


@pytest.mark.night
async def test_F_30_F_01_all_keys_are_exchanged_while_a_few_workers_die(tmp_path: Path) -> None:
    outcome = _outcome()
    await keys.one_round(tmp_path / "home", DICE, outcome, keys=2_000)
    assert outcome.faults > 3 * 3, "more than those who were restarted"
    assert "0 lost" in outcome.note


async def test_F_40_a_short_soak_says_what_memory_and_handles_did(tmp_path: Path) -> None:
    outcome = _outcome()
    await soak.one_round(tmp_path / "home", DICE, outcome, seconds=4, rate=5)
    assert outcome.runs >= 5
    assert "worker" in outcome.note
    assert "handles" in outcome.note


async def test_F_20_F_21_story_4_with_few_orders(tmp_path: Path) -> None:
    """The carrier's API goes down: seen, told and left alone; each order is shipped once when it is back."""
    outcome = _outcome()
    await carrier.one_round(tmp_path / "home", DICE, outcome, orders=24)
    assert outcome.runs == 24


@pytest.mark.night
async def test_F_20_story_4_its_orders_go_by_file(tmp_path: Path) -> None:
    outcome = _outcome()
    await tracking.one_round(tmp_path / "home", DICE, outcome, orders=16)
    assert outcome.runs == 16


def test_F_21_what_comes_before_its_rate_lets_it_is_counted() -> None:
    rate = [float(second) for second in range(5) for _ in range(20)]
    assert ahead([0.0, *rate], 20) == 1
    assert ahead([*rate[:20], *[4.5] * 80], 20) == 0, "late, and all at once"
    assert ahead([*rate, *rate], 20) > 20


async def test_a_broken_invariant_ends_its_part_and_stands_in_the_table(tmp_path: Path) -> None:
    async def broken(_folder: Path, _random: Random, outcome: Outcome) -> None:
        outcome.runs += 1
        raise AssertionError("I3: an order was sold twice | again\nmore")

    part = Part(_outcome(), broken, 60.0)
    await run(part, SEED)
    assert part.outcome.rounds == 1
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nthe last one\n{END}\nafter\n")
    night = Night(
        began="2026-01-01 00:00 UTC", commit="abc", minutes=1, took=1, seed=SEED, cores=2, outcomes=[part.outcome]
    )
    write(page, night)
    text = page.read_text()
    assert "FAILED: AssertionError: I3: an order was sold twice / again" in text
    assert "the last one" not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")


@pytest.mark.parametrize("minutes", [7, 55, 60])
def test_every_part_may_take_longer_than_it_is_meant_to_and_the_night_not(tmp_path: Path, minutes: int) -> None:
    todo = parts(minutes, tmp_path)
    assert sum(part.seconds for part in todo) < 0.9 * minutes * 60
    *_, long = todo
    assert long.outcome.part.startswith(soak.PART)
    # Most of its share is sent in; what follows has the time that it gives itself.
    assert long.seconds > 0.1 * minutes * 60
    assert long.patience > long.seconds + soak.FINISH_SECONDS


async def test_a_part_is_given_its_patience_and_a_night_its_hour() -> None:
    stuck = asyncio.Event()

    async def waits(_folder: Path, _random: Random, _outcome: Outcome) -> None:
        await stuck.wait()

    async def never(_folder: Path, _random: Random, _outcome: Outcome) -> None:
        raise AssertionError

    impatient = Part(_outcome(), waits, 1000.0, patience=0.01)
    await run(impatient, SEED)
    assert impatient.outcome.failure.startswith("TimeoutError")
    todo = [Part(_outcome(), waits, 1000.0), Part(_outcome(), never, 1000.0), Part(_outcome(), never, 1000.0)]
    todo[2].outcome.skipped = "not installed"
    await run_all(todo, SEED, 0.05)
    assert [part.outcome.failure for part in todo[:2]] == ["not over after 0.000833333 minutes"] * 2
    assert todo[2].outcome.failure == ""


def test_the_page_of_nights_has_a_place_for_one(tmp_path: Path) -> None:
    assert [part.outcome.part for part in parts(MOST_MINUTES, tmp_path) if part.outcome.skipped] == []
    short = {part.outcome.part for part in parts(7, tmp_path) if part.outcome.skipped}
    assert short == {certified.PART, longer.PART, *(part.PART for part in ONCE)}
    assert BEGIN in PAGE.read_text()
    assert CAMPAIGN in PAGE.read_text()


async def test_a_real_system_that_could_not_be_installed_fails_by_its_name(tmp_path: Path) -> None:
    missing = await certified.install(("nowhere",))
    assert "No module named" in missing["nowhere"]
    outcome = _outcome()
    with pytest.raises(AssertionError, match=r"nowhere could not be installed.*; way: not gone without tryton"):
        await certified.one_round(
            tmp_path, DICE, outcome, missing={**missing, "tryton": "no disk"}, systems=("nowhere",)
        )
    assert (outcome.runs, outcome.note) == (0, "")
    failed = [part.outcome for part in parts(7, tmp_path, {"tryton": "tryton could not be installed"})]
    assert [one.result for one in failed if one.part == tryton.PART] == ["FAILED: tryton could not be installed"]


async def test_what_measures_goes_alone_behind_what_goes_beside_the_real_systems() -> None:
    ended: list[str] = []
    real = asyncio.Event()

    def part(name: str, goes: Any) -> Part:
        async def one_round(_folder: Path, _random: Random, _outcome: Outcome) -> None:
            if goes == "beside":
                await real.wait()
            if goes == "with the real systems":
                real.set()
            ended.append(name)

        return Part(Outcome(part=name, proves=""), one_round, 0.0, goes=goes)

    goes = {"soak": "alone", "rt": "beside", "kills": "with the real systems"}
    await run_all([part(*one) for one in goes.items()], SEED, 60)
    assert (ended[-1], {*ended}) == ("soak", {*goes})
