"""The page that teaches to write a template works as it is pasted."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Final

import pytest

from tenants.deployments import publishing
from tenants.deployments.errors import InvalidDocument
from tests.patience import PATIENCE

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "docs" / "partner" / "writing-templates.md"
DESK: Final = ROOT / "docs" / "partner" / "exception-desk.md"


async def test_what_the_page_says_makes_a_template_that_passes(tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    pasted = "set -e\n" + "".join(blocks)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    shell = await asyncio.create_subprocess_exec(
        "bash",
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(4 * PATIENCE):
        output, _ = await shell.communicate(pasted.encode())
    told = output.decode()
    assert shell.returncode == 0, told
    assert "credit-release@1.0.0: 5 passed, 0 failed" in told
    assert told.rstrip().endswith("own/credit-release 1.0.0 is valid")
    text = (tmp_path / "credit-release.yaml").read_text(encoding="utf-8")
    published = publishing.read(text)
    assert published.workflow.functions == ("connector:1.0.0@default", "human-task:1.0.0@default")
    kind = (published.workflow.exceptions or {})["customer-unknown"]
    assert (kind.owner, kind.within, kind.category) == ("credit-clerk", 4 * 3_600_000, "failed")
    assert kind.runbook == (tmp_path / "credit-release/1.0.0/runbooks/customer-unknown.md").read_text(encoding="utf-8")
    with pytest.raises(InvalidDocument, match="`customer-missing` is none of the kinds of exceptions"):
        publishing.read(text.replace("errors/customer-unknown", "errors/customer-missing"))


def test_what_the_desks_page_says_of_a_kind_of_ones_own_is_published_with_its_document() -> None:
    text, skipped, undone = re.findall(
        r"^```yaml\n(.*?)^```$", DESK.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    (kind,) = (publishing.read(text).workflow.exceptions or {}).items()
    assert (kind[0], kind[1].owner, kind[1].within, kind[1].category) == (
        "customer-unknown",
        "credit-clerk",
        4 * 3_600_000,
        "failed",
    )
    assert kind[1].runbook.startswith("# The ERP does not know the customer\n\n1. Search it")
    head = "document: { dsl: 1.0.3, namespace: own, name: rates, version: 1.0.0 }\ndo:\n"
    publishing.read(head + skipped)
    publishing.read(undone + "do:\n- order: { set: { number: 1 } }\n")
    with pytest.raises(InvalidDocument, match="`output` is missing"):
        publishing.read(head + skipped.replace("output:", "input:"))
    with pytest.raises(InvalidDocument, match="`customer-missing` is none of the kinds of exceptions"):
        publishing.read(text.replace("errors/customer-unknown", "errors/customer-missing"))
