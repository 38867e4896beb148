"""A finding is told unless somebody waived it with a reason and a last day (S-104)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import msgspec
import pytest

from tests.house.tree import ROOT
from tests.supply import audit, waivers
from tests.supply.audit import Finding, NotReached, gather, idle, judged, of_npm, of_python, unwaived
from tests.supply.licences import NPM
from tests.supply.waivers import Waiver

TODAY = date(2026, 11, 22)
REASON = "Only where the parser is given files of strangers, which it is not."
PYTHON = {
    "dependencies": [
        {
            "name": "h2",
            "version": "4.2.0",
            "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-2025-57804"], "fix_versions": []}],
        },
        {"name": "msgspec", "version": "0.22.0", "vulns": []},
    ],
    "fixes": [],
}
OF_NPM = {
    "auditReportVersion": 2,
    "vulnerabilities": {
        "vite": {
            "name": "vite",
            "via": [
                {"source": 1, "name": "vite", "title": "Reads files", "url": "https://x.example/GHSA-1", "range": "<7"}
            ],
        },
        "plugin": {"name": "plugin", "via": ["vite"]},
    },
}


def waived(package: str, identity: str, until: date = TODAY, reason: str = REASON) -> Waiver:
    return Waiver(package, identity, reason, until)


def test_S_104_findings_of_both_tools_are_read() -> None:
    assert of_python(json.dumps(PYTHON)) == [Finding("h2", "4.2.0", ("CVE-2025-57804", "PYSEC-1"))]
    assert of_npm(json.dumps(OF_NPM)) == [Finding("vite", "<7", ("GHSA-1",), "Reads files")]


@pytest.mark.parametrize("text", ["", "no json", '{"message": "503 from the advisory service"}', "{}"])
def test_S_104_an_answer_that_is_none_is_not_taken_for_no_finding(text: str) -> None:
    for read in (of_python, of_npm):
        with pytest.raises((ValueError, KeyError)):
            read(text)


def test_S_104_packages_that_an_index_tells_nothing_of_are_not_taken_for_sound() -> None:
    skipped = {"dependencies": [{"name": "h2", "skip_reason": "Dependency not found"}], "fixes": []}
    with pytest.raises(NotReached):
        of_python(json.dumps(skipped))


def test_S_104_a_finding_is_waived_under_any_of_its_names_and_for_its_package_alone() -> None:
    found = of_python(json.dumps(PYTHON))
    assert unwaived(found, []) == found
    assert unwaived(found, [waived("h2", "CVE-2025-57804")]) == []
    assert unwaived(found, [waived("H2", "PYSEC-1")]) == []
    assert unwaived(found, [waived("h3", "PYSEC-1"), waived("h2", "PYSEC-2")]) == found
    assert idle(found, [waived("h2", "PYSEC-1"), waived("h2", "PYSEC-2")]) == [waived("h2", "PYSEC-2")]


def test_S_104_a_waiver_needs_a_reason_and_ends() -> None:
    late, endless = date(2026, 11, 21), date(2027, 6, 1)
    wrong = [waived("a", "1", reason="later"), waived("b", "2", late), waived("c", "3", endless), waived("d", "4")]
    assert waivers.mistakes(wrong, TODAY) == [
        "a 1: says no reason",
        "b 2: ended on 2026-11-21",
        "c 3: lasts longer than 90 days",
    ]
    with pytest.raises(msgspec.ValidationError):
        waivers.read('[[waiver]]\npackage = "a"\nid = "1"\nreason = "no last day is given here"\n')


def test_S_104_the_waivers_that_there_are_hold() -> None:
    held = waivers.read(waivers.FILE.read_text(encoding="utf-8"))
    assert waivers.mistakes(held, datetime.now(UTC).date()) == []


def test_S_104_an_index_that_is_away_hides_nothing_that_another_says() -> None:
    flaw = Finding("vite", "<7", ("GHSA-1",))

    def away() -> list[Finding]:
        raise NotReached("it tells nothing")

    assert gather([away, lambda: [flaw], away]) == ([flaw], ["it tells nothing"])
    end, told = judged([flaw], ["it tells nothing"], [], TODAY)
    assert (end, "not waived: vite <7: GHSA-1" in told) == (1, True)
    elsewhere = [waived("h2", "PYSEC-1")]
    assert judged([], ["it tells nothing"], elsewhere, TODAY)[0] == 2, "its finding may be known where nobody answered"
    assert judged([], [], elsewhere, TODAY)[0] == 1
    assert judged([], [], [], TODAY)[0] == 0


def test_S_104_every_lock_is_audited() -> None:
    locks = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("infra/locks/*.txt")}
    assert locks == set(audit.LOCKS), "what audits, too"
    inside = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("services/*/*/package-lock.json")}
    assert inside == set(NPM)
