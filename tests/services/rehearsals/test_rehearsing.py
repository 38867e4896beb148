"""Scenarios with people, holds, events, time, duplicates and restarts, judged as the product judges them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from services.rehearsals.rehearsing import Verdict, run_package
from template_library import catalog

HEAD = "document: {dsl: 1.0.3, namespace: tests, name: tried, version: 1.0.0}\n"
ASKS = (
    HEAD
    + """
do:
  - review:
      call: human-task:1.0.0@default
      with:
        task: credit-review
        title: '${ "Release " + .order }'
        role: credit-manager
        decision: credit.release
        facts: {amount: '${ .amount }', requester: jo@example.com}
        form: limit
        outcomes: [approve, reject]
        refusals: [reject]
        deadline:
          due: PT4H
          steps: [{after: PT8H, do: reassign, role: finance}, {after: P2D, do: expire}]
"""
)
FORM = """
schema: {type: object, properties: {limit: {type: integer, title: New limit}}}
fields: {limit: {required_for: [approve]}}
"""
MATRIX = """
authority:
  - {name: large, decision: credit.release, amount: {currency: USD}, approver_role: credit-manager, approvals: 2}
input: {order: PO-1, amount: {amount: 900000, currency: USD}}
"""
INPUT = "input: {order: PO-1, amount: {amount: 900000, currency: USD}}\n"


def rehearse(folder: Path, workflow: str, scenario: str, **files: str) -> Verdict:
    """How one scenario of a package went; `files` by their path, with __ for a slash."""
    root = folder / "tried" / "1.0.0"
    given = {
        "manifest.yaml": "{name: tried, version: 1.0.0, title: Tried, summary: Tried out.}",
        "workflow.yaml": workflow,
        "parameters.schema.json": '{"type": "object"}',
        "forms/limit.yaml": FORM,
        "tests/a.yaml": f"name: a\n{scenario}",
        **{name.replace("__", "/"): text for name, text in files.items()},
    }
    for name, text in given.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    whole, verdict = asyncio.run(run_package(catalog.load(root)))
    assert whole.wrong == []
    return verdict


def test_two_people_decide_by_the_matrix_and_who_may_not_is_refused(tmp_path: Path) -> None:
    scenario = """
people:
  credit-review:
    - {outcome: approve, values: {limit: 8000}, by: jo, refused: no-authority}
    - {outcome: approve, values: {limit: 8000}, by: ann, roles: [clerk], refused: not-your-task}
    - {outcome: approve, by: kim, refused: answer-refused}
    - {outcome: approve, values: {limit: 8000}, by: kim, after: PT1H}
    - {outcome: approve, values: {limit: 8000}, by: kim, refused: no-authority}
    - {outcome: approve, values: {limit: 8000}, by: lee, after: PT1H}
at: 2026-03-02T09:00:00Z
expect:
  status: completed
  output: {outcome: approve, values: {limit: 8000}, at: '2026-03-02T11:00:00Z', approvals: [{}, {}]}
  tasks: [{task: credit-review, role: credit-manager, outcome: approve, by: lee, due: '2026-03-02T13:00:00Z'}]
"""
    assert rehearse(tmp_path, ASKS, MATRIX + scenario).wrong == []


def test_what_nobody_answers_its_deadline_does_and_no_time_is_lost(tmp_path: Path) -> None:
    scenario = """
expect:
  status: faulted
  error: {status: 408}
  tasks: [{role: finance, state: expired, outcome: null, told: [credit-manager, finance]}]
"""
    assert rehearse(tmp_path, ASKS, INPUT + scenario).wrong == []


def test_business_time_is_counted_by_the_scenarios_calendar(tmp_path: Path) -> None:
    scenario = """
at: 2026-03-06T15:00:00Z
calendars:
  office:
    time_zone: UTC
    default: true
    week: {monday: [{opens: '09:00', closes: '17:00'}], friday: [{opens: '09:00', closes: '17:00'}]}
people: {credit-review: [{outcome: reject, by: kim, after: P3D}]}
expect: {status: completed, output: {outcome: reject}, tasks: [{due: '2026-03-09T11:00:00Z'}]}
"""
    assert rehearse(tmp_path, ASKS, INPUT + scenario).wrong == []


def test_a_reply_that_differs_from_what_is_written_fails_the_scenario(tmp_path: Path) -> None:
    scenario = """
people:
  credit-review:
    - {outcome: approve, by: kim}
    - {outcome: reject, by: kim, refused: no-authority}
    - {outcome: reject, by: lee}
  other: [{outcome: done}]
expect: {status: completed}
"""
    wrong = rehearse(tmp_path, ASKS, INPUT + scenario).wrong
    assert wrong[0].startswith("/people/credit-review: kim was refused: answer-refused")
    assert wrong[1:] == [
        "/people/credit-review: kim was to be refused with no-authority, and was not",
        "/people/credit-review: 1 of its replies were not asked for",
        "/people/other: 1 of its replies were not asked for",
    ]


HOLDS = (
    HEAD
    + """
do:
  - hold:
      call: holds:1.0.0@default
      with: {do: raise, order: PO-1, customer: ACME-001, type: credit, reason: limit-exceeded}
  - go: {call: holds:1.0.0@default, with: {do: wait, order: PO-1, customer: ACME-001}}
"""
)


def test_an_order_waits_for_its_holds_and_a_customers_hold_outranks_them(tmp_path: Path) -> None:
    scenario = """
input: {}
holds:
  standing: [{type: compliance, customer: ACME-001}]
  cleared: [{type: credit, after: PT1H, by: kim}, {type: compliance, after: P2D}]
