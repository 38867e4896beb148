"""Hints can be copied into a shell: `waybill` is on nobody's PATH after `make up`."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from infra import settings
from infra.embedded import Home
from services.cli import invocation, running
from services.cli.announcement import announcement
from services.cli.installation import Installation


def test_the_running_executable_is_named_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "a folder"
    program = place / ".venv" / "bin" / "waybill"
    program.parent.mkdir(parents=True)
    monkeypatch.chdir(place)
    for named in (str(program), ".venv/bin/waybill"):
        monkeypatch.setattr(sys, "argv", [named, "up"])
        assert invocation.line("send", "order.json") == ".venv/bin/waybill send order.json"
    monkeypatch.chdir(program.parent)
    monkeypatch.setattr(sys, "argv", [str(program), "up"])
    assert invocation.line("send") == "./waybill send"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert shlex.split(invocation.line("send", "my order.json")) == [str(program), "send", "my order.json"]


def test_a_module_is_named_with_its_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/services/cli/main.py", "up"])
    done = subprocess.run(["sh", "-c", invocation.line("--version")], check=True, capture_output=True, text=True)
    assert done.stdout.startswith("waybill ")


def test_the_first_order_that_is_proposed_can_be_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program = tmp_path / "a folder" / "waybill"
    monkeypatch.setattr(sys, "argv", [str(program), "up"])
    installation = Installation(Home(tmp_path), settings.load({"WAYBILL_HOME": str(tmp_path)}), print)
    installation.demo = running.Demo(partner="P", client="C", environment="live", api_key="pk_x")
    hint = next(line for line in announcement(installation).splitlines() if line.startswith("first order"))
    words = shlex.split(hint.removeprefix("first order"))
    assert words[:2] == ["a folder/waybill", "send"]
    assert Path(words[2]).is_file()
