"""What the product refuses no scenario lets through: decisions about holds and tasks, evidence, addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.services.rehearsals.test_rehearsing import ASKS, HEAD, INPUT, rehearse

HELD: Final = (
    HEAD
    + """
do:
  - hold:
      call: holds:1.0.0@default
      with:
        do: raise
        order: PO-1
        customer: ACME-001
        type: credit
        reason: limit-exceeded
        value: {amount: 900000, currency: USD}
        facts: {requester: jo@example.com}
  - go: {call: holds:1.0.0@default, with: {do: wait, order: PO-1, customer: ACME-001}}
"""
)
GOES: Final = "expect: {status: completed, holds: [{status: cleared, cleared_by: lee}]}\n"


def test_S_68_a_hold_is_cleared_by_those_whom_the_matrix_lets(tmp_path: Path) -> None:
    scenario = """
input: {}
authority:
  - {name: large, decision: credit.release, amount: {currency: USD}, approver_role: controller, approvals: 2}
holds:
  cleared:
    - {type: credit, by: kim, refused: hold-not-yours}
    - {type: credit, by: jo, roles: [controller], refused: hold-not-yours}
    - {type: credit, by: kim, roles: [controller], after: PT1H}
    - {type: credit, by: kim, roles: [controller], refused: hold-already-agreed}
    - {type: credit, by: lee, roles: [controller], after: PT1H}
"""
    assert rehearse(tmp_path, HELD, scenario + GOES).wrong == []
    alone = scenario.replace("approvals: 2", "approvals: 1")
    (first, *_) = rehearse(tmp_path, HELD, alone + GOES).wrong
    assert "cleared_by" in first, "kim alone is enough for another matrix"


def test_S_68_without_rows_whoever_asked_decides_nothing_and_without_a_matrix_nobody_does(tmp_path: Path) -> None:
    wishes = "{type: credit, by: jo, refused: hold-not-yours}, {type: credit, by: lee}"
    scenario = f"input: {{}}\nholds: {{cleared: [{wishes}]}}\n"
    assert rehearse(tmp_path, HELD, scenario + GOES).wrong == []
    wrong = rehearse(tmp_path, HELD, f"authority: []\n{scenario}{GOES}").wrong
    assert "/holds/cleared: lee was refused: hold-not-yours: No matrix of authority is in force" in wrong
    reply = "{outcome: reject, by: jo, refused: no-authority}, {outcome: reject, by: lee}"
    tasks = f"{INPUT}people: {{credit-review: [{reply}]}}\nexpect: {{status: completed, output: {{outcome: reject}}}}\n"
    assert rehearse(tmp_path, ASKS, tasks).wrong == []
    wrong = rehearse(tmp_path, ASKS, f"authority: []\n{tasks}").wrong
    assert "/people/credit-review: lee was refused: no-authority: No matrix of authority is in force" in wrong


def test_facts_that_no_matrix_could_read_are_refused_in_a_scenario_that_has_none(tmp_path: Path) -> None:
    workflow = ASKS.replace("requester: jo@example.com", "requester: jo")
    scenario = f"{INPUT}people: {{credit-review: [{{outcome: reject, by: lee}}]}}\nexpect: {{status: completed}}\n"
    (first, *_) = rehearse(tmp_path, workflow, scenario).wrong
    assert "/status" in first


EVIDENCE: Final = (
    HEAD
    + """
do:
  - open:
      call: evidence:1.0.0@default
      with: {do: open, case: C-1, about: {kind: invoice, key: I-1}, reason: short, required: {pod: null, photo: null}}
  - add:
      call: evidence:1.0.0@default
      with: {do: add, case: C-1, document: '${ $workflow.input.document }', to: photo}
"""
)


def test_evidence_is_read_as_the_product_reads_it(tmp_path: Path) -> None:
    document = "doc_01h455vb4pex5vsknk084sn02q"
    scenario = f"""
input: {{document: {document}}}
papers: [{{kind: signed-pod}}, {{kind: scan, document: {document}}}]
expect: {{status: completed, output: {{ready: true, held: [pod, photo], missing: [], asked: {{}}}}}}
"""
    assert rehearse(tmp_path, EVIDENCE, scenario).wrong == []
    stranger = scenario.replace(f"kind: scan, document: {document}", "kind: scan")
    assert "no such paper or document" in "".join(rehearse(tmp_path, EVIDENCE, stranger).wrong)
    for bad in ("reason: short, ", "about: {kind: invoice, key: I-1}, "):
        wrong = rehearse(tmp_path, EVIDENCE.replace(bad, ""), scenario).wrong
        assert "cannot be read" in "".join(wrong), bad


def test_a_notice_to_what_is_no_address_is_not_sent(tmp_path: Path) -> None:
    workflow = (
        HEAD
        + """
do:
  - tell: {call: notice:1.0.0@default, with: {notice: late, to: {email: '${ .email }', name: Acme}}}
"""
    )
    mail = "{subject: {en: Late}, text: {en: 'From {{ brand }}'}}"
    for address, told in {
        "ap@acme.example": "{sent: true, why: null}",
        "ap at acme": "{sent: false, why: bad-address}",
        "ap@acme.example,x@y.example": "{sent: false, why: bad-address}",
    }.items():
        scenario = f"input: {{email: '{address}'}}\nexpect: {{status: completed, output: {told}}}\n"
        assert rehearse(tmp_path, workflow, scenario, **{"mails/late.yaml": mail}).wrong == [], address
