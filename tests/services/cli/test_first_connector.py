"""The tutorial for a first connector: each command on its page is run as it stands there, in its order."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from services.cli.main import waybill

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "docs" / "integrator" / "first-connector.md"
BLOCK: Final = re.compile(r"^```sh ?([\w-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(block: str) -> Iterator[str]:
    """Each command with its here-document."""
    lines = iter(block.splitlines())
    for line in lines:
        if "<<'YAML'" in line:
            rest = list(iter(lambda: next(lines), "YAML"))
            yield "\n".join([line, *rest, "YAML"])
        elif line:
            yield line


def run(command: str) -> int:
    """`waybill` here, so that it starts once for all; everything else by the shell."""
    if not command.startswith("waybill "):
        return subprocess.run(["/bin/bash", "-c", command], check=False).returncode
    result = CliRunner().invoke(waybill, shlex.split(command)[1:])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    sys.stdout.write(f"$ {command}\n{result.output}\n")
    return result.exit_code


def test_every_command_of_the_tutorial_works_as_it_is_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # Somebody may have the page's port.
    page = PAGE.read_text(encoding="utf-8").replace("--port 8099", "--port 0")
    others, address = [], ""
    try:
        for kind, block in BLOCK.findall(page):
            for command in commands(block):
                if kind == "another-terminal":
                    words = [sys.executable, "-m", "services.cli.main", *shlex.split(command)[1:]]
                    other = subprocess.Popen(
                        words, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT), "PATH": "/bin"}
                    )
                    others.append(other)
                    assert other.stdout is not None
                    address = other.stdout.readline().strip()
                    continue
                if command.startswith("export "):
                    name, _, value = command.removeprefix("export ").partition("=")
                    monkeypatch.setenv(name, value.replace("$PWD", str(tmp_path)))
                    continue
                code = run(command.replace("http://127.0.0.1:8099", address))
                assert code == (1 if kind == "exits-1" else 0), command
    finally:
        for other in others:
            other.terminate()
            other.communicate(timeout=10)
    assert others
    assert len(list(tmp_path.rglob("*.yaml"))) == 2 + 2, "what was written, and what was installed"
