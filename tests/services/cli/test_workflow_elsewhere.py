"""What a document takes from elsewhere and cannot be had, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.services.cli.test_workflow_run import waybill

DOCUMENT = """\
document: {dsl: '1.0.3', namespace: tests, name: elsewhere, version: 1.0.0}
do:
  - far: {call: 'http://127.0.0.1:1/function.yaml'}
"""


def test_what_does_not_answer_is_a_problem_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "far.yaml"
    file.write_text(DOCUMENT)
    result = waybill("run", str(file), "--json")
    assert result.returncode == 2
    problem = json.loads(result.stdout)
    assert (problem["line"], problem["pointer"]) == (3, "/do/0/far/call")
    assert "http://127.0.0.1:1/function.yaml" in problem["detail"]
