"""Row 94 at run time: what happened in a run, and whether it approves what comes next."""

from __future__ import annotations

import pytest

from template_library.policies.approvals import Decision, Line, is_approved, lacking
from template_library.policies.decisions import approving, covered

ASK, WRITE = "/do/0/ask", "/do/1/write"
YES = Decision(reference=ASK, source="/approvals", id="apv_1", is_approved=True)
NO = Decision(reference=ASK, source="/approvals", id="apv_2", is_approved=False)


def line(kind: str, event: str = "", reference: str = ASK, source: str = "/approvals") -> Line:
    return Line(kind=kind, reference=reference, source=source if event else "", id=event)


ASKED = [line("task.started"), line("correlation.started")]
SAID_YES = [*ASKED, line("event.consumed", "apv_1"), line("correlation.completed"), line("task.completed")]
SAID_NO = [*ASKED, line("event.consumed", "apv_2"), line("correlation.completed"), line("task.completed")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (SAID_YES, True),
        ([], False),
        (ASKED, False),
        (SAID_NO, False),
        ([*SAID_YES, *SAID_NO], False),
        ([*SAID_NO, *SAID_YES], True),
        ([*SAID_YES, line("task.started")], False),
        ([*SAID_YES, line("task.skipped")], False),
        ([*SAID_YES, *ASKED, line("task.faulted")], False),
        ([*ASKED, line("event.consumed", "forged"), line("task.completed")], False),
        ([*ASKED, line("event.consumed", "apv_1", source="/elsewhere"), line("task.completed")], False),
        ([*SAID_YES, *ASKED, line("event.consumed", "forged"), line("task.completed")], False),
    ],
)
def test_row_94_the_last_word_of_a_person_counts_and_no_other(lines: list[Line], expected: bool) -> None:  # noqa: FBT001
    assert is_approved(lines, [YES, NO], WRITE) is expected


def test_row_94_a_decision_in_one_branch_says_nothing_for_another() -> None:
    asked = "/do/0/both/fork/branches/0/ask"
    decision = Decision(reference=asked, source="/approvals", id="apv_1", is_approved=True)
    lines = [line("task.started", reference=asked), line("event.consumed", "apv_1", reference=asked)]
    assert not is_approved(lines, [decision], "/do/0/both/fork/branches/1/write")
    assert is_approved(lines, [decision], "/do/0/both/fork/branches/0/ask/do/0/write")
    assert is_approved(lines, [decision], "/do/1/write")


def test_row_94_a_decision_that_the_run_never_heard_is_none() -> None:
    assert not is_approved([line("task.completed")], [YES], WRITE)


DONE = [line("task.started"), line("task.completed")]


@pytest.mark.parametrize(
    ("lines", "approved", "expected"),
    [
        (DONE, True, True),
        (DONE, False, False),
        ([line("task.started")], True, False),
        ([line("task.started"), line("task.faulted")], True, False),
        ([*DONE, line("task.started")], True, False),
        ([*DONE, *DONE], True, True),
        ([*DONE, line("task.skipped")], True, False),
        ([], True, False),
    ],
)
def test_row_94_a_human_task_counts_by_how_it_was_decided_last(
    lines: list[Line],
    approved: bool,  # noqa: FBT001
    expected: bool,  # noqa: FBT001
) -> None:
    assert is_approved(lines, [Decision(reference=ASK, is_approved=approved)], WRITE) is expected


def test_row_94_each_domain_that_is_written_takes_a_decision_that_is_about_it() -> None:
    decided = [Decision(reference=ASK, is_approved=True, covers=covered("customer.credit"))]
    assert lacking(DONE, decided, WRITE, ["credit", "terms"]) == []
    assert lacking(DONE, decided, WRITE, ["credit", "posting"]) == ["posting"]
    assert lacking(SAID_YES, [YES], WRITE, ["credit", "undeclared"]) == [], "an approval of a run is for all of it"
    assert lacking([], [], WRITE, ["credit"]) == ["credit"]


def test_row_94_the_last_word_about_a_domain_is_whichever_task_said_it() -> None:
    other = "/do/5/other"
    lines = [*DONE, line("task.started", reference=other), line("task.completed", reference=other)]
    decided = [Decision(reference=ASK, is_approved=True), Decision(reference=other, is_approved=False)]
    assert not is_approved(lines, decided, WRITE)
    assert is_approved(lines[2:] + lines[:2], decided, WRITE)


@pytest.mark.parametrize(
    ("decision", "domains"),
    [
        ("price.release", {"price"}),
        ("order.substitute-price", {"order", "price"}),
        ("customer.credit", {"customer", "credit", "terms"}),
        ("dispute.settle", {"posting"}),
        ("prices", set()),
        ("undeclared", set()),
        ("proof.waive", set()),
    ],
)
def test_row_94_a_decision_is_about_what_it_names(decision: str, domains: set[str]) -> None:
    assert covered(decision) == domains


def test_row_94_only_outcomes_that_are_no_refusals_approve() -> None:
    assert approving(["approve", "reject"], ["reject"]) == {"approve"}
    for outcomes, refusals in ((["done"], []), (["done"], None), (["reject"], ["reject"]), ("approve", ["reject"])):
        assert approving(outcomes, refusals) == frozenset()
