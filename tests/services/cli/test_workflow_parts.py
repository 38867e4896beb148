"""`waybill workflow run --workflows --secrets`: what a document needs beside itself, on the author's machine."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.cli.secret_file import FileSecrets
from tests.patience import PATIENCE

HEAD = "document: {{dsl: '1.0.3', namespace: test, name: {}, version: '{}'}}\n"
INNER = HEAD + "do: [{{say: {{set: {{by: '{}', of: '${{ .of }}'}}}}}}]\n"
OUTER = (
    HEAD.format("outer", "1.0.0")
    + """do:
  - alone: {run: {workflow: {namespace: test, name: inner, version: latest, input: {of: 2}}, await: false}}
  - inside: {run: {workflow: {namespace: test, name: inner, version: '1.9.0', input: {of: 1}}}}
"""
)
ASKS = (
    HEAD.format("asks", "1.0.0")
    + """use: {secrets: [bank]}
do:
  - ask:
      call: http
      with: {method: get, endpoint: {uri: %s, authentication: {bearer: {token: '${ $secrets.bank.token }'}}}}
"""
)
TOKEN = "sesame-open-9931"  # noqa: S105 (of this test)


def run(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.cli.main", "workflow", "run", str(file), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"you": self.headers["authorization"]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def echo() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def outer(tmp_path: Path) -> Path:
    (tmp_path / "flows" / "deep").mkdir(parents=True)
    (tmp_path / "flows" / "a.yaml").write_text(INNER.format("inner", "1.9.0", "old"))
    (tmp_path / "flows" / "deep" / "b.yaml").write_text(INNER.format("inner", "1.10.0", "new"))
    (tmp_path / "flows" / "other.json").write_text('{"no": "workflow"}')
    (tmp_path / "outer.yaml").write_text(OUTER)
    return tmp_path / "outer.yaml"


def test_workflows_of_a_folder_are_run_and_those_that_nobody_waits_for_are_told(outer: Path) -> None:
    done = run(outer, "--workflows", str(outer.parent / "flows"), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    printed = json.loads(done.stdout)
    assert printed["output"] == {"by": "old", "of": 1}
    assert [(one["workflow"], one["status"], one["output"]) for one in printed["started"]] == [
        ("test/inner:latest", "completed", {"by": "new", "of": 2})
    ]
    assert "+ test/inner:latest  completed" in run(outer, "--workflows", str(outer.parent / "flows")).stdout


def test_a_workflow_that_the_folder_lacks_is_named_with_what_is_there(outer: Path) -> None:
    (outer.parent / "flows" / "a.yaml").unlink()
    done = run(outer, "--workflows", str(outer.parent / "flows"), "--json")
    assert done.returncode == 2
    problem = json.loads(done.stdout)
    assert problem["type"].endswith("missing-workflow")
    assert "test/inner:1.9.0; of that name there are 1.10.0; not read as workflows: other.json" in problem["detail"]
    nowhere = run(outer, "--workflows", str(outer.parent / "nowhere"), "--json")
    assert "cannot be read: No such file" in json.loads(nowhere.stdout)["detail"]


def test_one_version_in_two_files_is_refused(outer: Path) -> None:
    (outer.parent / "flows" / "c.yaml").write_text(INNER.format("inner", "1.9.0", "other"))
    done = run(outer, "--workflows", str(outer.parent / "flows"), "--json")
    assert done.returncode == 2
    assert "more than once, in a.yaml and in c.yaml" in json.loads(done.stdout)["detail"]


@pytest.mark.parametrize("form", [("--json",), (), ("--lifecycle",)])
def test_S_36_secrets_of_a_file_reach_the_call_and_no_output(tmp_path: Path, echo: str, form: tuple[str, ...]) -> None:
    (tmp_path / "w.yaml").write_text(ASKS % echo)
    (tmp_path / "secrets.yaml").write_text(f"bank: {{token: {TOKEN}}}\n")
    done = run(tmp_path / "w.yaml", "--secrets", str(tmp_path / "secrets.yaml"), *form)
    assert done.returncode == 0, done.stdout + done.stderr
    assert TOKEN not in done.stdout + done.stderr
    assert "Bearer [redacted]" in done.stdout


def test_a_secret_that_no_file_gives_faults_the_call(tmp_path: Path, echo: str) -> None:
    (tmp_path / "w.yaml").write_text(ASKS % echo)
    done = run(tmp_path / "w.yaml", "--json")
    assert done.returncode == 1
    assert "there is no secret 'bank'" in json.loads(done.stdout)["error"]["detail"]


def test_S_36_a_file_that_is_no_object_of_secrets_is_refused_without_a_word_of_it(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(INNER.format("inner", "1.0.0", "old"))
    (tmp_path / "secrets.yaml").write_text(f"[{TOKEN}]\n")
    done = run(tmp_path / "w.yaml", "--secrets", str(tmp_path / "secrets.yaml"), "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["type"].endswith("invalid-secrets")
    assert TOKEN not in done.stdout + done.stderr


def test_S_36_short_secrets_are_hidden_where_they_are_a_whole_text() -> None:
    secrets = FileSecrets({"a": {"user": "me", "list": ["long-enough-secret"]}})
    seen = {"x": "me", "y": "some", "z": ["long-enough-secret!"]}
    assert secrets.hide(seen) == {"x": "[redacted]", "y": "some", "z": ["[redacted]!"]}
