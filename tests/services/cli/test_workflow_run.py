"""`waybill workflow run|check`, as a process of its own: exit codes, streams and forms."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE

HEAD = "document: {dsl: '1.0.3', namespace: test, name: t, version: '1.0.0'}\n"


def waybill(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", "workflow", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "workflow.yaml"
    path.write_text(
        HEAD + "do:\n  - double: {set: {n: '${ .n * 2 }'}}\n  - group: {do: [{last: {set: {n: '${ .n }'}}}]}\n"
    )
    return path


def test_a_completed_run_prints_one_object_and_ends_with_0(document: Path, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text('{"n": 21}')
    done = waybill("run", str(document), "--input", str(tmp_path / "in.json"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "status": "completed",
        "output": {"n": 42},
        "error": None,
        "tasks": [
            {"name": "double", "reference": "/do/0/double", "status": "completed"},
            {"name": "group", "reference": "/do/1/group", "status": "completed"},
            {"name": "last", "reference": "/do/1/group/do/0/last", "status": "completed"},
        ],
    }
    assert done.stderr == ""


def test_the_readable_form_names_tasks_and_output(document: Path) -> None:
    done = waybill("run", str(document), "--input", "-", stdin="n: 2\n")
    assert done.returncode == 0, done.stderr
    assert "double  /do/0/double" in done.stdout
    assert '"n": 4' in done.stdout


def test_a_faulted_run_ends_with_1(tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(HEAD + "do:\n  - no: {raise: {error: {type: 'https://example.com/e', status: 400, title: No}}}\n")
    done = waybill("run", str(path), "--json")
    assert done.returncode == 1
    printed = json.loads(done.stdout)
    assert printed["status"] == "faulted"
    assert printed["error"] == {"type": "https://example.com/e", "status": 400, "title": "No", "instance": "/do/0/no"}
    assert printed["tasks"] == [{"name": "no", "reference": "/do/0/no", "status": "faulted"}]


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize(
    ("body", "pointer", "line", "words"),
    [
        ("do:\n  - t: {wait: {second: 1}}\n", "/do/0/t/wait/second", 3, "did you mean `seconds`?"),
        ("do:\n  - t: {set: {a: '${ .a | ( }'}}\n", "/do/0/t/set/a", 3, "does not compile"),
        ("do: [\n", "", 3, "no YAML or JSON"),
    ],
)
def test_an_invalid_document_is_a_problem_with_its_place(
    tmp_path: Path, command: str, body: str, pointer: str, line: int, words: str
) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(HEAD + body)
    done = waybill(command, str(path), "--json")
    assert done.returncode == 2
    problem = json.loads(done.stdout)
    assert (problem["file"], problem["line"], problem["pointer"]) == (str(path), line, pointer)
    assert words in problem["detail"]
    assert problem["errors"][0]["pointer"] == pointer
    assert done.stderr == ""
    plain = waybill(command, str(path))
    assert plain.returncode == 2
    assert plain.stdout == ""
    assert json.loads(plain.stderr) == problem


def test_a_function_without_a_service_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(HEAD + "do:\n  - t: {call: 'connector:1.0.0@default'}\n")
    refused = waybill("run", str(path))
    assert (refused.returncode, "only in a deployment or in `waybill template test`" in refused.stderr) == (2, True)
    assert waybill("check", str(path)).returncode == 0


@pytest.mark.parametrize(("content", "option"), [(None, "workflow"), ("{", "input"), (b"\xff", "workflow")])
def test_files_that_cannot_be_read_end_with_2(
    tmp_path: Path, document: Path, content: str | bytes | None, option: str
) -> None:
    bad = tmp_path / "bad"
    if isinstance(content, bytes):
        bad.write_bytes(content)
    elif content is not None:
        bad.write_text(content)
    arguments = [str(bad)] if option == "workflow" else [str(document), "--input", str(bad)]
    done = waybill("run", *arguments, "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["status"] == 422


class _Pets(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"path": self.path}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keeps the test's output clean."""


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pets) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_a_service_of_the_authors_machine_may_be_called(tmp_path: Path, port: int) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(
        HEAD + f"do:\n  - pet: {{call: http, with: {{method: get, endpoint: 'http://127.0.0.1:{port}/pet/{{id}}'}}}}\n"
    )
    done = waybill("run", str(path), "--input", "-", "--json", stdin='{"id": 7}')
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["output"] == {"path": "/pet/7"}
