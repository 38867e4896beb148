"""Levels of connectors: what the contract tests that ran say of exactly this version, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Final

import msgspec
import pytest

from services.connectors import catalogue, certification, shared_code
from services.connectors.builtin import all_connectors
from services.connectors.certification import Result
from services.connectors.sdk.connector import Connector
from services.connectors.ways import WAYS
from tests import certifying

ROOT: Final = Path(__file__).parents[3]
HERE: Final = Path(__file__).relative_to(ROOT).as_posix()
NOT_SPOKEN: Final = frozenset({
    *(f"declared/{one}.py" for one in ("checks", "effects", "form", "installed", "library", "manuscripts", "mistakes")),
    *(f"declared/{one}.py" for one in ("reading", "request_checks", "trigger_checks", "files/checks", "sql/checks")),
    *(f"declared/{one}.py" for one in ("document", "request_parts", "sql_parts", "trigger_parts")),
})  # fmt: skip
"""What looks at manifests before any call, and the form of their parts."""
CALLS: Final = ("function", "visit", "writes", "reconciling")
CONNECTORS: Final = {one.manifest.name: one for one in all_connectors()}
SUITE: Final = """
import pytest
from tests import certifying

@pytest.mark.certifies("erp-simulator", simulator=True)
@pytest.mark.parametrize("number", range(3))
def test_contract(number):
    certifying.saw("erp-simulator", "the ERP simulator")
    assert number

def test_other():
    assert True
"""


def result(connector: Connector, **changes: object) -> Result:
    digest = certification.digest(connector)
    found = Result(
        version="1.0.0",
        digest=digest,
        system="Example ERP 7",
        simulator=False,
        tested_on=date(2026, 7, 1),
        passed=9,
        failed=0,
        code=shared_code.digests(shared_code.parts(connector)),
        tests={HERE: shared_code.of_file(Path(__file__))},
    )
    return msgspec.structs.replace(found, **changes)


@pytest.mark.parametrize("name", sorted(CONNECTORS))
def test_a_level_is_what_the_tests_say(name: str) -> None:
    connector = CONNECTORS[name]
    levels = [
        certification.judged(connector, one).level
        for one in (
            None,
            result(connector),
            result(connector, simulator=True),
            result(connector, failed=1),
            result(connector, passed=0),
            result(connector, digest="0" * 64),
            result(connector, code={}),
            result(connector, tests={HERE: "0" * 64}),
        )
    ]
    nothing, before = "not certified", "certified before"
    assert levels == [nothing, "certified", "simulated", nothing, nothing, nothing, before, before]
    assert "changed after" in certification.judged(connector, result(connector, digest="0" * 64)).why


def test_what_makes_each_is_told_apart() -> None:
    assert len({certification.digest(one) for one in CONNECTORS.values()}) == len(CONNECTORS)


def test_a_change_of_shared_code_or_of_a_test_is_told_and_no_other_change_is() -> None:
    connector = CONNECTORS["sftp"]
    found = result(connector)
    assert not {"sql", "graphql", "imap"} & found.code.keys()
    older = {name: "0" * 64 if name in {"files", "sdk"} else one for name, one in found.code.items()}
    standing = certification.judged(connector, msgspec.structs.replace(found, code=older))
    assert standing.level == "certified before"
    assert standing.why.endswith("; changed since then: the shared code `files`, the shared code `sdk`")
    assert certification.as_tested(standing) == certification.judged(connector, found)
    gone = msgspec.structs.replace(found, tests={f"{HERE}.gone": "0" * 64}, simulator=True)
    assert certification.judged(connector, gone).level == "simulated"
    assert certification.judged(connector, gone).since == (f"`{HERE}.gone`",)


def test_an_installation_has_no_tests_to_compare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    connector = CONNECTORS["sftp"]
    found = result(connector, tests={HERE: "0" * 64, "services/tests.yaml": "0" * 64})
    monkeypatch.setattr(shared_code, "ROOT", tmp_path)
    found = msgspec.structs.replace(found, code=shared_code.digests(shared_code.parts(connector)))
    assert certification.judged(connector, found).since == ("`services/tests.yaml`",)


def test_the_parts_of_shared_code_are_all_of_it() -> None:
    """A module that is added to it belongs to a part, or is one that no call runs through."""
    named = {one for patterns in shared_code.PARTS.values() for pattern in patterns for one in ROOT.glob(pattern)}
    assert all(any(ROOT.glob(pattern)) for patterns in shared_code.PARTS.values() for pattern in patterns)
    here = ROOT / "services" / "connectors"
    rooms = ("sdk", "declared", "files", "sql", "mail", "authorizing", "polling", "capabilities")
    found = {one for room in rooms for one in (here / room).rglob("*.py") if one.name != "__init__.py"}
    found |= {*(here / "capabilities").glob("*.yaml"), *(here / f"{one}.py" for one in CALLS)}
    assert {one.relative_to(here).as_posix() for one in found - named} == NOT_SPOKEN
    for connector in CONNECTORS.values():
        assert shared_code.PARTS.keys() >= set(shared_code.parts(connector))


@pytest.mark.parametrize("name", sorted(CONNECTORS))
def test_what_every_call_runs_through_makes_a_certificate_older(name: str) -> None:
    """And what asks for news, that of each connector that is asked for some."""
    connector = CONNECTORS[name]
    asked = [one for one in connector.manifest.triggers if one.kind != "webhook"]
    found, parts = result(connector), set(shared_code.parts(connector))
    assert {"sdk", "calls"} <= parts
    assert ("polling" in parts) == bool(asked)
    for part in parts & {"calls", "polling", "records"}:
        older = msgspec.structs.replace(found, code={**found.code, part: "0" * 64})
        assert certification.judged(connector, older).since == (f"the shared code `{part}`",)


def test_each_of_these_files_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = "services/connectors"
    files = [f"{here}/{one}.py" for one in (*CALLS, "polling/poller")] + [f"{here}/capabilities/erp.yaml"]
    monkeypatch.setattr(shared_code, "ROOT", tmp_path)
    for one in files:
        (tmp_path / one).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / one).write_text("one")
    names = ("calls", "polling", "records")
    for number, one in enumerate(files):
        before = shared_code.digests(names)
        (tmp_path / one).write_text("another" * (number + 1))
        after = shared_code.digests(names)
        assert sum(before[name] != after[name] for name in names) == 1, one


def test_a_way_of_talking_is_proven_as_a_connector_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len({one.digest for one in WAYS}) == len(WAYS)
    (graphql, *_) = WAYS
    code = shared_code.digests(graphql.through)
    tried = msgspec.structs.replace(result(CONNECTORS["http"]), digest=graphql.digest, code=code)
    for found, level in (
        (tried, "certified"),
        (msgspec.structs.replace(tried, code={}), "certified before"),
        (msgspec.structs.replace(tried, digest="0" * 64), "not certified"),
    ):
        monkeypatch.setattr(certification, "results", lambda found=found: {graphql.name: found})
        assert certification.standing_of_way(graphql).level == level


class Said:
    """What the reporter would show."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write_line(self, line: str) -> None:
        self.lines.append(line)


