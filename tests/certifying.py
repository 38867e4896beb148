"""Writes down what came of contract tests: `pytest -p tests.certifying --certify tests/counterparts/tryton`.

A test says whose contract it is by `@pytest.mark.certifies(connector)`, or that of a way of talking, with
`simulator=True` where the other side is one of ours; the fixture that starts the other side tells what it is by `saw`.
A run counts when it was whole: nothing deselected, nothing skipped, and no file of tests left out that the result of
before names. Only marked tests are counted, each for its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra import clock
from services.connectors import certification, shared_code
from services.connectors.builtin import all_connectors
from services.connectors.certification import Result
from services.connectors.ways import VERSION, WAYS

_SYSTEMS: dict[str, tuple[str, set[str]]] = {}
_RECORDED: dict[str, Path] = {}


def saw(connector: str, system: str, *, on: str = "") -> None:
    """What the connector's tests run against: its name and version, as it says itself. `on`: where it keeps its data.

    Who runs them against a system on several databases tells each.
    """
    known, databases = _SYSTEMS.get(connector, (system, set()))
    _SYSTEMS[connector] = (system, databases | {on} - {""} if known == system else {on} - {""})


def recorded(connector: str, file: Path) -> None:
    """What the run has written of the connector's tests, which is played ever since."""
    _RECORDED[connector] = file


def _shown(connector: str) -> str:
    system, databases = _SYSTEMS[connector]
    return f"{system} on {' and '.join(sorted(databases))}" if databases else system


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--certify", action="store_true", help="Write the results of contract tests.")
    parser.addoption("--certify-into", default=str(certification.RESULTS), help="In place of the product's file.")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--certify"):
        config.pluginmanager.register(Ledger(Path(config.getoption("--certify-into"))), "ledger")


class Ledger:
    """What came of the marked tests of one run, by connector."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._marked: dict[str, str] = {}
        self._files: dict[str, set[Path]] = {}
        self._simulated: set[str] = set()
        self._came: dict[str, Counter[str]] = {}
        self._is_part = False

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self._is_part = self._is_part or bool(items)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("certifies"):
                self._marked[item.nodeid] = mark.args[0]
                self._files.setdefault(mark.args[0], set()).add(item.path)
                if mark.kwargs.get("simulator"):
                    self._simulated.add(mark.args[0])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        connector = self._marked.get(report.nodeid)
        if connector is not None and (report.when == "call" or report.outcome != "passed"):
            self._came.setdefault(connector, Counter())[report.outcome] += 1

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._is_part:
            terminalreporter.write_line("certify: tests were left out, nothing was written")
            return
        found = {one.connector: one.result for one in self._results(terminalreporter)}
        if found:
            certification.write(found, self._file)

    def _results(self, reporter: Any) -> Iterator[_Named]:
        known = {one.manifest.name: one for one in all_connectors()}
        ways = {one.name: one for one in WAYS}
        for name, came in sorted(self._came.items()):
            if not {name} & (known.keys() | ways.keys()) or name not in _SYSTEMS or came["skipped"]:
                reporter.write_line(f"certify: {name}: skipped, unknown, or its system told no version; left as it was")
                continue
            tests = _digests({*self._files.get(name, set()), *([_RECORDED[name]] if name in _RECORDED else [])})
            if left_out := self._left_out(name, tests):
                reporter.write_line(f"certify: {name}: without {', '.join(left_out)}; left as it was")
                continue
            through = shared_code.parts(known[name]) if name in known else ways[name].through
            result = Result(
                version=known[name].manifest.version if name in known else VERSION,
                digest=certification.digest(known[name]) if name in known else ways[name].digest,
                system=_shown(name),
                simulator=name in self._simulated,
                tested_on=clock.now().date(),
                passed=came["passed"],
                failed=came["failed"],
                code=shared_code.digests(through),
                tests=tests,
            )
            reporter.write_line(f"certify: {name}: {result.passed} passed, {result.failed} failed, {result.system}")
            yield _Named(name, result)

    def _left_out(self, name: str, tests: Mapping[str, str]) -> list[str]:
        """Files that an earlier run of its tests had, are there still, and are not among `tests`."""
        before = certification.read(self._file).get(name)
        named = before.tests.keys() if before is not None else set[str]()
        return sorted(one for one in named - tests.keys() if (shared_code.ROOT / one).is_file())


def _digests(files: set[Path]) -> dict[str, str]:
    """SHA-256, hex, by path below the sources."""
    inside = sorted(one for one in files if one.is_relative_to(shared_code.ROOT))
    return {one.relative_to(shared_code.ROOT).as_posix(): shared_code.of_file(one) for one in inside}


class _Named:
    def __init__(self, connector: str, result: Result) -> None:
        self.connector = connector
        self.result = result
