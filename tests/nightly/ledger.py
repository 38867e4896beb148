"""What a campaign of deaths has done, counted: runs lost, transitions doubled, effects repeated."""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from collections import Counter

import msgspec

from tests.faults.plant import Plant
from tests.faults.world_check import check_world
from tests.nightly import report
from tests.nightly.herd import Deaths
from tests.nightly.journeys import Journeys
from tests.nightly.outcome import Outcome
from tests.nightly.till import Till


class Ledger(msgspec.Struct, kw_only=True):
    """Counts over one campaign; the last five of them must be nothing.

    Attributes:
        uncertain: shots whose outcome nobody knows, so that nobody repeats them; `uncertain_done` of them were done.
        repeated: calls that came again under their key, and were not done again.
        lost: accepted events without a run that has ended as it should.
        doubled: lines of journal, or runs begun by events of runs, that are there twice.
        second_effects: sales, charges and shots that were done twice.
        missing_effects: of runs that completed, those that were not done.
        broken: lines of `waybill check`.
    """

    accepted: int
    transitions: int
    completed: int
    uncertain: int
    uncertain_done: int
    repeated: int
    effects: int
    lost: int
    doubled: int
    second_effects: int
    missing_effects: int
    broken: int = 0
    told: str = ""
    deaths: Deaths = msgspec.field(default_factory=Deaths)

    @property
    def words(self) -> str:
        return f"{self.lost} lost, {self.doubled} doubled, {self.second_effects} second effects"


async def read(plant: Plant, work: Journeys, till: Till) -> Ledger:
    """Every worker but sound ones is gone; what will end has ended."""
    states = await plant.states()
    shots = await _shots(plant)
    done = {path.removeprefix("/once/"): times for path, times in till.done.items() if path.startswith("/once/")}
    sold = Counter(key["reference"] for key in (await plant.erp_state())["keys"].values())
    wanted = {f"PO-{n}" for n in range(work.orders)} | {f"J-{n}" for n in range(work.journeys)}
    charged = {path for path in till.done if path.startswith("/keyed/")}
    broken, told = await _asked(plant)
    uncertain = [name for name, state in shots.items() if state == "faulted"]
    missing = len(wanted - set(sold)) + work.journeys - len(charged)
    missing += sum(not done.get(name) for name, state in shots.items() if state == "completed")
    (row,) = await plant.query("SELECT count(*)::int AS n FROM app.journal")
    return Ledger(
        accepted=work.accepted,
        transitions=row["n"],
        completed=states.get("completed", 0),
        uncertain=len(uncertain),
        uncertain_done=sum(bool(done.get(name)) for name in uncertain),
        repeated=till.again + (await plant.erp_state())["duplicates_refused"],
        effects=sold.total() + till.done.total(),
        lost=work.accepted - states.get("completed", 0) - len(uncertain),
        doubled=await _doubled(plant),
        second_effects=sum(times - 1 for times in (*sold.values(), *till.done.values())),
        missing_effects=missing,
        broken=broken,
        told=told,
    )


async def _shots(plant: Plant) -> dict[str, str]:
    """The state of each shot's run, by the shot's number."""
    rows = await plant.query(
        "SELECT r.input::jsonb -> 0 ->> 'subject' AS name, r.state FROM app.run r "
        "WHERE r.input::jsonb -> 0 ->> 'type' = 'shot'"
    )
    return {row["name"].removeprefix("S-"): row["state"] for row in rows}


async def _doubled(plant: Plant) -> int:
    """None of the workflows repeats a task, and each journey tells one run."""
    (row,) = await plant.query(
        "SELECT (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM app.journal "
        "  WHERE kind IN ('task.completed', 'workflow.started', 'workflow.completed', 'workflow.faulted') "
        "  GROUP BY run_id, reference, kind) t)::int + (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n "
        "  FROM app.run WHERE state = 'completed' AND output::jsonb ? 'told' GROUP BY output ->> 'told') t)::int AS n"
    )
    found: int = row["n"]
    return found


async def _asked(plant: Plant) -> tuple[int, str]:
    """What `waybill check` answers: how many things are broken, and its words."""
    asking = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli.main", "check"), env=plant.environment(), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asking.communicate()
    lines = out.decode().splitlines()
    return sum(" run_" in line or " -:" in line for line in lines) + (asking.returncode or 0), "\n".join(lines)


async def check(plant: Plant, found: Ledger) -> None:
    """Raises AssertionError naming what was lost or done twice, or the invariant that does not hold."""
    assert found.lost == 0, f"I1: {found.words}: {await plant.states()}"
    assert found.doubled == 0, f"I2: {found.words}"
    assert found.second_effects == 0, f"I3: {found.words}"
    assert found.missing_effects == 0, f"I3: {found.missing_effects} effects of completed runs were not done"
    assert found.broken == 0, found.told
    erp = await plant.erp_state()
    states = {"completed": found.completed, "faulted": found.uncertain}
    states = {name: count for name, count in states.items() if count}
    await check_world(plant, accepted=found.accepted, sold=erp["confirmed"], states=states)


def table(outcome: Outcome, found: Ledger | None, seed: str) -> str:
    """For people, in Markdown."""
    moment = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    head = f"{moment}, {report.machine()}; seed `{seed}`; {outcome.minutes:.1f} minutes."
    if found is None:
        return f"{head}\n\nFAILED after {outcome.faults} kills and {outcome.runs:,} runs: {outcome.failure}"
    deaths = found.deaths
    points = ", ".join(f"`{name}` {count}" for name, count in sorted(deaths.at_points.items()))
    rows = {
        "workers killed": f"{deaths.kills:,}: {deaths.random} at random moments, of which {deaths.at_work} held "
        f"{deaths.held:,} runs; {sum(deaths.at_points.values())} at crash points ({points}); beside them "
        f"{deaths.beside} children that ran suspects",
        "runs accepted": f"{found.accepted:,}, with {found.transitions:,} lines of journal",
        "effects outside": f"{found.effects:,}; {found.repeated:,} calls came again under their key and did nothing",
        "unknown outcomes": f"{found.uncertain}, {found.uncertain_done} of them done; none was repeated",
        "**lost**": f"**{found.lost}**",
        "**doubled transitions**": f"**{found.doubled}**",
        "**second effects**": f"**{found.second_effects}**",
        "`waybill check`": "holds: "
        + ", ".join(line.split()[1] for line in found.told.splitlines() if line.startswith("holds")),
    }
    return "\n".join([head, "", "| what | figure |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in rows.items())])