expect:
  status: completed
  output: {releasable: true, holds: []}
  holds:
    - {type: compliance, customer: ACME-001, status: cleared}
    - {type: credit, order: PO-1, status: cleared, cleared_by: kim, owner: credit-manager}
"""
    assert rehearse(tmp_path, HOLDS, scenario).wrong == []


def test_what_nobody_clears_is_still_held(tmp_path: Path) -> None:
    scenario = "input: {}\nexpect: {status: waiting, holds: [{type: credit, status: active}]}\n"
    assert rehearse(tmp_path, HOLDS, scenario).wrong == []


def test_events_come_when_they_are_said_to(tmp_path: Path) -> None:
    workflow = (
        HEAD
        + """
do:
  - either:
      fork:
        compete: true
        branches:
          - shipped: {listen: {to: {one: {with: {type: shipped}}}}, output: {as: '${ .[0].number }'}}
          - late: {do: [{wait: {wait: {days: 2}}}, {say: {set: late}}]}
  - tell: {emit: {event: {with: {source: /tests, type: told, data: {what: '${ . }'}}}}}
"""
    )
    scenario = """
input: {}
events: [{type: shipped, data: {number: S-1}, after: PT3H}]
expect: {status: completed, emitted: [{type: told, data: {what: S-1}}]}
"""
    assert rehearse(tmp_path, workflow, scenario).wrong == []
    late = scenario.replace("PT3H", "P3D").replace("what: S-1", "what: late")
    assert rehearse(tmp_path, workflow, late).wrong == []


def test_evidence_and_notices_are_recorded_once_through_restarts(tmp_path: Path) -> None:
    workflow = (
        HEAD
        + """
do:
  - open:
      call: evidence:1.0.0@default
      with:
        {do: open, case: C-1, about: {kind: invoice, key: I-1}, reason: short, required: {pod: signed, bol: any}}
  - wait: {wait: {hours: 2}}
  - check: {call: evidence:1.0.0@default, with: {do: check, case: C-1}, export: {as: '${ . }'}}
  - tell:
      call: notice:1.0.0@default
      with: {notice: late, to: {email: ap@acme.example, name: Acme}, values: {missing: '${ $context.missing[0] }'}}
"""
    )
    scenario = """
input: {}
restarts: true
papers: [{kind: pod, after: PT1H}, {kind: bol, after: PT5H}]
opted_out: [AP@acme.example]
expect:
  status: completed
  output: {sent: false, why: opted-out}
  notices: [{notice: late, to: ap@acme.example, values: {missing: bol}}]
  evidence: [{case: C-1, packed: false}]
"""
    mail = "{subject: {en: Late}, text: {en: 'From {{ brand }}: {{ values.missing }} is missing'}}"
    assert rehearse(tmp_path, workflow, scenario, mails__late=mail, **{"mails/late.yaml": mail}).wrong == []


ORDERS = (
    HEAD
    + """
schedule: {on: {one: {with: {type: order.captured}}}}
input: {from: '${ .[0].data }'}
do:
  - create:
      call: connector:1.0.0@default
      with:
        connection: erp
        operation: erp.sales-orders.create
        input:
          reference: ${ .number }
          customer: NEW-001
          currency: USD
          lines: [{item: SKU-1, quantity: 2, unit_price: {amount: 100, currency: USD}}]
"""
)
ERP = "{name: tried, version: 1.0.0, title: T, summary: T, connections: {erp: {operations: [erp.sales-orders.create]}}}"


@pytest.mark.parametrize("more", ["twice: true", "restarts: true", "restarts: true\ntwice: true"])
def test_a_system_knows_its_books_and_gets_one_order(tmp_path: Path, more: str) -> None:
    scenario = f"""
{more}
connections:
  erp:
    connector: erp-simulator
    faults: {{next: [unavailable, unavailable, cut-after-accept]}}
    books: {{customers: [{{code: NEW-001, name: New, credit_limit: 1000}}]}}
data: {{number: PO-1}}
expect: {{status: completed, output: {{number: SO-1001}}, writes: {{erp: {{orders: 1, exposure: {{NEW-001: 200}}}}}}}}
"""
    assert rehearse(tmp_path, ORDERS, scenario, **{"manifest.yaml": ERP}).wrong == []


def test_a_start_that_is_sent_again_under_another_id_runs_again(tmp_path: Path) -> None:
    scenario = """
twice: resent
connections: {erp: {connector: erp-simulator, books: {customers: [{code: NEW-001}]}}}
data: {number: PO-1}
expect: {status: completed, second: {status: completed, output: {number: SO-1002}}, writes: {erp: {orders: 2}}}
"""
    assert rehearse(tmp_path, ORDERS, scenario, **{"manifest.yaml": ERP}).wrong == []


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("authority: [{name: a, decision: b}]", "/authority"),
        ("calendars: {office: {time_zone: Nowhere/Else}}", "time zone"),
        ("holds: {standing: [{type: odd, order: PO-1}]}", "there are holds of the types"),
        ("connections: {erp: {connector: erp-simulator, books: {odd: [{code: X}]}}}", "the books have no odd"),
        ("connections: {erp: {connector: nothing}}", "no simulator for nothing"),
        (
            "connections: {erp: {connector: erp-simulator, faults: {next: [busy, truncated]}}}",
            "'truncated' cannot come here; what can: busy, cut,",
        ),
        (
            "connections: {erp: {connector: shop-simulator, faults: {webhook_late: 1}}}",
            "'webhook-late' cannot come here",
        ),
    ],
)
def test_what_a_scenario_cannot_have_is_said(tmp_path: Path, scenario: str, words: str) -> None:
    (wrong,) = rehearse(tmp_path, ASKS, f"{INPUT}{scenario}\nexpect: {{status: completed}}\n").wrong
    assert words in wrong
