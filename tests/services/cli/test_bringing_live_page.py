"""The page on bringing a client live: its commands up to the deployment, as they stand there and in their order."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from click.testing import CliRunner, Result

from infra.embedded.stack import Endpoints
from services.cli.main import waybill
from tests.house.tree import ROOT
from tests.served import served
from tests.services.cli.test_first_connector import commands

PAGE: Final = ROOT / "docs" / "partner" / "bringing-a-client-live.md"
GROUPS: Final = ROOT / "docs" / "integrator" / "connection-groups.md"
BLOCK: Final = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(command: str) -> Result:
    return CliRunner().invoke(waybill, shlex.split(command)[1:])


def key(command: str) -> str:
    made = run(f"{command} --json")
    assert made.exit_code == 0, made.output
    return str(msgspec.json.decode(made.stdout)["key"])


def answer(command: str) -> Any:
    done = run(f"{command} --client acme --json")
    assert done.exit_code == 0, (command, done.output)
    return msgspec.json.decode(done.stdout)


def warehouses(folder: Path) -> None:
    """Of the deployment that there is: a group in the place of its connection, and a rule more is no revision."""
    (folder / "rules.json").write_text('{"rules": [{"when": {"site": ["reno"]}, "connection": "erp"}]}')
    answer("waybill group create erps --rules rules.json")
    assert answer("waybill deployment update orders --bind erp=group:erps")["revision"] == 2
    assert answer("waybill group try erps --site austin")["connection"] is None
    added = answer("waybill group add erps --connection erp --site austin --at 1")
    assert [one["when"]["site"] for one in added["rules"]] == [["austin"], ["reno"]]
    assert answer("waybill group try erps --site austin")["rule"] == 1
    assert answer("waybill group update erps --rules rules.json")["revision"] == 3
    assert [one["name"] for one in answer("waybill group list")] == ["erps"]
    assert answer("waybill deployment show orders")["revision"] == 2


def connections() -> None:
    """How each is, and that one that takes a key has no link."""
    (found,) = answer("waybill connection health")
    assert (found["name"], found["certification"], found["authorization"]) == ("erp", "simulated", None)
    shown = run("waybill connection health --client acme").output.splitlines()
    assert shown[0].split()[:3] == ["name", "state", "error"]
    assert run("waybill connection authorize erp --client acme").exit_code == 1
    assert (
        answer("waybill connection unauthorize erp")["state"] == answer("waybill connection authorization erp")["state"]
    )


def groups(folder: Path) -> None:
    """Every command of the page on connection groups, in an environment that asks for no owners."""
    page = GROUPS.read_text(encoding="utf-8").replace("--client acme", "--client acme --environment test")
    for block in re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        for command in commands(block):
            if not command.startswith("waybill "):
                assert subprocess.run(["/bin/bash", "-c", command], check=False, cwd=folder).returncode == 0, command
                continue
            done = run(command)
            assert done.exit_code == 0, (command, done.output)
    assert answer("waybill group try warehouses --site reno --environment test")["rule"] == 2
    assert answer("waybill group try warehouses --site austin --environment test")["rule"] == 4
    assert answer("waybill group try warehouses --channel marketplace --environment test")["rule"] == 1
    assert answer("waybill group try warehouses --site nowhere --environment test")["connection"] is None


def test_the_page_leads_to_a_deployment_in_live(
    endpoints: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    token = tmp_path / "secrets" / "erp-token"
    token.parent.mkdir()
    token.write_text("test-token-of-the-erp")
    page = PAGE.read_text(encoding="utf-8").replace("=URL", "=http://127.0.0.1:9").replace("HOME/", f"{tmp_path}/")
    with served(tmp_path, endpoints, WAYBILL_LIVE_OWNERS="required") as (_, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("WAYBILL_API_KEY", run("waybill operator create").stdout.strip())
        assert run("waybill partner create harbor --name Harbor").exit_code == 0
        monkeypatch.setenv("WAYBILL_API_KEY", key("waybill key create --name first --partner harbor"))
        assert run("waybill client create acme --name Acme").exit_code == 0
        # The first way to a connection needs a real ERP; the page's other one has its name, too.
        blocks = [one.replace("\\\n", " ").splitlines() for one in BLOCK.findall(page)]
        commands = [line for block in blocks for line in block if line.startswith("waybill ")]
        last = next(at for at, line in enumerate(commands) if line.startswith("waybill deployment create"))
        asked = [line for line in commands[: last + 1] if "--connector tryton" not in line]
        for command in asked:
            done = run(command)
            assert done.exit_code == 0, (command, done.output)
            if command.startswith("waybill connection create"):
                refused = run(asked[-1])
                assert (refused.exit_code, refused.output.count("/owners/")) == (1, 6), refused.output
        connections()
        warehouses(tmp_path)
        groups(tmp_path)
    assert (tmp_path / "boss.password").stat().st_mode & 0o777 == 0o600
