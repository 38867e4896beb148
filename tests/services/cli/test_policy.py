"""Row 94: a document is held to rules before it is sent anywhere, and what operations write can be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli.commands.policy import command

WRITES = """
document: {dsl: 1.0.3, namespace: tests, name: writes, version: 1.0.0}
do:
- judge: {switch: [{large: {when: '${ .large }', then: ask}}, {small: {then: order}}]}
- ask: {listen: {to: {one: {with: {type: approval.decided}}}}}
- order:
    call: connector:1.0.0@default
    with: {connection: erp, operation: erp.sales-orders.create, input: {}}
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(one) for one in arguments])


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "writes.yaml"
    path.write_text(WRITES)
    return path


def test_row_94_the_path_that_breaks_a_rule_is_shown(document: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"rules": [{"name": "orders", "domains": ["order"]}]}))
    broken = run("check", document, "--rules", rules)
    assert broken.exit_code == 1
    assert (
        "/do/2/order writes order without an approval (orders) by the path /do/0/judge → /do/2/order" in broken.output
    )
    kept = run("check", document)
    assert (kept.exit_code, kept.output.startswith("Kept: money-needs-approval")) == (0, True), kept.output


def test_rules_that_are_none_are_wrong_use(document: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    for text in ("{}", '{"rules": [{"name": "x", "domains": ["money"]}]}', "no json"):
        rules.write_text(text)
        assert run("check", document, "--rules", rules).exit_code == 2, text
    assert run("check", tmp_path / "absent.yaml").exit_code == 2


def test_row_94_every_operation_says_what_it_writes() -> None:
    told = run("operations").output.splitlines()
    assert "erp-simulator  erp.sales-orders.create  write:order" in told
    assert "tryton  erp.customers.credit  read" in told
    assert "http  http.request  write:undeclared" in told
