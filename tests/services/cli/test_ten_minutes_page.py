"""The page "a new client live in test in ten minutes": all its commands, pasted into one shell beside a `waybill up`.

What the operator does once for a partner is pasted from its own page. The pages of the portal that it names are clicked
in `tests/portal/test_library.py`.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from infra.embedded import ports
from tests.house.tree import ROOT
from tests.patience import PATIENCE

PAGE: Final = ROOT / "docs/partner/ten-minutes.md"
OPERATOR: Final = ROOT / "docs/operator/first-operator.md"
BLOCK: Final = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AT: Final = "--client example-parts --environment test"


class Shell:
    """A terminal with `waybill` on its PATH, in a folder with the checkout's docs."""

    def __init__(self, folder: Path, home: Path, erp_url: str) -> None:
        self.folder, self.home, self.erp_url = folder, home, erp_url
        known = {name: value for name, value in os.environ.items() if not name.startswith("WAYBILL_")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{known['PATH']}"
        self.environment = {**known, "PATH": path, "PYTHONPATH": str(ROOT), "WAYBILL_HOME": str(home)}

    def paste(self, text: str) -> subprocess.CompletedProcess[str]:
        """As somebody has it who put in the address and the folder that their `waybill up` printed."""
        meant = re.sub(r"(?<![A-Z_])URL(?![A-Z_])", self.erp_url, text).replace("HOME/", f"{self.home}/")
        return subprocess.run(
            ["bash", "-eu"],
            input=meant,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=self.environment,
            timeout=10 * PATIENCE,
        )

    def answer(self, command: str) -> Any:
        done = self.paste(f"{command} --json\n")
        assert done.returncode == 0, done.stdout + done.stderr
        return msgspec.json.decode(done.stdout)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    if shutil.which("curl") is None:
        if os.environ.get("CI"):
            pytest.fail("curl is missing; .ci/run installs it")
        pytest.skip("needs curl, which the page uses")
    home = tmp_path / "home"
    folder = tmp_path / "reader"
    folder.mkdir()
    (folder / "docs").symlink_to(ROOT / "docs")
    found = Shell(folder, home, "")
    up = subprocess.Popen(
        [sys.executable, "-u", "-m", "services.cli.main", "up"],
        env={**found.environment, "WAYBILL_API_PORT": str(ports.choose(None))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert up.stdout is not None
    try:
        lines = []
        for line in up.stdout:
            lines.append(line)
            if line.startswith("simulated ERP"):
                found.erp_url = line.split()[-1]
            if "Ctrl-C stops everything." in line:
                break
        assert found.erp_url, "".join(lines)
        yield found
    finally:
        up.send_signal(signal.SIGTERM)
        up.communicate()


def handed_over(shell: Shell) -> None:
    """What the operator does once for a partner, before any of its clients: the partner and its two keys."""
    (shell.folder / "operator.key").write_bytes((shell.home / "secrets/operator-key").read_bytes())
    blocks = [one.replace("\\\n", " ").splitlines() for one in BLOCK.findall(OPERATOR.read_text(encoding="utf-8"))]
    lines = [line for block in blocks for line in block if "--key-file operator.key" in line]
    wanted = [line for line in lines if line.startswith(("waybill partner create harbor", "waybill key create"))]
    assert [one.split(" --")[0].split()[1] for one in wanted] == ["partner", "key", "key"], wanted
    done = shell.paste("\n".join(wanted))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_new_client_is_live_in_test_without_the_operator(shell: Shell) -> None:
    handed_over(shell)
    (shell.folder / "operator.key").unlink()
    pasted = "".join(BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    assert "key first" not in pasted, "that takes the database"
    done = shell.paste(pasted)
    told = done.stdout
    assert done.returncode == 0, told + done.stderr
    # The scenarios ran, and the order went through.
    assert re.search(r"^order-release@[\d.]+: [1-9]\d* passed, 0 failed$", told, re.MULTILINE), told
    assert "✓ create-sale" in told, told
    (order,) = msgspec.json.decode(told[told.rindex('{"orders"') :])["orders"]
    assert (order["customer"], order["reference"]) == ("ACME-001", "PO-10045")
    live(shell)


def live(shell: Shell) -> None:
    """The partner's own look; and what nobody of the partner's may do by this."""
    given = 'export WAYBILL_API_KEY="$(cat harbor.key)"\n'
    (deployed,) = shell.answer(f"{given}waybill deployment list {AT}")
    assert (deployed["name"], deployed["status"], deployed["workflow"]["name"]) == (
        "order-release",
        "active",
        "order-release",
    )
    (run,) = shell.answer(f"{given}waybill run list {AT}")
    assert (run["state"], run["held"], run["business_key"]) == ("completed", None, "PO-10045")
    (record,) = shell.answer(f"{given}waybill audit list {AT} --action key.created")
    assert record["after"]["permissions"] == ["events:write", "runs:read"]
    shops = shell.answer(f"{given}waybill key list --scope partner")
    (maker,) = [one["id"] for one in shops if "clients' shops" in one["name"]]
    assert record["actor"] == f"key:{maker}", "the client's log says whose key made it"
    # S-05: neither the key that makes it nor the one that is made reads what the client sends.
    for key in ("shop.key", "harbor.key"):
        where = "" if key == "shop.key" else AT
        seen = shell.answer(f"waybill run show {run['id']} {where} --key-file {key}")
        assert (seen["state"], seen["input"], seen["output"]) == ("completed", None, None), key
    # S-68: with the partner's daily key nothing that sends is made, with the other one nothing that reads.
    more = f"waybill key create {AT} --name more --permission"
    for key, lacking in (("harbor.key", "events:write"), ("harbor-shops.key", "payloads:read")):
        refused = shell.paste(f"{more} {lacking} --key-file {key}")
        assert refused.returncode == 1, refused.stdout
        assert f"may not grant: {lacking}" in refused.stderr, refused.stderr
