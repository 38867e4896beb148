"""The page about lifecycle events tells what its example does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE

LANGUAGE = Path(__file__).parents[3] / "docs/language"


def short(event: dict[str, Any]) -> str:
    data = event["data"]
    more = {name: data[name] for name in ("output", "error", "correlationKeys") if name in data}
    words = [event["type"].removeprefix("io.serverlessworkflow.").removesuffix(".v1"), data.get("task", "")]
    return " ".join([word for word in words if word] + [json.dumps(more, separators=(",", ":"))] * bool(more))


def test_the_example_tells_what_its_page_says(tmp_path: Path) -> None:
    page = (LANGUAGE / "lifecycle.md").read_text()
    sent = re.search(r"the event `(.+)` it tells", page)
    told = re.search(r"```\n(workflow.started\n.+?)\n```", page, re.DOTALL)
    assert sent
    assert told
    events = tmp_path / "events.jsonl"
    events.write_text(sent[1])
    document = str(LANGUAGE / "examples/lifecycle.yaml")
    command = [sys.executable, "-m", "services.cli.main", "workflow", "run", document, "--events", str(events)]
    done = subprocess.run([*command, "--lifecycle"], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [short(json.loads(line)) for line in done.stdout.splitlines()] == told[1].splitlines()
