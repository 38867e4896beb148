"""A simulator that an operator or partner starts, and its end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

from click.testing import CliRunner

from services.cli.main import waybill
from services.connectors.simulators.systems import KINDS
from tests.patience import PATIENCE

TOKEN = "canary-simulator-token"  # noqa: S105 (a simulator on loopback)


def test_they_are_listed_and_one_is_started_until_it_is_interrupted(tmp_path: Path) -> None:
    said = CliRunner().invoke(waybill, ["simulator", "list"]).output
    assert all(f"{kind.connector} " in said for kind in KINDS.values())
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    given = ["--data", str(tmp_path / "data"), "--token-file", str(tmp_path / "token")]
    command = [sys.executable, "-m", "services.cli.main", "simulator", "start", "warehouse", *given]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        address = json.loads(running.stdout.readline())["address"]
        asked = Request(f"{address}/_control/state", headers={"Authorization": f"Bearer {TOKEN}"})  # noqa: S310
        with urlopen(asked) as answer:  # noqa: S310 (loopback)
            assert json.loads(answer.read())["shipment"] == 1
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE) == 0
