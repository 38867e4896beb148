"""The table of `docs/reliability.md`, written by the command that found what stands in it."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import msgspec

from tests.nightly.outcome import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN = "<!-- written by `make nightly`; the next one replaces it -->"
CAMPAIGN = "<!-- written by `python -m tests.nightly.kills`; the next one replaces it -->"
END = "<!-- end -->"


class Night(msgspec.Struct, frozen=True, kw_only=True):
    """One call of `make nightly`.

    Attributes:
        began: ISO 8601, UTC.
        commit: short hash of what was tested, with a `+` when files differed from it.
        minutes: how long it was allowed to take.
    """

    began: str
    commit: str
    minutes: float
    took: float
    seed: str
    cores: int
    outcomes: list[Outcome]


def table(night: Night) -> str:
    """The part between the markers, in Markdown."""
    system = f"{platform.system()}, {night.cores} cores, Python {platform.python_version()}"
    lines = [
        f"{night.began}, version {version('waybill')} at {night.commit}, {system}.",
        f"Allowed {night.minutes:g} minutes, took {night.took:.1f}; seed `{night.seed}`.",
        "",
        "| part | rows | minutes | rounds | runs | faults | result | figures |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one.part} | {one.proves} | {one.minutes:.1f} | {one.rounds} | {one.runs:,} | {one.faults} | {one.result} "
        f"| {one.note} |"
        for one in night.outcomes
    ]
    return "\n".join(lines)


def write(page: Path, night: Night) -> None:
    """Put the table between the page's markers. Raises ValueError when the page has none."""
    put(page, BEGIN, table(night))


def put(page: Path, begin: str, words: str) -> None:
    """Replace what stands between `begin` and the end that follows it. Raises ValueError when the page has none."""
    text = page.read_text(encoding="utf-8")
    head, begin, rest = text.partition(begin)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} has no place for the table")
    page.write_text(f"{head}{begin}\n\n{words}\n\n{END}{tail}", encoding="utf-8")


def machine() -> str:
    """What was tested, and where."""
    system = f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return f"version {version('waybill')} at {commit()}, {system}"


def commit() -> str:
    """Short hash of the checkout, with a `+` when files differ from it."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=PAGE.parent, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    return (git("rev-parse", "--short", "HEAD") or "no commit") + ("+" if git("status", "--porcelain") else "")
