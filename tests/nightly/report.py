"""The table of `docs/reliability.md`, written by the command that found what stands in it."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import msgspec

from tests.nightly.outcome import Outcome

BEGIN = "<!-- written by `make nightly`; the next one replaces it -->"
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
    text = page.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} has no place for the table")
    page.write_text(f"{head}{BEGIN}\n\n{table(night)}\n\n{END}{tail}", encoding="utf-8")
