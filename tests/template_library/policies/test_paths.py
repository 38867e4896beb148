"""Row 94 of the features: no path reaches a guarded write without an approval, and each that would is named."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from template_library.dsl import parse
from template_library.policies import paths, tasks
from template_library.policies.capabilities import Access
from template_library.policies.reach import Violation
from template_library.policies.rules import Rule
from tests.template_library.policies.brute_force import hits
from tests.template_library.policies.documents import APPROVE, HEAD, OTHER, PLAIN, REVIEW, WRITE, documents

RULE = Rule(name="prices", domains=("price",), undeclared=False)
PRICES = Access(writes=frozenset({"price"}))


def found(document: dict[str, Any], **nested: dict[str, Any]) -> list[Violation]:
    programs = {name: parse(json.dumps(one)) for name, one in nested.items()} | {"": parse(json.dumps(document))}
    access = {"prices.set": PRICES, "orders.create": Access(writes=frozenset({"order"}))}
    return paths.violations(programs, lambda task: tasks.of_task(task, lambda _, name: access.get(name)), [RULE])


def _always(access: Access) -> tasks.Operations:
    return lambda *_: access


def broken(*items: dict[str, Any], **more: Any) -> list[str]:
    return [one.reference for one in found({"document": HEAD, "do": list(items), **more})]


def asked(**members: Any) -> dict[str, Any]:
    """A human task with other members; None leaves one out."""
    given = {name: one for name, one in {**REVIEW["with"], **members}.items() if one is not None}
    return {**REVIEW, "with": given}


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents())
def test_row_94_the_checker_finds_what_enumerating_every_path_finds(document: dict[str, Any]) -> None:
    violations = found(document)
    assert {one.reference for one in violations} == hits(document)
    for one in violations:
        assert one.path[-1] == one.reference
        assert one.path[0].startswith("/do/0/")


def test_row_94_the_path_that_breaks_a_rule_is_named() -> None:
    (one,) = found(
        {
            "document": HEAD,
            "do": [
                {
                    "judge": {
                        "switch": [{"large": {"when": "${ .large }", "then": "ask"}}, {"small": {"then": "write"}}]
                    }
                },
                {"ask": APPROVE},
                {"write": WRITE},
            ],
        }
    )
    assert one.path == ("/do/0/judge", "/do/2/write")
    assert (one.rules, one.domains) == (("prices",), ("price",))
    assert "without an approval (prices) by the path /do/0/judge → /do/2/write" in str(one)


def test_row_94_all_branches_but_competing_ones_end_before_what_follows() -> None:
    branches = [{"ask": APPROVE}, {"other": PLAIN}]
    assert broken({"both": {"fork": {"branches": branches}}}, {"write": WRITE}) == []
    assert broken({"one": {"fork": {"branches": branches, "compete": True}}}, {"write": WRITE}) == ["/do/1/write"]
    beside = [{"ask": APPROVE}, {"write": WRITE}]
    assert broken({"both": {"fork": {"branches": beside}}}) == ["/do/0/both/fork/branches/1/write"]


@pytest.mark.parametrize(
    "ask",
    [
        {**APPROVE, "if": "${ .large }"},
        {"listen": {"to": {"any": [{"with": {"type": "approval.decided"}}, {"with": {"type": "order.cancelled"}}]}}},
        {"listen": {"to": {"all": [{"with": {"type": "approval.decided"}}, {"with": {"type": "goods.received"}}]}}},
        {"listen": {"to": {"one": {"with": {"type": "order.approved"}}}}},
        {"try": [{"inner": APPROVE}], "catch": {}},
        {"for": {"each": "line", "in": "${ .lines }"}, "do": [{"inner": APPROVE}]},
        {**PLAIN, "metadata": {"approval": True}},
        {**REVIEW, "if": "${ .large }"},
        {"try": [{"inner": REVIEW}], "catch": {}},
        asked(decision="order.expedite"),
        asked(decision="prices.set"),
        asked(decision="${ .decision }"),
        asked(decision=None),
        asked(refusals=None),
        asked(refusals=[]),
        asked(refusals=["ok", "no"]),
        asked(refusals="${ .refusals }"),
    ],
)
def test_row_94_what_may_be_passed_without_a_decision_is_no_approval(ask: dict[str, Any]) -> None:
    assert broken({"ask": ask}, {"write": WRITE}) == ["/do/1/write"]


def test_row_94_an_approval_behind_the_write_is_too_late() -> None:
    assert broken({"write": WRITE}, {"ask": APPROVE}) == ["/do/0/write"]
    again = {"ask": {**APPROVE, "then": "write"}}
    assert broken({"write": WRITE}, again) == ["/do/0/write"]


def test_row_94_workflows_that_are_run_are_looked_into() -> None:
    inner = {"document": {**HEAD, "name": "inner"}, "do": [{"write": WRITE}]}
    run = {"run": {"workflow": {"namespace": "tests", "name": "inner", "version": "1.0.0"}}}
    document = {"document": HEAD, "do": [{"ask": APPROVE}, {"inner": run}]}
    name = "tests/inner:1.0.0"
    assert found(document, **{name: inner}) == []
    (one,) = found({"document": HEAD, "do": [{"inner": run}]}, **{name: inner})
    assert one.path == ("/do/0/inner", "/do/0/inner/do/0/write")
    apart = {"run": {"workflow": run["run"]["workflow"], "await": False}}
    (one,) = found({"document": HEAD, "do": [{"ask": APPROVE}, {"inner": apart}]}, **{name: inner})
    assert one.reference == "/do/1/inner/do/0/write", "a run of its own holds no approval of this one's"


def test_row_94_what_undoes_a_run_holds_no_approval_of_it() -> None:
    name = "tests/undo:1.0.0"
    head = {**HEAD, "metadata": {"compensation": {"workflow": {"name": "undo", "version": "1.0.0"}}}}
    undo = {"document": {**HEAD, "name": "undo"}, "do": [{"write": WRITE}]}
    (one,) = found({"document": head, "do": [{"ask": APPROVE}]}, **{name: undo})
    assert one.reference == "/document/metadata/compensation/do/0/write"
    asks = {**undo, "do": [{"ask": APPROVE}, {"write": WRITE}]}
    assert found({"document": head, "do": [{"ask": APPROVE}]}, **{name: asks}) == []


def test_row_94_an_approval_that_a_workflow_gets_holds_behind_it() -> None:
    inner = {"document": {**HEAD, "name": "inner"}, "do": [{"ask": APPROVE}]}
    run = {"run": {"workflow": {"namespace": "tests", "name": "inner", "version": "1.0.0"}}}
    document = {"document": HEAD, "do": [{"inner": run}, {"write": WRITE}]}
    assert found(document, **{"tests/inner:1.0.0": inner}) == []


def test_row_94_extensions_are_looked_into_and_may_approve() -> None:
    def extended(**extension: Any) -> list[str]:
        return broken({"write": WRITE}, use={"extensions": [{"around": {"extend": "call", **extension}}]})

    assert extended(before=[{"ask": APPROVE}]) == []
    assert extended(before=[{"ask": APPROVE}], when="${ .large }") == ["/do/0/write"]
    assert extended(after=[{"ask": APPROVE}]) == ["/do/0/write"]
    wrote = broken({"note": PLAIN}, use={"extensions": [{"around": {"extend": "set", "before": [{"write": WRITE}]}}]})
    assert wrote == ["/do/0/note/extensions/around/before/0/write"]


def test_row_94_a_write_of_which_nobody_says_what_it_is_about_is_guarded_where_the_rule_says_so() -> None:
    document = parse(
        json.dumps(
            {
                "document": HEAD,
                "do": [
                    {"read": {"call": "http", "with": {"method": "get", "endpoint": "https://erp.example/prices"}}},
                    {"send": {"call": "http", "with": {"method": "post", "endpoint": "https://erp.example/prices"}}},
                ],
            }
        )
    )
    for undeclared, expected in ((True, ["/do/1/send"]), (False, [])):
        rule = Rule(name="prices", domains=("price",), undeclared=undeclared)
        broke = paths.violations({"": document}, lambda task: tasks.of_task(task, lambda *_: None), [rule])
        assert [one.reference for one in broke] == expected


def test_row_94_a_human_task_approves_what_its_decision_is_about_and_nothing_else() -> None:
    assert broken({"ask": REVIEW}, {"write": WRITE}) == []
    assert broken({"ask": OTHER}, {"write": WRITE}) == ["/do/1/write"]
    assert broken({"ask": OTHER}, {"again": REVIEW}, {"write": WRITE}) == []
    program = {"": parse(json.dumps({"document": HEAD, "do": [{"ask": REVIEW}, {"write": WRITE}]}))}
    rule = Rule(name="both", domains=("price", "posting"), undeclared=False)
    for writes, left in (({"price"}, []), ({"posting"}, ["posting"]), ({"price", "posting"}, ["posting"])):
        access = Access(writes=frozenset(writes))
        found = paths.violations(program, partial(tasks.of_task, operations=_always(access)), [rule])
        assert [domain for one in found for domain in one.domains] == left, "each domain needs its own"


def test_row_94_a_write_of_which_nobody_says_what_it_is_about_is_approved_by_no_task() -> None:
    post = {"call": "http", "with": {"method": "post", "endpoint": "https://erp.example/prices"}}
    rule = Rule(name="all", domains=("price",))
    for ask, left in ((REVIEW, ["undeclared"]), (APPROVE, [])):
        program = {"": parse(json.dumps({"document": HEAD, "do": [{"ask": ask}, {"send": post}]}))}
        found = paths.violations(program, lambda task: tasks.of_task(task, lambda *_: None), [rule])
        assert [domain for one in found for domain in one.domains] == left


@pytest.mark.parametrize(
    ("authority", "is_left_to_the_matrix"),
    [
        ({"decision": "price.release", "facts": {"amount": "${ .amount }"}}, True),
        ({"decision": "order.expedite"}, False),
        ({"decision": "${ .decision }"}, False),
        ("${ .authority }", False),
    ],
)
def test_row_94_a_write_that_states_its_decision_is_left_to_the_matrix(
    authority: Any,
    is_left_to_the_matrix: bool,  # noqa: FBT001
) -> None:
    write = {**WRITE, "with": {**WRITE["with"], "authority": authority}}
    assert broken({"write": write}) == ([] if is_left_to_the_matrix else ["/do/0/write"])
