"""`waybill workflow run --events`: a run on the author's machine that listens and waits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli import event_file
from tests.patience import PATIENCE

HEAD = "document: {dsl: '1.0.3', namespace: test, name: t, version: '1.0.0'}\n"
LISTENS = (
    HEAD
    + """do:
  - hear: {listen: {to: {one: {with: {type: paid}}}}}
  - rest: {wait: PT8H}
  - tell: {emit: {event: {with: {source: /shop, type: sent, data: "${ .[0] }"}}}, output: {as: .data}}
"""
)
PAID = '{"id": "1", "source": "/bank", "type": "paid", "data": {"sum": 5}}'


def run(tmp_path: Path, events: str | None, *options: str, text: str = LISTENS) -> subprocess.CompletedProcess[str]:
    (tmp_path / "w.yaml").write_text(text)
    if events is not None:
        (tmp_path / "events.jsonl").write_text(events)
        options = ("--events", str(tmp_path / "events.jsonl"), *options)
    command = [sys.executable, "-m", "services.cli.main", "workflow", "run", str(tmp_path / "w.yaml"), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_events_of_a_file_move_the_run_and_waits_are_jumped_over(tmp_path: Path) -> None:
    other = '{"specversion": "1.0", "id": "0", "source": "/bank", "type": "other"}'
    done = run(tmp_path, f"{other}\n\n{PAID}\n", "--skip-waits", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    printed = json.loads(done.stdout)
    assert (printed["status"], printed["output"]) == ("completed", {"sum": 5})
    assert [(one["type"], one["data"]) for one in printed["emitted"]] == [("sent", {"sum": 5})]


def test_what_was_emitted_is_told_in_the_readable_form(tmp_path: Path) -> None:
    done = run(tmp_path, PAID, "--skip-waits")
    assert done.returncode == 0, done.stderr
    assert "» sent  /shop" in done.stdout


def test_lifecycle_events_are_lines_of_json_and_nothing_else_is_printed(tmp_path: Path) -> None:
    done = run(tmp_path, PAID, "--skip-waits", "--lifecycle")
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    told = [(event["type"].removeprefix("io.serverlessworkflow."), event["data"].get("task")) for event in events]
    assert told[:5] == [
        ("workflow.started.v1", None),
        ("task.created.v1", "/do/0/hear"),
        ("task.started.v1", "/do/0/hear"),
        ("workflow.correlation-started.v1", None),
        ("workflow.correlation-completed.v1", None),
    ]
    assert told[-1] == ("workflow.completed.v1", None)
    assert events[-1]["data"]["output"] == {"sum": 5}
    assert events[0]["data"]["name"] == f"t-{events[0]['subject']}.test"
    assert run(tmp_path, None, "--lifecycle").returncode == 1
    both = run(tmp_path, PAID, "--lifecycle", "--json")
    assert both.returncode == 2
    assert "leave one out" in both.stderr


def test_a_run_whose_event_does_not_come_says_so(tmp_path: Path) -> None:
    done = run(tmp_path, None)
    assert done.returncode == 1
    assert "/do/0/hear waits for an event that did not come" in done.stdout
    assert json.loads(run(tmp_path, None, "--json").stdout)["status"] == "waiting"


def test_a_line_that_is_no_event_is_told_with_its_number(tmp_path: Path) -> None:
    done = run(tmp_path, f'{PAID}\n{{"id": "2"}}\n', "--json")
    assert done.returncode == 2
    problem = json.loads(done.stdout)
    assert problem["type"].endswith("invalid-events")
    assert problem["line"] == 2
    assert "type is missing" in problem["detail"]


@pytest.mark.parametrize("line", ["{", "[]", '{"id": 1, "source": "/a", "type": "a"}', '{"specversion": "2.0"}'])
def test_what_is_no_event_is_refused(line: str) -> None:
    with pytest.raises(event_file.BadEvent) as caught:
        event_file.read(f"\n{line}")
    assert caught.value.line == 2


GATHERS = (
    HEAD
    + """schedule:
  on: {any: [{with: {type: tick, data: '${ .n > 0 }'}, correlate: {room: {from: .room}}}], until: length == 2}
do:
  - hear: {listen: {to: {one: {with: {type: paid}}}}}
  - tell: {set: {rooms: "${ $workflow.input | map(.data.room) }", sum: "${ .[0].sum }"}}
"""
)


def test_events_of_a_file_begin_the_run_as_its_schedule_asks(tmp_path: Path) -> None:
    ticks = [(0, 1), (1, 1), (1, 2), (1, 1)]
    lines = [
        json.dumps({"id": f"t-{number}", "source": "/s", "type": "tick", "data": {"n": n, "room": room}})
        for number, (n, room) in enumerate(ticks)
    ]
    done = run(tmp_path, "\n".join([*lines, PAID]), "--json", text=GATHERS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["output"] == {"rooms": [1, 1], "sum": 5}
    nothing = run(tmp_path, lines[1], "--json", text=GATHERS)
    assert nothing.returncode == 2
    assert json.loads(nothing.stdout)["type"].endswith("no-run-begins")
