"""`make bench`: measures the whole product on this machine and prints one JSON. Asserts outcomes and never a time."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import msgspec
import uvloop

from infra.egress.client import CONNECTIONS_PER_ORIGIN
from tests.bench import figures
from tests.bench.installation import Installation
from tests.bench.line import Line
from tests.bench.load import Load
from tests.bench.meter import Meter, speed
from tests.bench.verdict import check
from tests.bench.work import WORKS, Work

_VERSIONS: Final = ("asyncpg", "aiohttp", "dramatiq", "granian", "litestar", "msgspec", "uvloop", "waybill")
_COMMITS: Final = {
    "order": "the start, each answer before the next call, and the end: four a run, shared with other runs",
    "pure": "the start, and one for all five steps; engines that commit each step do it five times",
}


class Plan(msgspec.Struct, frozen=True):
    """How much is measured. `seconds` bounds each repetition, so that a slow machine still comes to an end."""

    runs: int = 2000
    repetitions: int = 5
    warmup: int = 1000
    idle: int = 300
    in_flight: int = 64
    partners: int = 5
    clients: int = 10
    seconds: float = 12.0
    durable: bool = True


async def measure(plan: Plan, folder: Path) -> dict[str, Any]:
    """The figures. Raises AssertionError when the work was not done right."""
    began = time.monotonic()
    async with Installation(folder, durable=plan.durable) as installation:
        _say("installation is up; making tenants")
        await installation.populate(plan.partners, plan.clients)
        sent, workloads, speeds = {}, {}, []
        for work in WORKS.values():
            sent[work.name], workloads[work.name], measured = await _workload(installation, work, plan)
            speeds += measured
        await check(installation, orders=sent["order"], pure=sent["pure"])
        return {
            "workloads": workloads,
            "plan": msgspec.to_builtins(plan),
            "caps": _caps(installation, plan),
            "telemetry": _telemetry(installation) | {"exports": await _exports(installation)},
            "machine": _machine(speeds),
            "versions": await _versions(installation),
            "checked": {"runs": sum(sent.values()), "orders_created_once": sent["order"]},
            "seconds": round(time.monotonic() - began, 1),
        }


async def _workload(installation: Installation, work: Work, plan: Plan) -> tuple[int, dict[str, Any], list[float]]:
    """Runs sent, figures, and the machine's speed before each repetition."""
    repetitions, speeds = [], []
    async with Load(installation, work) as load:
        await load.many(plan.warmup, plan.in_flight, 2 * plan.seconds)
        async with Line(installation.api_port) as line:
            told = [await load.one(line) for _ in range(plan.idle)]
            asked = [await load.asked(line) for _ in range(plan.idle)]
        for number in range(plan.repetitions):
            speeds.append(speed())
            async with Meter(installation) as meter:
                result = await load.many(plan.runs, plan.in_flight, plan.seconds)
            repetitions.append((result, meter.cost))
            rate = len(result.milliseconds) / result.seconds
            _say(
                f"{work.name} {number + 1}/{plan.repetitions}: {rate:.0f} runs/s, others {meter.cost.others:.2f} cores"
            )
        found = {
            "commits": _COMMITS[work.name],
            "throughput": figures.throughput(repetitions),
            "idle_ms": figures.latency(told),
            "idle_asked_ms": figures.latency(asked),
            "unheard": load.unheard,
        }
        return load.sent, found, speeds


def _caps(installation: Installation, plan: Plan) -> dict[str, Any]:
    settings = installation.settings
    return {
        "in_flight": plan.in_flight,
        "tenants": plan.partners * plan.clients,
        "partners": plan.partners,
        "connections_per_tenant_and_origin": CONNECTIONS_PER_ORIGIN,
        "runs_per_tenant": settings.tenant_running,
        "worker_slots": settings.worker_slots,
        "worker_processes": settings.worker_processes,
        "fsync": plan.durable,
        "log_level": settings.log_level,
    }


def _telemetry(installation: Installation) -> dict[str, Any]:
    settings = installation.settings
    return {
        "traces": "off" if settings.otel_sdk_disabled else "exported to the stub, those with an error always",
        "sampler": settings.otel_traces_sampler,
        "ratio": settings.otel_traces_sampler_arg,
        "metric_interval_ms": settings.otel_metric_export_interval,
    }


async def _exports(installation: Installation) -> dict[str, int]:
    """How often the collector was sent something, by path."""
    calls = (await installation.stub("/_stats"))["calls"]
    return {path: times for path, times in calls.items() if path.startswith("/v1/")}


def _machine(speeds: list[float]) -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "fixed_arithmetic_ms": figures.spread(speeds),
        "load_average": [round(value, 2) for value in os.getloadavg()],
    }


async def _versions(installation: Installation) -> dict[str, str]:
    (row,) = await installation.query("SHOW server_version")
    return {
        "python": platform.python_version(),
        "postgresql": row["server_version"],
        **{name: version(name) for name in _VERSIONS},
    }


def _say(words: str) -> None:
    sys.stderr.write(words + "\n")


def _plan(words: list[str]) -> tuple[Plan, Path | None]:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--out", type=Path, help="write the JSON to this file, too")
    for name in ("runs", "repetitions", "warmup", "idle", "in_flight", "partners", "clients"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(Plan(), name))
    given = vars(parser.parse_args(words))
    out = given.pop("out")
    return Plan(**given), out


def main(words: list[str]) -> int:
    plan, out = _plan(words)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        result = uvloop.run(measure(plan, Path(folder) / "home"))
    text = msgspec.json.format(msgspec.json.encode(result)).decode() + "\n"
    if out is not None:
        out.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