def certify(tmp_path: Path, suite: str) -> dict[str, Result]:
    (tmp_path / "test_suite.py").write_text(suite)
    into = tmp_path / "certified.json"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.certifying", "--certify", "--certify-into", str(into)]
    command += ["-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"), str(tmp_path / "test_suite.py")]
    subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    return msgspec.json.decode(into.read_bytes(), type=dict[str, Result]) if into.exists() else {}


def test_a_whole_run_is_written_and_a_part_of_one_is_not(tmp_path: Path) -> None:
    (found,) = certify(tmp_path, SUITE).values()
    assert (found.passed, found.failed, found.simulator) == (2, 1, True)
    assert found.code == shared_code.digests(shared_code.parts(CONNECTORS["erp-simulator"]))
    assert certification.judged(CONNECTORS["erp-simulator"], found).level == "not certified"
    into, said = tmp_path / "part.json", Said()
    certifying.saw("tryton", "Tryton 0")
    for deselected in ([object()], []):
        ledger = certifying.Ledger(into)
        ledger._marked["a"] = "tryton"
        ledger.pytest_deselected(deselected)  # type: ignore[arg-type]  # a stand-in: it is only counted
        ledger.pytest_runtest_logreport(pytest.TestReport("a", ("a", 1, "a"), {}, "passed", None, "call"))
        ledger.pytest_terminal_summary(said)
        assert into.exists() is (not deselected)
    assert "tests were left out" in said.lines[0]


def test_a_run_without_a_file_that_counted_before_leaves_what_was_known(tmp_path: Path) -> None:
    into, said = tmp_path / "certified.json", Said()
    here = "tests/services/connectors/test_certification.py"
    before = result(CONNECTORS["tryton"], tests={here: "0" * 64, "tests/gone.py": "0" * 64})
    certification.write({"tryton": before}, into)
    certifying.saw("tryton", "Tryton 0")
    ledger = certifying.Ledger(into)
    ledger._marked["a"] = "tryton"
    report = pytest.TestReport("a", ("a", 1, "a"), {}, "passed", None, "call")
    ledger.pytest_runtest_logreport(report)
    ledger.pytest_terminal_summary(said)
    assert said.lines == [f"certify: tryton: without {here}; left as it was"]
    assert certification.read(into) == {"tryton": before}
    ledger._files["tryton"] = {Path(__file__)}
    ledger.pytest_terminal_summary(said)
    assert certification.read(into)["tryton"].system == "Tryton 0"


def test_a_system_on_several_databases_is_told_with_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certifying, "_SYSTEMS", {})
    for database in ("SQLite", "PostgreSQL 18", "SQLite"):
        certifying.saw("tryton", "Tryton 8.2.1", on=database)
    assert certifying._shown("tryton") == "Tryton 8.2.1 on PostgreSQL 18 and SQLite"
    certifying.saw("tryton", "Tryton 9")
    assert certifying._shown("tryton") == "Tryton 9"


def test_what_was_recorded_is_among_the_tests_and_typing_into_it_is_told(tmp_path: Path) -> None:
    played = tmp_path / "tests.yaml"
    played.write_text("tests: []\n")
    connector = CONNECTORS["request-tracker"]
    before = result(connector, tests={str(played): shared_code.of_file(played)})
    assert certification.judged(connector, before).level == "certified"
    played.write_text("tests: []\n# one more\n")
    assert certification.judged(connector, before).level == "certified before"


PAGES: list[tuple[str, catalogue.Kind]] = [
    ("connector", "systems"),
    ("documented", "documented"),
    ("simulator", "simulators"),
]


@pytest.mark.parametrize(("name", "kind"), PAGES)
def test_a_page_is_what_is_known_now(name: str, kind: catalogue.Kind) -> None:
    page = (ROOT / "docs" / "integrator" / f"{name}-catalogue.md").read_text()
    assert page == catalogue.page(kind), f"write it: python -m services.connectors.catalogue {kind}"


def test_how_often_a_system_is_asked_is_said_in_words() -> None:
    said = {"PT1M": "minute", "PT10S": "10 seconds", "PT90S": "90 seconds", "PT1H": "hour", "PT24H": "24 hours"}
    assert {every: catalogue.often(every) for every in said} == said
